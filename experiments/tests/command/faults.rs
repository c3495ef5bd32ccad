//! What the world can do wrong: one sentence each, with file and line, and nothing else changes.

use crate::place::{Place, examples};

#[test]
fn data_that_is_not_as_it_should_be() {
    let place = Place::new();
    let good = examples(40);
    for (file, bytes, parts) in [
        ("cut.tsv", format!("{good}ye").into_bytes(), &["cut.tsv, line 41: expected", "found"][..]),
        (
            "range.tsv",
            format!("{good}maybe\tso\n").into_bytes(),
            &["range.tsv, line 41", "'no', 'yes'", "'maybe'"],
        ),
        ("empty.tsv", vec![], &["empty.tsv", "at least one example"]),
        (
            "latin.tsv",
            [good.as_bytes(), b"no\tcaf\xE9\n"].concat(),
            &["latin.tsv, line 41: expected UTF-8", "0xe9"],
        ),
    ] {
        place.write(file, &bytes);
        place.gradus(&format!("{} --test {file}", place.tiny("a"))).refused(1, parts);
    }
    place.write("one.tsv", b"no\tthis\nno\tthat\nno\tit\n");
    for (args, parts) in [
        ("--train none.tsv", &["cannot read", "none.tsv", "check the path"][..]),
        ("--train empty.tsv", &["empty.tsv", "at least one example"]),
        ("--train one.tsv", &["only one label, 'no'"]),
        ("--dataset sst2", &["--data DIR", "GRADUS_DATA"]),
        (
            "--dataset sst2 --data nowhere",
            &["nowhere: no files of the data set 'sst2'", "this folder does not exist"],
        ),
        ("--dataset reviws", &["'reviws'", "did you mean 'reviews'"]),
    ] {
        place.gradus(&format!("train classify --out a {args}")).refused(1, parts);
    }
    assert!(!place.path("a").exists(), "a run that cannot begin leaves no folder");
}

#[test]
fn a_known_set_that_lacks_a_file_or_its_end() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("data/SST-2")).unwrap();
    let rows: String = (0..40).map(|i| format!("some words here\t{}\n", i % 2)).collect();
    let file = format!("sentence\tlabel\n{rows}");
    place.write("data/SST-2/train.tsv", file.as_bytes());
    let args = "train classify --dataset sst2 --data data --out a";
    place.gradus(args).refused(1, &["SST-2"]);
    place.write("data/SST-2/dev.tsv", file.as_bytes());
    place.write("data/SST-2/train.tsv", &file.as_bytes()[..file.len() - 3]);
    place.gradus(args).refused(1, &["SST-2/train.tsv: expected a line end after the last line", "cut short"]);
    assert!(!place.path("a").exists());
}

#[test]
fn word_vectors_that_do_not_fit() {
    let place = Place::new();
    for (bytes, parts) in [
        ("film 1 2 3\n", &["v.txt", "width 12", "found 3", "model.embed_dim=3"][..]),
        ("film 1 2 3\nplot 1 2\n", &["v.txt, line 2"]),
        ("film 1 2 x\n", &["v.txt"]),
    ] {
        place.write("v.txt", bytes.as_bytes());
        place.gradus(&format!("{} --embeddings v.txt", place.tiny("a"))).refused(1, parts);
    }
    assert!(!place.path("a").exists());
}

#[test]
fn settings_that_are_misspelt_or_do_not_go_together() {
    let place = Place::new();
    place.write("bad.toml", b"seed = 2\n\n[train]\nepoch = 3\n");
    place.write("no.toml", b"seed = 2\nseed\n");
    for (args, parts) in [
        ("--set train.lr=1", &["--set train.lr=1", "did you mean `optimizer.lr`"][..]),
        ("--set train.epochs=many", &["train.epochs", "whole number", "many"]),
        ("--set train.epochs", &["KEY=VALUE"]),
        ("--model bilstn", &["model.name", "did you mean `bilstm`"]),
        ("--precision fp8", &["precision", "f32, tf32, bf16, f16", "fp8"]),
        // Without a name it is bf16, which the CPU does not train in.
        ("--precision", &["precision", "device=cuda", "found bf16"]),
        ("--loss focus", &["loss.name", "did you mean `focal`"]),
        ("--config bad.toml", &["bad.toml, line 4", "`train.epoch`", "`train.epochs`"]),
        ("--config no.toml", &["no.toml, line 2", "expected TOML"]),
        ("--config none.toml", &["none.toml"]),
        ("--set data.format=tabs", &["data.format", "tabs"]),
        ("--format conll", &["data.format", "one of auto, header, tab, space", "conll"]),
        (
            "--set loss.class_weights=1,2,3",
            &["loss.class_weights", "2 numbers, one for each label", "found 3"],
        ),
        (
            "--loss focal --set loss.class_weights=1,2",
            &["loss.class_weights", "belongs to loss.name = cross_entropy;"],
        ),
        ("--set model.attention_heads=5", &["model.attention_heads", "divisor of 12"]),
        ("--set model.hidden_dim=1000000000", &["model.hidden_dim", "at most 2000000000 parameters"]),
        ("--set model.kernel_sizes=3,4", &["model.kernel_sizes", "model.name = textcnn", "leave it out"]),
    ] {
        place.gradus(&format!("{} {args}", place.tiny("a"))).refused(1, parts);
    }
    assert!(!place.path("a").exists());
    for (args, tip) in [
        ("train classify --outt a", "'--out'"),
        ("train clasify --out a", "'classify'"),
        ("evaluat a", "'evaluate'"),
        ("reproduce --scal smoke", "'--scale'"),
        ("train classify --out a --train a.tsv --dataset reviews", "--dataset"),
    ] {
        let ran = place.gradus(args);
        assert!(ran.code == Some(2) && ran.err.contains(tip), "{args}: {}", ran.err);
    }
    for (args, parts) in [
        ("", &["data.dataset", "--dataset NAME", "--train FILE", "gradus data list"][..]),
        ("--test train.tsv", &["data.test", "has no effect", "data.train"]),
        ("--train train.tsv --device tpu", &["tpu", "cpu, cuda"]),
        ("--train train.tsv --model textcnn --set model.layer_norm=true", &["model.layer_norm", "bilstm"]),
    ] {
        place.gradus(&format!("train classify --out a {args}")).refused(1, parts);
    }
    let ran = place.after("export GRADUS_ISA=avx9", "list");
    ran.refused(1, &["GRADUS_ISA", "one of scalar", "'avx9'"]);
    place.gradus("reproduce tabel10").refused(1, &["'tabel10'", "did you mean 'table10'"]);
}

#[test]
fn a_folder_that_is_no_run_or_another_one() {
    let place = Place::new();
    place.write("file", b"kept");
    for command in ["evaluate none", "predict none --text x", "train classify --out none --resume"] {
        place.gradus(command).refused(1, &["none: expected the folder of a run, but it does not exist"]);
    }
    place.gradus("evaluate file").refused(1, &["file: expected the folder of a run, but it is a file"]);
    for out in ["file", "missing/../file"] {
        let says =
            format!("{out}: expected a folder for the run, but it is a file; name a folder with --out");
        place.gradus(&place.tiny(out)).refused(1, &[&says]);
    }
    let below =
        ["file/a/b: expected a folder for the run, but ", "/file is a file; name another folder with --out"];
    place.gradus(&place.tiny("file/a/b")).refused(1, &below);
    for (path, what) in [("none", "does not exist"), ("file", "is a file")] {
        let says = format!(
            "{path}: expected the folder of a run (config.toml) or of results (runs/), but it {what}"
        );
        place.gradus(&format!("report {path}")).refused(1, &[&says]);
    }
    let says = "loss.teacher: none: expected the folder of a run, but it does not exist";
    let student = format!("{} --set loss.teacher={}", place.tiny("a"), place.path("none").display());
    place.gradus(&student).refused(1, &[&says.replace("none", &place.path("none").display().to_string())]);
    assert!(!place.path("missing").exists() && !place.path("a").exists());
    place.gradus(&place.tiny("a")).well();
    let before = place.files("a");
    place.gradus(&place.tiny("a")).refused(1, &["a holds a run already", "--resume"]);
    place
        .gradus("train classify --out a --resume --seed 7")
        .refused(1, &["`seed` cannot change from 1 to 7"]);
    assert!(place.files("a") == before);
}

#[test]
fn a_checkpoint_of_another_run() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    let goes_on = "train classify --out a --resume --set train.epochs=9";
    let cnn = place.tiny_of("textcnn", "b");
    for (other, part) in [
        (&cnn, "model.name: expected \"bilstm\", found \"textcnn\""),
        (&format!("{} --seed 5", place.tiny("b")), "seed: expected 1, found 5"),
        (&format!("{} --set model.hidden_dim=7", place.tiny("b")), "model.hidden_dim: expected 6, found 7"),
    ] {
        place.gradus(other).well();
        let own = place.read("a/checkpoint.safetensors");
        place.write("a/checkpoint.safetensors", &place.read("b/checkpoint.safetensors"));
        let before = place.files("a");
        place.gradus(goes_on).refused(1, &["a/checkpoint.safetensors", part, "another run"]);
        assert!(place.files("a") == before);
        place.write("a/checkpoint.safetensors", &own);
        std::fs::remove_dir_all(place.path("b")).unwrap();
    }
    place.gradus(&cnn).well();
    place.write("a/best.safetensors", &place.read("b/best.safetensors"));
    place.gradus("evaluate a").refused(1, &["a/best.safetensors", "another model"]);
    // Parameters alone are a safetensors file, too, but nothing to go on from.
    place.write("a/checkpoint.safetensors", &place.read("b/best.safetensors"));
    place.gradus(goes_on).refused(1, &["a/checkpoint.safetensors is not a checkpoint"]);
}

#[test]
fn data_that_changed_since() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    place.write("train.tsv", examples(239).as_bytes());
    let before = place.files("a");
    place.gradus("train classify --out a --resume --set train.epochs=9").refused(1, &["checksum", "'train'"]);
    assert!(place.files("a") == before);
    assert!(place.gradus("evaluate a").well().contains("has changed since training"));
    place.write("train.tsv", examples(240).replace("yes\t", "aye\t").as_bytes());
    place.gradus("evaluate a").refused(1, &["the labels of the model, 'no', 'yes', found 'aye', 'no'"]);
}

#[test]
fn files_of_a_run_that_are_damaged() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    for (name, bytes, part) in [
        ("a/vocabulary.txt", &b"<pad>\nfilm\n"[..], "is damaged"),
        ("a/data.json", b"{\"name\":", "damaged"),
        ("a/config.toml", b"seed = \n", "line 1"),
    ] {
        let whole = place.read(name);
        place.write(name, bytes);
        place.gradus("predict a --text x").refused(1, &[name, part]);
        place.write(name, &whole);
    }
    place.gradus("predict a --text x").well();
    let mut child = place.command("predict a");
    std::fs::write(place.path("lines"), b"fine\nbad \xFF\na film\n").unwrap();
    let lines = std::fs::File::open(place.path("lines")).unwrap();
    let ran: crate::place::Ran = child.stdin(lines).output().unwrap().into();
    let answered: Vec<bool> = ran.out.lines().map(|line| !line.is_empty()).collect();
    assert_eq!((ran.code, answered), (Some(1), vec![true, false, true]), "{}", ran.err);
    assert!(ran.err.contains("standard input, line 2: expected UTF-8, found the byte 0xff"), "{}", ran.err);
}
