//! `gradus data`: list, check, stats and fetch as a person runs them.

use crate::place::Place;
use crate::server::{Reply, Server, good, status, whole};
use gradus::data::Split;
use gradus::data::known::data_folder;
use gradus::tasks::TASKS;
use gradus::tasks::classify::generated::{Kind, classification};
use std::collections::BTreeSet;

/// SST-2 in GLUE's form, with `rows` lines in both files.
fn with_sst2(rows: usize) -> Place {
    let place = Place::new();
    std::fs::create_dir_all(place.path("d/SST-2")).unwrap();
    let rows: String = (0..rows).map(|i| format!("some words\t{}\n", i % 2)).collect();
    for name in ["train.tsv", "dev.tsv"] {
        place.write(&format!("d/SST-2/{name}"), format!("sentence\tlabel\n{rows}").as_bytes());
    }
    place
}

#[test]
fn the_list_names_every_set_and_where_its_files_are() {
    let place = with_sst2(3);
    std::fs::remove_file(place.path("d/SST-2/dev.tsv")).unwrap();
    let text = place.gradus("data list --data d").well();
    for part in [
        "files  in part in d/SST-2: dev.tsv missing",
        "files  not in d",
        "files  none needed",
        "67,349 train",
    ] {
        assert!(text.contains(part), "expected {part:?} in: {text}");
    }
    let json: serde_json::Value = serde_json::from_str(&place.gradus("data list --json").well()).unwrap();
    let listed: Vec<&str> =
        json.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    let generated = TASKS.iter().flat_map(|task| task.generated()).map(|set| set.name);
    let known = TASKS.iter().flat_map(|task| task.known()).map(|set| set.name());
    let known: Vec<&str> = generated.chain(known).collect();
    assert_eq!(listed, known);
    for row in json.as_array().unwrap() {
        for key in ["task", "what", "size", "licence", "address", "files"] {
            assert!(!row[key].as_str().unwrap().is_empty(), "{key}: {row}");
        }
    }
}

#[test]
fn a_check_has_a_line_for_each_file_and_fails_if_one_is_wrong() {
    // As many lines in dev as the catalogue says, but none of its text.
    let place = with_sst2(872);
    let ran = place.gradus("data check --data d");
    let lines: Vec<String> = ran.out.lines().map(str::to_owned).collect();
    assert!(lines[0].contains("wrong: d/SST-2/train.tsv: expected the 67349 examples of 'sst2', found 872"));
    assert!(lines[1].contains("d/SST-2/dev.tsv: another version: 872 examples"), "{lines:?}");
    assert_eq!(lines.len(), 2);
    ran.refused(1, &["d: files of sst2 differ from the catalogue", "gradus data fetch sst2 --data d"]);

    std::fs::remove_file(place.path("d/SST-2/dev.tsv")).unwrap();
    let ran = place.gradus("data check sst2 --data d");
    assert!(ran.out.contains("d/SST-2/dev.tsv: missing: 872 examples belong here"), "{}", ran.out);
    ran.refused(1, &["sst2"]);

    std::fs::create_dir(place.path("empty")).unwrap();
    place
        .gradus("data check --data empty")
        .refused(1, &["empty: no known data set here", "gradus data fetch"]);
    place.gradus("data check mr --data d").refused(1, &["d: no files of the data set 'mr' here"]);
    place.gradus("data check mr").refused(1, &["--data DIR", "GRADUS_DATA"]);
    place.gradus("data check reviews --data d").refused(1, &["'reviews' is generated"]);
    place.gradus("data check sst3 --data d").refused(1, &["'sst3'", "did you mean"]);
}

#[test]
fn statistics_count_what_is_there() {
    let place = Place::new();
    let text = place.gradus("data stats phrases --out plots --top 3").well();
    let row = |name: &str| -> Vec<String> {
        let line =
            text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {text}"));
        line[name.len()..].split_whitespace().map(|cell| cell.replace(',', "")).collect()
    };
    let set = classification(Kind::Phrases, 1, Kind::Phrases.sizes());
    for (i, split) in [Split::Train, Split::Dev, Split::Test].into_iter().enumerate() {
        let examples = set.split(split);
        let of_label = |label: usize| examples.iter().filter(|e| e.labels == [label]).count();
        let words = || examples.iter().flat_map(|e| e.text.split_whitespace());
        let mut lengths: Vec<usize> = examples.iter().map(|e| e.text.split_whitespace().count()).collect();
        lengths.sort();
        let train: BTreeSet<&str> = set.train.iter().flat_map(|e| e.text.split_whitespace()).collect();
        let unknown = words().filter(|word| !train.contains(word)).count() as f64 / words().count() as f64;
        for (name, expected) in [
            ("texts", examples.len()),
            ("words of a text: shortest", lengths[0]),
            ("  median", lengths[lengths.len().div_ceil(2) - 1]),
            ("  longest", lengths[lengths.len() - 1]),
            ("label negative", of_label(0)),
            ("label positive", of_label(1)),
            ("words (tokens)", words().count()),
            ("distinct words (types)", words().collect::<BTreeSet<_>>().len()),
        ] {
            assert_eq!(row(name)[i], expected.to_string(), "{name}, {split}");
        }
        assert_eq!(row("tokens not in train")[i], format!("{:.2}%", 100.0 * unknown), "{split}");
    }
    let (_, top) = text.split_once("the most frequent words of train\n").unwrap();
    let ranks: Vec<&str> = top.lines().map_while(|line| line.split_whitespace().next()).collect();
    assert_eq!(ranks, ["1", "2", "3"]);
    assert!(
        text.contains("plots/phrases.words.svg") && place.text("plots/phrases.words.svg").starts_with("<svg")
    );
    place.write("file", b"kept");
    place.gradus("data stats phrases --out file").refused(1, &["file/phrases.words.svg: cannot be written"]);
    place.gradus("data stats frases").refused(1, &["did you mean 'phrases'"]);
    place.gradus("data stats mr").refused(1, &["--data DIR"]);
}

#[test]
fn a_fetch_that_fails_is_one_sentence_and_leaves_nothing_to_read() {
    let place = Place::new();
    let fetch = |server: &Server, more: &str| {
        place.gradus(&format!("data fetch mr --data d --from {} {more}", server.url("x")))
    };
    let nothing = || assert!(!place.path("d/sentconv").exists());

    let missing = Server::new(|_, _| status("404 Not Found"));
    fetch(&missing, "").refused(1, &["/x: expected the file, found the server answered 404", "--from URL"]);
    nothing();
    // As long as the catalogue says.
    let other = Server::new(|_, asked| good(&vec![b'0'; 1_259_719], asked));
    fetch(&other, "").refused(1, &["expected SHA-256 b8846c3bbd59", "was deleted"]);
    nothing();
    let silent = Server::new(|_, _| Reply::Stall(whole(&vec![b'0'; 1_259_719], "v1")[..9_000].to_vec()));
    fetch(&silent, "--tries 1 --timeout 1")
        .refused(1, &["no data arrived for too long", "run the command again"]);
    nothing();
    assert!(place.path("d/.fetch-mr/rt-polarity.all.part").exists());
    assert!(place.gradus("data list --data d").well().contains("not in d"));
    place.gradus("data check --data d").refused(1, &["no known data set here"]);
    place
        .gradus("train classify --dataset mr --data d --out a")
        .refused(1, &["no files of the data set 'mr'"]);

    place.write("file", b"kept");
    place.gradus("data fetch mr --data file").refused(1, &["cannot write file/.fetch-mr"]);
    place.gradus("data fetch mr").refused(1, &["--data DIR", "GRADUS_DATA"]);
    place.gradus("data fetch reviews --data d").refused(1, &["'reviews' is generated"]);
    place.gradus("data fetch mrr --data d").refused(1, &["did you mean 'mr'"]);
    place
        .gradus("data fetch sst1 --data d --from http://127.0.0.1:1/x")
        .refused(1, &["ending with /", "3 files"]);
    assert_eq!(place.gradus("data fetch mr --tries 0").code, Some(2));
}

#[test]
fn a_disk_that_fills_up_leaves_what_can_be_gone_on_with() {
    let place = Place::new();
    let server = Server::new(|_, asked| good(&vec![b'0'; 1_259_719], asked));
    let args = format!("data fetch mr --data d --from {}", server.url("x"));
    let full = "trap '' XFSZ; ulimit -f 100";
    place.after(full, &args).refused(1, &["cannot write d/.fetch-mr/rt-polarity.all.part", "space left"]);
    assert!(!place.path("d/sentconv").exists());
    let have = place.read("d/.fetch-mr/rt-polarity.all.part").len();
    assert!(have > 0 && have < 1_259_719);
    place.gradus(&args).refused(1, &["expected SHA-256"]);
    assert_eq!(server.asked().last().unwrap().from, Some(have));
    assert!(!place.path("d/.fetch-mr").exists());
}

/// Where `GRADUS_DATA` names the real files: they come through a server as they are.
#[test]
fn a_real_set_is_fetched_checked_and_described() {
    let Some(real) = data_folder(None) else {
        println!("skipped: GRADUS_DATA is not set");
        return;
    };
    let place = Place::new();
    let server = Server::new(move |n, asked| {
        let body = std::fs::read(real.join("sentconv").join(&asked.path[1..])).unwrap();
        match n {
            0 => Reply::Send(whole(&body, "v1")[..500_000].to_vec()),
            _ => good(&body, asked),
        }
    });
    let out = place.gradus(&format!("data fetch sst1 --data d --from {}", server.url(""))).well();
    assert!(out.contains("'sst1' is now in d/sentconv") && out.matches(": right: ").count() == 3, "{out}");
    assert_eq!(server.asked().len(), 4);
    let out = place.gradus("data check --data d").well();
    assert!(out.ends_with("3 files, all as in the catalogue\n"), "{out}");
    let out = place.gradus("data fetch sst1 --data d").well();
    assert!(out.starts_with("'sst1' is already complete in d/sentconv\n"), "{out}");
    assert!(place.gradus("data stats sst1 --data d").well().contains("label very positive"));
}
