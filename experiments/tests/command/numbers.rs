//! `data.numbers`: whether numbers are one word or words like others.

use crate::place::{Place, accuracy_in};

/// Ratings, which only their number tells apart.
fn place() -> Place {
    let place = Place::new();
    let others = ["the plot", "its cast", "a film", "and more of it", "this one"];
    let line = |i: usize| match i % 2 {
        0 => format!("bad\tI give {} 1\n", others[i / 2 % 5]),
        _ => format!("good\tI give {} 5\n", others[i / 2 % 5]),
    };
    place.write("train.tsv", (0..200).map(line).collect::<String>().as_bytes());
    let vector = |word: &str, at: usize| {
        let numbers: Vec<&str> = (0..12).map(|i| if i == at { "1" } else { "0" }).collect();
        format!("{word} {}\n", numbers.join(" "))
    };
    let words = ["1", "5", "1996", "give", "plot", "film"];
    let lines: String = words.iter().enumerate().map(|(at, word)| vector(word, at)).collect();
    place.write("vectors.txt", lines.as_bytes());
    place
}

#[test]
fn a_rating_is_learnt_if_numbers_are_words() {
    let place = place();
    let accuracy = |run: &str| accuracy_in(&place.gradus(&format!("evaluate {run} --split test")).well());
    let warned = |args: &str| {
        let ran = place.gradus(args);
        let says = "warning: each number is the word <num>, for which data.embeddings has no vector";
        let warned = ran.err.contains(says);
        ran.well();
        warned
    };
    assert!(!warned(&place.tiny("one")));
    assert!(accuracy("one") < 75.0, "all ratings are the same text");
    assert!(place.text("one/config.toml").contains("numbers = true"));

    assert!(!warned(&format!("{} --set data.numbers=false", place.tiny("apart"))));
    assert_eq!(accuracy("apart"), 100.0);
    assert!(place.text("apart/text.json").contains("\"numbers\":false"));
    // A later text is read as those of training, whichever model reads it.
    let says = |run: &str, text: &str| {
        let ran = place.command(&format!("predict {run} --json --text")).arg(text).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    };
    assert!(says("apart", "I give it 5").contains("\"label\":\"good\""), "{}", says("apart", "I give it 5"));
    assert!(says("apart", "I give it 1").contains("\"label\":\"bad\""));

    let given = "--embeddings vectors.txt";
    assert!(warned(&format!("{} {given}", place.tiny("one-given"))));
    assert!(!warned(&format!("{} {given} --set data.numbers=false", place.tiny("apart-given"))));
    assert_eq!(accuracy("apart-given"), 100.0);
    let with_vector = |run: &str| {
        let on: serde_json::Value = serde_json::from_str(&place.text(&format!("{run}/data.json"))).unwrap();
        on["coverage"][0]["words_with_vector"].as_u64()
    };
    assert_eq!([with_vector("one-given"), with_vector("apart-given")], [Some(3), Some(5)]);
}

/// The file of a run of an earlier version, which does not have the key.
#[test]
fn a_run_that_does_not_say_so_reads_numbers_as_one_word() {
    let place = place();
    place.gradus(&place.tiny("a")).well();
    let (data, config) = place.unsealed("a");
    let text = place.text("a/text.json");
    let older = text.replace(",\"numbers\":true", "");
    assert_ne!(text, older);
    place.write("a/text.json", older.as_bytes());
    let files: serde_json::Value = serde_json::from_str(&data).unwrap();
    let digest = files["files"]["text.json"].as_str().unwrap();
    let now = gradus::data::files::digest_of(older.as_bytes());
    place.write("a/data.json", data.replace(digest, &now).as_bytes());
    place.write("a/config.toml", config.replace("numbers = true\n", "").as_bytes());
    place.write("same.tsv", b"bad\tI give the plot 1\n");
    place.write("other.tsv", b"bad\tI give the plot 5\n");
    let of = |file: &str| place.json(&format!("evaluate a --file {file} --json")).remove(0)["metrics"].take();
    assert_eq!(of("same.tsv"), of("other.tsv"));
    place.gradus("train classify --out a --resume --set train.epochs=4").well();
}
