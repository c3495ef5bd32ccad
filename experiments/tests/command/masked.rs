//! Pre-training from the command line: the folder of the trained model, and runs that start from one.

use crate::place::Place;
use gradus::pretrained::Pretrained;
use gradus_engine::Rng;
use gradus_engine::state::{StateDict, read_tensors, state_dict};
use gradus_models::MaskedLm;
use std::path::Path;

const SIZES: &str = "--set model.hidden_size=8 --set model.num_hidden_layers=1 --set model.num_attention_heads=2 --set \
                     model.intermediate_size=12 --set model.vocab_size=90 --set data.max_len=16 --set train.batch_size=16";

/// 120 texts in documents of four, some longer than a window.
fn texts() -> String {
    let line = |i: usize| {
        let words = ["fine", "dull", "warm", "cold", "cast", "plot"];
        let words = (0..3 + 5 * (i % 5)).map(|k| words[(7 * i + k * k) % words.len()]);
        words.collect::<Vec<_>>().join(" ") + if i % 4 == 3 { "\n\n" } else { "\n" }
    };
    (0..120).map(line).collect()
}

fn place() -> Place {
    let place = Place::new();
    place.write("text.txt", texts().as_bytes());
    place
}

fn train(place: &Place, out: &str, more: &str) -> String {
    let ran = place
        .gradus(&format!("train masked --train text.txt --set train.epochs=2 {SIZES} --out {out} {more}"));
    let said = ran.err.clone();
    ran.well();
    said
}

/// The weights of a folder of a model, by the names of [`MaskedLm`].
fn weights(folder: &Path) -> StateDict {
    let pretrained = Pretrained::open(folder).unwrap();
    let model = MaskedLm::new(pretrained.config(), &mut Rng::new(1));
    pretrained.load_into_masked(&model).unwrap();
    state_dict(&model)
}

/// That the folder in a run has the weights of its best epoch.
#[track_caller]
fn assert_best(place: &Place, run: &str) {
    let (best, _) = read_tensors(&place.path(&format!("{run}/best.safetensors"))).unwrap();
    let found = weights(&place.path(&format!("{run}/pretrained")));
    assert_eq!(best.len(), found.len());
    for (name, tensor) in best.iter().filter(|(name, _)| !name.starts_with("bert.pooler.")) {
        assert_eq!(tensor.to_f64(), found[name].to_f64(), "{name}");
    }
}

#[test]
fn a_run_leaves_a_folder_from_which_others_start() {
    let place = place();
    let said = train(&place, "a", "");
    for part in
        ["splits", "pieces, 0.0 % unknown", "have more than 16 pieces and are read in windows of at most 16"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(said.contains("a tenth of the training texts, whole documents held out"), "{said}");
    assert_best(&place, "a");

    // The same weights, pieces and masks: the same metrics.
    let still = "--set model.pretrained=a/pretrained --set optimizer.lr=1e-30 --set data.max_len=16";
    let run =
        |more: &str| format!("train masked --train text.txt --set train.epochs=1 {still} --out b {more}");
    let said = place.gradus(&run("")).err;
    assert!(!said.contains("pretrained "), "the folder has a head and all else: {said}");
    let [a, b] =
        ["a", "b"].map(|run| place.json(&format!("evaluate {run} --json")).remove(0)["metrics"].take());
    for metric in ["perplexity", "accuracy"] {
        let [a, b] = [&a, &b].map(|metrics| metrics[metric].as_f64().unwrap());
        assert!((a - b).abs() < 1e-5 * a, "{metric} {a} {b}");
    }
    // The run has all that it needs.
    std::fs::remove_dir_all(place.path("a")).unwrap();
    place.gradus("predict b --text [MASK]").well();
    place.gradus("train masked --out b --resume --set train.epochs=2").well();
    assert_best(&place, "b");
}

#[test]
fn the_folder_is_written_anew_by_a_resumed_run_and_removed_with_the_run() {
    let place = place();
    train(&place, "a", "--set optimizer.lr=1e-2");
    let before = weights(&place.path("a/pretrained"));
    place.write("a/pretrained/.partial-Ab3x9Q", b"cut");
    place.write("a/pretrained/mine.txt", b"mine");
    place.gradus("train masked --out a --resume --set train.epochs=4").well();
    assert!(!place.path("a/pretrained/.partial-Ab3x9Q").exists());
    assert_best(&place, "a");
    let name = "cls.predictions.bias";
    assert_ne!(before[name].to_f64(), weights(&place.path("a/pretrained"))[name].to_f64());

    // A compressed run has one too, of the values that are left.
    place.gradus("compress a --prune 0.5 --int8 --out small").well();
    let small: Vec<f64> =
        weights(&place.path("small/pretrained")).values().flat_map(|w| w.to_f64()).collect();
    let zeros = small.iter().filter(|x| **x == 0.0).count();
    assert!(3 * zeros > small.len(), "about half of the weights are 0: {zeros} of {}", small.len());

    // While it is trained further, there is no model that is not the best one.
    let mut run = place.start("train masked --out a --resume --set train.epochs=100000");
    place.wait_for(|| !place.path("a/pretrained/model.safetensors").exists());
    run.kill().unwrap();
    run.wait().unwrap();
    place.gradus("train masked --train text.txt --out b --set model.pretrained=a/pretrained").refused(
        1,
        &[
            "a/pretrained: expected the model of a run",
            "write it with: gradus train masked --out ",
            "/a --resume",
        ],
    );

    // A run that replaces it leaves nothing of it, even where it ends early.
    let ran = place.gradus(&format!(
        "train masked --train text.txt {SIZES} --set optimizer.lr=1e30 --set train.clip_norm=0 --out a --overwrite"
    ));
    ran.refused(1, &["is not finite"]);
    let left: Vec<_> =
        std::fs::read_dir(place.path("a/pretrained")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["mine.txt"], "files of someone else stay");
}

#[test]
fn folders_of_others_are_neither_overwritten_nor_taken_for_a_run() {
    let place = place();
    train(&place, "a", "");
    let own = place.files("a/pretrained");
    let still = "train masked --train text.txt --set data.max_len=16 --set model.pretrained=a/pretrained";
    let ran = place.gradus(&format!("{still} --out a --overwrite"));
    ran.refused(1, &["a/pretrained: the run would overwrite this file, which it also reads"]);
    std::fs::create_dir_all(place.path("mine/pretrained")).unwrap();
    place.write("mine/pretrained/config.json", b"{}");
    let ran = place.gradus(&format!("{still} --out mine"));
    ran.refused(1, &["mine: expected an empty folder or one of a run", "pretrained/config.json"]);
    assert!(place.files("a/pretrained") == own);
}

#[test]
fn what_a_run_cannot_start_from_is_said() {
    let place = place();
    train(&place, "a", "");
    place.write("empty.txt", b"\n \n");
    for (more, says) in [
        (
            "--set model.pretrained=a/pretrained --set model.hidden_size=8",
            "`model.hidden_size` has no effect on this run of gradus train masked: it belongs to runs without model.pretrained",
        ),
        ("--set model.pretrained=nowhere", "nowhere"),
        ("--dev train.tsv", "train.tsv: expected plain text, one text a line, found the name of a .tsv file"),
        ("--set model.pretrained=", "`model.pretrained` must be the folder of a BERT model, found nothing"),
        (
            "--set data.max_len=600",
            "`data.max_len` must be at most `model.max_position_embeddings`, which is 512, found 600",
        ),
        (
            "--set data.max_len=2",
            "`data.max_len` must be 0 for as many pieces as the model has positions, or at least 3",
        ),
        ("--set data.mask_share=1", "`data.mask_share` must be above 0 and below 1, found 1"),
        ("--set model.vocab_size=31", "`model.vocab_size` must be at least 32, found 31"),
        ("--set model.num_attention_heads=3", "`model.num_attention_heads` must be a divisor of hidden_size"),
        ("--set model.hidden_act=swish", "`model.hidden_act` must be one of gelu, gelu_new, relu"),
        (
            "--set model.hidden_size=1000000 --set model.num_attention_heads=1",
            "model: expected at most 2000000000 parameters",
        ),
        ("--dev empty.txt", "empty.txt: expected plain text, one text a line"),
    ] {
        place.gradus(&format!("train masked --train text.txt --out b {more}")).refused(1, &[says]);
        assert!(!place.path("b").exists(), "{more}");
    }
    std::fs::remove_file(place.path("a/pretrained/model.safetensors")).unwrap();
    let ran = place.gradus("train masked --train text.txt --set model.pretrained=a/pretrained --out b");
    ran.refused(
        1,
        &[
            "a/pretrained: expected the model of a run of gradus train masked",
            "found no model.safetensors; write it with",
        ],
    );
}

/// What is masked in evaluation depends on the example alone, in training on the seed.
#[test]
fn evaluation_has_the_same_masks_whatever_the_seed() {
    let place = place();
    train(&place, "a", "");
    train(&place, "b", "--seed 2 --set data.whole_words=false");
    let masked = |run: &str| {
        place.gradus(&format!("evaluate {run}")).well();
        let table = place.text(&format!("{run}/predictions.test.tsv"));
        let columns = |line: &str| line.split('\t').take(2).map(String::from).collect::<Vec<_>>();
        table.lines().map(columns).collect::<Vec<_>>()
    };
    assert_eq!(masked("a"), masked("b"));
    place.gradus("compare a b").well();
    // Of other masks, metrics are not comparable.
    train(&place, "c", "--set data.mask_share=0.3");
    assert!(masked("c").len() > masked("a").len());
    assert_eq!(place.gradus("compare a c").code, Some(1));
}

/// Nothing can be measured on texts in letters that no piece has.
#[test]
fn texts_that_the_vocabulary_does_not_spell_are_refused() {
    let place = place();
    place.write("greek.txt", "ωραία ταινία\nκαλή πλοκή\n".repeat(9).as_bytes());
    let args = "train masked --train text.txt --set train.epochs=1";
    for split in ["dev", "test"] {
        let says = format!("spells no word of the 18 {split} texts");
        place.gradus(&format!("{args} {SIZES} --out x --{split} greek.txt")).refused(1, &[&says]);
    }
    train(&place, "a", "");
    place.gradus("evaluate a --file greek.txt").refused(1, &["spells no word of the 18 test texts"]);
}
