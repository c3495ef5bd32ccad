//! `gradus compress`: a smaller run that is used like any other, but not trained.

use crate::place::Place;
use crate::tasks::{TEXT, predict};
use crate::tiny::{Tiny, distinct};
use gradus_engine::state::{read_tensors, write_tensors};
use gradus_engine::{DType, Tensor};
use serde_json::{Value, json};

/// A run of each task on words, and on word pieces where it can read them.
fn runs() -> Vec<Tiny> {
    let pieces = Tiny::all().into_iter().map(|tiny| tiny.with(&["model.name=bert"]));
    let pieces = pieces.filter(|tiny| tiny.sets().iter().any(|set| set == "model.name=bert"));
    distinct(Tiny::all().into_iter().chain(pieces))
}

fn parameters(place: &Place, run: &str) -> Vec<(String, Tensor)> {
    read_tensors(&place.path(run).join("best.safetensors")).unwrap().0.into_iter().collect()
}

fn bytes(tensors: &[(String, Tensor)]) -> usize {
    tensors.iter().map(|(_, tensor)| tensor.count() * tensor.dtype().size()).sum()
}

#[test]
fn a_compressed_run_is_smaller_and_used_like_any_other() {
    let place = Place::new();
    for (i, tiny) in runs().into_iter().enumerate() {
        let (run, small) = (&format!("run{i}"), &format!("small{i}"));
        place.gradus(&tiny.train(run)).well();
        let printed = place.gradus(&format!("compress {run} --int8 --prune 0.5 --out {small}")).well();
        let [before, after] = [run, small].map(|run| bytes(&parameters(&place, run)));
        // Rows of tiny models are so short that their scales and biases count.
        assert!(2 * after < before, "{run}: {after} of {before} bytes");
        for (name, split) in [(run, 0), (small, 1)] {
            let found = place.json(&format!("evaluate {name} --split dev --json")).remove(0);
            for metric in tiny.task.metrics() {
                let value = metric.show(found["metrics"][metric.name].as_f64().unwrap());
                let line = printed.lines().find(|line| line.starts_with(&format!("dev {} ", metric.name)));
                let columns: Vec<&str> = line.unwrap().split_whitespace().rev().take(2).collect();
                assert_eq!(columns[1 - split], value, "{printed}");
            }
        }
        let text = tiny.asked(TEXT);
        for run in [run, small] {
            predict(&place, &tiny, run, &["--text", &text]).well();
        }
        let compared: Value = place.json(&format!("compare {run} {small} --json")).remove(0);
        let differs = json!({ "compression": ["none", "int8, 50 % of the weights 0"] });
        assert_eq!(compared["configuration"], differs);
        let resume = format!("{} --set train.epochs=9", tiny.resume(small));
        let says = [&format!("{small} holds a compressed run, which cannot be trained")[..]];
        place.gradus(&resume).refused(1, &says);
        place.gradus(&tiny.train(small)).refused(1, &["holds a run already"]);
    }
}

#[test]
fn each_way_keeps_what_it_says() {
    let place = Place::new();
    place.gradus(&format!("{} --set model.embed_dim=48 --set model.hidden_dim=24", place.tiny("a"))).well();
    place.gradus("compress a --prune 0.8 --out pruned").well();
    place.gradus("compress a --int8 --out int8").well();
    let (whole, pruned, int8) =
        (parameters(&place, "a"), parameters(&place, "pruned"), parameters(&place, "int8"));
    // A fifth of the weights and a bit for each; a quarter of them and a scale for each row.
    let [whole, pruned_bytes, int8_bytes] = [&whole, &pruned, &int8].map(|of| bytes(of) as f64);
    assert!((0.2..0.3).contains(&(pruned_bytes / whole)), "{}", pruned_bytes / whole);
    assert!((0.25..0.4).contains(&(int8_bytes / whole)), "{}", int8_bytes / whole);
    // What is kept is as it was.
    let printed = place.gradus("compress a --prune 0.00001 --out same").well();
    let [before, after] =
        ["a", "same"].map(|run| place.gradus(&format!("predict {run} --text fine --json")).well());
    assert_eq!(before, after, "{printed}");
    // Integrated gradients add up to the change of what they are the gradients of, to 1 %.
    let explained = place.gradus("explain int8 --text fine --method integrated --format json").well();
    let explained: serde_json::Value = serde_json::from_str(&explained).unwrap();
    let note =
        explained["outputs"][0]["attributions"][0]["note"].as_str().unwrap_or_else(|| panic!("{explained}"));
    let number = |before: &str| -> f64 {
        let rest = &note[note.find(before).unwrap() + before.len()..];
        rest.split_whitespace().next().unwrap().parse().unwrap()
    };
    let (sum, change) = (number("the sum "), number("F(x′) = "));
    assert!((sum - change).abs() <= 0.011 * change.abs() + 1e-4, "{note}");
    for explained in ["pruned", "int8"] {
        place.gradus(&format!("explain {explained} --text fine")).well();
        place.gradus(&format!("attack {explained} --kind hotflip --limit 5")).well();
    }
    // The files are the same in every call, with any number of threads.
    place.gradus("compress a --int8 --out again --threads 1").well();
    assert_eq!(place.read("again/best.safetensors"), place.read("int8/best.safetensors"));
    place.gradus("compress a --out b").refused(1, &["expected --int8, --prune SHARE or both"]);
    for share in ["0", "1", "-0.5", "half", "nan"] {
        let ran = place.gradus(&format!("compress a --prune {share} --out b"));
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.contains("expected a share between 0 and 1, such as 0.5"), "{}", ran.err);
    }
    place.gradus("compress a --int8 --out a").refused(1, &["a: expected a new or an empty folder"]);
    place
        .gradus("compress a --int8 --out missing/../a")
        .refused(1, &["a: expected a new or an empty folder"]);
    place
        .gradus("compress a --int8 --out missing/../train.tsv")
        .refused(1, &["train.tsv: expected a folder for the run, but it is a file"]);
    for out in ["int8", "int8/b"] {
        let says = [out, ": expected a folder outside ", "/int8, the folder of a run"];
        place.gradus(&format!("reproduce figure3 --scale smoke --out {out}")).refused(1, &says);
    }
    for command in
        ["compress a --int8 --out int8/b", &place.tiny("int8/b"), "distil a --student textcnn --out int8/b"]
    {
        let says = ["int8/b: expected a folder outside ", "/int8, the folder of another run"];
        place.gradus(command).refused(1, &says);
    }
    assert!(!place.path("int8/b").exists() && !place.path("missing").exists());
    place.gradus("compress int8 --int8 --out b").refused(1, &["int8 is compressed already"]);
    place
        .gradus("compress none --int8 --out b")
        .refused(1, &["none: expected the folder of a run, but it does not exist"]);
    assert!(!place.path("b").exists());
}

#[test]
fn a_compressed_file_that_is_damaged_is_found() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    place.gradus("compress a --int8 --prune 0.5 --out b").well();
    let path = "b/best.safetensors";
    let whole = place.read(path);
    let ask = || place.gradus("predict b --text fine");
    for (at, bit) in [(0, 0x01), (100, 0x02), (whole.len() / 2, 0x20), (whole.len() - 2, 0x01)] {
        let mut flipped = whole.clone();
        flipped[at] ^= bit;
        place.write(path, &flipped);
        ask().refused(1, &[path]);
    }
    place.write(path, &whole[..whole.len() / 2]);
    ask().refused(1, &[path]);
    place.write(path, &whole);
    // Files of someone else's that have a right checksum.
    let (tensors, text) = read_tensors(&place.path(path)).unwrap();
    let name = tensors.keys().find(|name| name.ends_with(".bitmap")).unwrap().clone();
    let weight = name.trim_end_matches(".bitmap");
    let changed = |part: &str, tensor: Option<Tensor>| {
        let mut tensors = tensors.clone();
        let name = format!("{weight}.{part}");
        match tensor {
            Some(tensor) => tensors.insert(name, tensor),
            None => tensors.remove(&name),
        };
        write_tensors(&place.path(path), &tensors, &text).unwrap();
        ask()
    };
    let rows = tensors[&format!("{weight}.scales")].count();
    for part in ["bitmap", "int8", "scales"] {
        changed(part, Some(Tensor::zeros([1], DType::U32))).refused(1, &[path, weight, "expected"]);
    }
    for part in ["int8", "scales"] {
        changed(part, None).refused(1, &[path, weight, "some of its parts are missing"]);
    }
    let nan = Tensor::full([rows], f64::NAN, DType::F32);
    changed("scales", Some(nan)).refused(1, &[path, weight, "not finite"]);
    std::fs::remove_file(place.path(path)).unwrap();
    ask().refused(1, &["b", "best.safetensors"]);
}
