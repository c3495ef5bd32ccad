//! Files of a run that a disk or a copy has changed, and runs of other versions: found, and said in one sentence.

use crate::place::Place;
use crate::tasks::{TEXT, about};
use crate::tiny::Tiny;

/// Files that `predict` reads, and the one that only a resumed training reads.
const READ: [&str; 14] = [
    "config.toml",
    "data.json",
    "vocabulary.txt",
    "alphabet.txt",
    "lexicon.json",
    "text.json",
    "prior.json",
    "bert.json",
    "tokenizer.json",
    "subwords.json",
    "encoder.safetensors",
    "probe.json",
    "vectors.safetensors",
    "best.safetensors",
];
const CHECKPOINT: &str = "checkpoint.safetensors";

#[test]
fn a_flipped_byte_is_found() {
    let place = Place::new();
    let vector = |word: &str| format!("{word} {}\n", ["0.25"; 8].join(" "));
    place.write("vectors.txt", ["the", "a", "in", "unheard"].map(vector).concat().as_bytes());
    let mut seen = std::collections::BTreeSet::new();
    let words = Tiny::all().into_iter().map(|tiny| tiny.with_state().with(&["data.embeddings=vectors.txt"]));
    let pieces = Tiny::all().into_iter().map(|tiny| tiny.with(&["model.name=bert"]));
    let pieces = pieces.filter(|tiny| tiny.sets().iter().any(|set| set == "model.name=bert"));
    let subwords = Tiny::all().into_iter().map(|tiny| tiny.with(&["data.unit=subwords"]));
    let subwords = subwords.filter(|tiny| tiny.sets().iter().any(|set| set == "data.unit=subwords"));
    for (i, tiny) in words.chain(pieces).chain(subwords).enumerate() {
        let run = &format!("{}-{i}", tiny.name());
        place.gradus(&tiny.train(run)).well();
        let ask = |name: &str| {
            let mut command = match name {
                CHECKPOINT => place.command(&format!("{} --set train.epochs=4", tiny.resume(run))),
                _ => place.command(&format!("predict {run}")),
            };
            if name != CHECKPOINT {
                command.args(about(&tiny)).args(["--text", &tiny.asked(TEXT)]);
            }
            crate::place::Ran::from(command.output().unwrap())
        };
        for name in READ.into_iter().chain([CHECKPOINT]).filter(|name| place.path(run).join(name).exists()) {
            let path = format!("{run}/{name}");
            let whole = place.read(&path);
            seen.insert(name);
            // A third is before the version of the format, which has a sentence of its own.
            for (at, bit) in [(0, 0x01), (whole.len() / 3, 0x20), (whole.len() - 2, 0x01)] {
                let mut flipped = whole.clone();
                flipped[at] ^= bit;
                place.write(&path, &flipped);
                // Where the version stood, it is that of another one.
                let says = if name == "data.json" { run } else { &path };
                ask(name).refused(1, &[says]);
            }
            place.write(&path, &whole);
            std::fs::remove_file(place.path(&path)).unwrap();
            ask(name).refused(1, &[run, name]);
            place.write(&path, &whole);
        }
        ask(READ[0]).well();
        ask(CHECKPOINT).well();
    }
    assert_eq!(seen.len(), READ.len() + 1, "{seen:?}");
}

#[test]
fn a_run_of_another_version_is_refused() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    let now = place.text("a/data.json");
    let commands = [
        "evaluate a",
        "predict a --text fine",
        "compare a a",
        "train classify --out a --resume",
        "train classify --out a --resume --set train.epochs=9",
    ];
    // Before versions were written, and after this one.
    for other in [now.replace("\"format\":3,", ""), now.replace("\"format\":3,", "\"format\":4,")] {
        assert_ne!(other, now);
        place.write("a/data.json", other.as_bytes());
        let before = place.files("a");
        for command in commands {
            let says = "a was written by another version of gradus, which this version cannot read; train the run again";
            place.gradus(command).refused(1, &[says]);
        }
        assert!(place.files("a") == before);
    }
    // What that version wrote besides, too.
    place.write("a/data.json", now.replace("\"format\":3,", "").as_bytes());
    place.write("a/config.toml", b"task = 'classify'\n[model]\nname = 'bilstm'\nold_key = 7\n");
    place.gradus("evaluate a").refused(1, &["another version of gradus"]);
}

/// A setting that an evaluation depends on cannot be edited in a run's folder.
#[test]
fn an_edited_setting_or_label_is_found() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    for (file, from, to) in [
        ("a/config.toml", "lowercase = true", "lowercase = false"),
        ("a/data.json", "[\"no\",\"yes\"]", "[\"yes\",\"no\"]"),
    ] {
        let whole = place.text(file);
        let edited = whole.replace(from, to);
        assert_ne!(edited, whole);
        place.write(file, edited.as_bytes());
        for command in
            ["evaluate a", "predict a --text fine", "compare a a", "train classify --out a --resume"]
        {
            place.gradus(command).refused(1, &[file, "its contents have changed since training"]);
        }
        place.write(file, whole.as_bytes());
    }
    // A configuration for another run may be edited.
    let config = place.text("a/config.toml").replace("lowercase = true", "lowercase = false");
    place.write("b.toml", config.as_bytes());
    place.gradus("train classify --config b.toml --out b").well();
    place.gradus("evaluate b").well();
}

/// Values of a run's folder are checked before they are used: it may be someone else's.
#[test]
fn what_a_run_says_of_itself_is_not_believed() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    let (whole, config) = place.unsealed("a");
    let twice = whole.replace("[\"no\",\"yes\"]", "[\"no\",\"no\"]");
    let outside = whole.replace("\"lexicon.json\":", "\"../lexicon.json\":");
    let more = whole.replace("[\"no\",\"yes\"]", "[\"no\",\"yes\",\"so\"]");
    for (text, parts) in [
        (twice, &["a/data.json is damaged", "'no' twice"][..]),
        (outside, &["a/data.json is damaged", "'../lexicon.json' is not the name of a file"]),
        (more, &["a/prior.json is damaged", "2 labels", "3"]),
        (whole[..whole.len() / 2].to_owned(), &["a/data.json is damaged"]),
    ] {
        assert_ne!(text, whole);
        place.write("a/data.json", text.as_bytes());
        place.gradus("predict a --text fine").refused(1, parts);
    }
    place.write("a/data.json", whole.as_bytes());
    for (from, to, parts) in [
        ("hidden_dim = 6", "hidden_dim = 1000000000", &["parameters"][..]),
        ("hidden_dim = 6", "hidden_dim = 7", &["a/best.safetensors"]),
        (
            "eval_batch_size = 128",
            "eval_batch_size = 0",
            &["a/config.toml", "train.eval_batch_size", "at least 1"],
        ),
        ("threads = 0", "threads = 100000", &["a/config.toml", "threads", "at most"]),
    ] {
        assert!(config.contains(from), "{config}");
        place.write("a/config.toml", config.replacen(from, to, 1).as_bytes());
        place.gradus("predict a --text fine").refused(1, parts);
    }
    std::fs::remove_file(place.path("a/config.toml")).unwrap();
    assert!(
        std::process::Command::new("mkfifo").arg(place.path("a/config.toml")).status().unwrap().success()
    );
    place.gradus("predict a --text fine").refused(1, &["a/config.toml", "named pipe"]);
}
