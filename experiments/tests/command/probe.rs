//! Probes from the command line: each property, the user's own files, and what is refused.

use crate::place::Place;

const SIZES: &str = "--threads 1 --set model.hidden_size=8 --set model.num_hidden_layers=2 --set model.num_attention_heads=2 --set \
                     model.intermediate_size=12 --set model.vocab_size=90 --set train.epochs=1 --set train.batch_size=16";

const TEXT: &str = "the fine cast was in Oslo";

/// 24 sentences of a treebank.
fn treebank() -> String {
    let sentence = |i: usize| {
        let (noun, adjective) = (["cast", "plot"][i % 2], ["fine", "dull", "warm"][i % 3]);
        format!(
            "1\tthe\t_\tDET\t_\t_\t2\tdet\t_\t_\n2\t{noun}\t_\tNOUN\t_\t_\t4\tnsubj\t_\t_\n3\tis\t_\tAUX\t_\t_\t4\tcop\t_\t_\n\
             4\t{adjective}\t_\tADJ\t_\t_\t0\troot\t_\t_\n5\t.\t_\tPUNCT\t_\t_\t4\tpunct\t_\t_\n\n"
        )
    };
    (0..24).map(sentence).collect()
}

/// A place with the user's own files.
fn place() -> Place {
    let place = Place::new();
    place.write("trees.conllu", treebank().as_bytes());
    let names =
        |i: usize| format!("{} B-PER\nleft O\n{} B-LOC\n\n", ["Ada", "Bert"][i % 2], ["Oslo", "Rome"][i % 2]);
    place.write("names.conll", (0..24).map(names).collect::<String>().as_bytes());
    place
}

fn train(place: &Place, file: &str, property: &str, more: &str) -> String {
    let set = format!("--train {file} --set probe.property={property}");
    place.gradus(&format!("train probe {set} --set probe.layer=1 {SIZES} --out {property} {more}")).well();
    place.gradus(&format!("evaluate {property}")).well()
}

/// The share of the right edges that are found, from a file of predictions; a full stop has none.
fn share_of_edges(written: &str) -> f64 {
    let (mut right, mut all) = (0, 0);
    for line in written.lines().filter(|line| !line.is_empty()) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [word, gold, found] = columns[..] else { panic!("{line}") };
        assert!(word != "." || (gold, found) == ("_", "_"), "{line}");
        let found: Vec<&str> = found.split(',').collect();
        for edge in gold.split(',').filter(|edge| *edge != "_") {
            (right, all) = (right + u32::from(found.contains(&edge)), all + 1);
        }
    }
    f64::from(right) / f64::from(all)
}

#[test]
fn each_property_is_read_from_own_files() {
    let place = place();
    for (file, property, rule, table) in [
        ("trees.conllu", "pos", "accuracy is that of words", "the\tDET\t"),
        ("trees.conllu", "depth", "accuracy is the share of right roots", "the\t2\t"),
        ("trees.conllu", "distance", "accuracy is UUAS", "the\t2\t"),
        ("names.conll", "entity", "accuracy is that of words", "left\tO\t"),
        ("train.tsv", "sentiment", "accuracy is that of sentences", "label\tpredicted\ttext\n"),
    ] {
        let said = train(&place, file, property, "");
        assert!(said.contains(rule) && said.contains("selectivity"), "{said}");
        let written = place.text(&format!("{property}/predictions.test.tsv"));
        assert!(written.contains(table), "{written}");
        if property == "distance" {
            let found =
                place.json("evaluate distance --json").remove(0)["metrics"]["accuracy"].as_f64().unwrap();
            assert!((share_of_edges(&written) - found).abs() < 1e-9, "{found} {written}");
        }
        let answer = &place.json(&format!("predict {property} --json --text Oslo"))[0];
        assert_eq!(answer["text"], "Oslo");
        match property {
            "sentiment" => assert!(answer["label"].is_string() && answer["probability"].is_number()),
            "depth" => assert!(answer["words"][0]["depth"].is_number(), "{answer}"),
            "distance" => assert_eq!(answer["edges"], serde_json::json!([])),
            _ => assert!(answer["words"][0]["label"].is_string(), "{answer}"),
        }
    }
    let row = |i: usize| format!("{i};{} film;{}\n", ["fine", "dull"][i % 2], ["good", "bad"][i % 2]);
    place.write(
        "three.csv",
        ("id;review;mood\n".to_owned() + &(0..40).map(row).collect::<String>()).as_bytes(),
    );
    let columns = "--text-column review --label-column mood --overwrite";
    train(&place, "three.csv", "sentiment", columns);
    assert!(place.text("sentiment/predictions.test.tsv").contains(" film\n"));
    let other = format!("train probe --train trees.conllu {SIZES} --out x --text-column 1");
    place.gradus(&other).refused(1, &["--text-column 1: `data.text_column` has no effect"]);
    place.write("text", format!("{TEXT}\n").as_bytes());
    let said = place.gradus("predict distance --file text").well();
    let (edges, text) = said.trim_end().split_once('\t').unwrap();
    assert_eq!((edges.split(", ").count(), text), (5, TEXT), "five edges join six words: {said}");
    let said = place.gradus("predict depth --file text").well();
    assert!(said.starts_with("[the ") && said.contains("[Oslo "), "{said}");
    place
        .gradus("compare pos depth")
        .refused(1, &["test examples", "their settings differ in probe.property;"]);
    // The run keeps what it reads.
    place.gradus("evaluate pos --file trees.conllu").well();
}

#[test]
fn what_cannot_be_read_is_refused() {
    let place = place();
    let cycle = treebank().replacen("4\tfine\t_\tADJ\t_\t_\t0", "4\tfine\t_\tADJ\t_\t_\t2", 1);
    place.write("cycle.conllu", cycle.as_bytes());
    place.write("bare.conllu", treebank().replace("NOUN", "_").as_bytes());
    let pretrained = "--set model.pretrained=none";
    for (args, says) in [
        (
            format!("--train cycle.conllu {SIZES}"),
            &["cycle.conllu, line 2: expected a tree, whose root has head 0, found word 2 above itself"][..],
        ),
        (
            format!("--train bare.conllu {SIZES}"),
            &["bare.conllu: expected a part of speech of each word in column 4 (UPOS)", "'_' for 'cast'"],
        ),
        (
            format!("--dataset probe-a --set probe.layer=3 {SIZES}"),
            &["--set probe.layer=3: `probe.layer` must be at most 2, the layers of the model"],
        ),
        (
            format!("--dataset probe-a --set probe.rank=4 {SIZES}"),
            &["`probe.rank` has no effect on this run of gradus train probe", "probe.property = depth or"],
        ),
        (
            format!("--dataset probe-a --set probe.property=sentiment --set probe.pieces=first {SIZES}"),
            &["`probe.pieces` has no effect"],
        ),
        (format!("--dataset probe-a {pretrained}"), &["cannot read", "none"]),
        (
            "--dataset names".into(),
            &["the data set 'names' is for gradus train tag, not for gradus train probe"],
        ),
    ] {
        place.gradus(&format!("train probe {args} --out x")).refused(1, says);
    }
    // A file with a label that training does not have.
    train(&place, "names.conll", "entity", "");
    place.write("more.conll", b"IBM B-ORG\n\n");
    place
        .gradus("evaluate entity --file more.conll")
        .refused(1, &["expected one of the labels of training, 'LOC', 'O', 'PER', in more, found 'ORG'"]);
}
