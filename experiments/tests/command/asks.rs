//! What people ask a trained model: nothing to read, characters of every kind, many lines at once, one line at a time.

use crate::place::{Place, Ran, lines};
use crate::tasks::{CONTEXT, TEXT, about, of_no_words, predict};
use crate::tiny::{Tiny, distinct};
use gradus_engine::Stream;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Texts without a word, however they are split.
const BLANK: [&str; 2] = ["", "   "];
/// The same, and texts whose words vanish where HTML and invisible characters are removed.
const NOTHING: [&str; 6] = [BLANK[0], BLANK[1], "<br />", "\u{200b}", "\u{feff}\u{2060}", "<b> </b>\t"];

/// A trained run of each task, with words alone and with characters: a folder that the tests share, and the runs in it.
fn runs() -> &'static (Place, Vec<(Tiny, String)>) {
    static RUNS: OnceLock<(Place, Vec<(Tiny, String)>)> = OnceLock::new();
    RUNS.get_or_init(|| {
        let place = Place::shared("asked");
        let with_characters = ["model.characters=cnn", "model.char_dim=6", "loss.contrastive=both"];
        let both = |tiny: Tiny| {
            let tiny = tiny.with(&["train.epochs=1"]);
            distinct([tiny.with(&with_characters), tiny])
        };
        let all = Tiny::all().into_iter().flat_map(both).enumerate();
        let named = all.map(|(i, tiny)| {
            let run = format!("{}{i}", tiny.name());
            (tiny, run)
        });
        let runs: Vec<_> = named.collect();
        std::thread::scope(|scope| {
            let place = &place;
            for (tiny, run) in &runs {
                scope.spawn(move || place.gradus(&tiny.train(run)).well());
            }
        });
        (place, runs)
    })
}

/// Lines of input: each text, about the context where the task has one.
fn objects<'a>(tiny: &Tiny, texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let object = |(text, context): (&str, &str)| match tiny.task.has_context() {
        true => json!({ "question": text, "context": context }),
        false => json!({ "text": text }),
    };
    texts.into_iter().map(|asked| object(asked).to_string() + "\n").collect()
}

/// Wherever an answer says where a stretch of text is, it is there: places count characters.
#[track_caller]
fn check_places(answer: &Value, text: &str) -> usize {
    match answer {
        Value::Array(items) => items.iter().map(|item| check_places(item, text)).sum(),
        Value::Object(object) => {
            let number = |key: &str| object.get(key).and_then(Value::as_u64).map(|n| n as usize);
            let here = match (number("start"), number("end")) {
                (Some(start), Some(end)) => {
                    let stretch: String = text.chars().skip(start).take(end - start).collect();
                    let said = object.get("answer").or(object.get("text")).unwrap();
                    assert_eq!(said, &Value::from(stretch), "{answer} of {text:?}");
                    1
                }
                _ => 0,
            };
            here + object.values().map(|value| check_places(value, text)).sum::<usize>()
        }
        _ => 0,
    }
}

/// All probabilities of an answer.
fn probabilities(answer: &Value) -> Vec<f64> {
    let many = answer["probabilities"].as_object().into_iter().flat_map(|all| all.values());
    many.chain(answer.get("probability")).map(|p| p.as_f64().unwrap()).collect()
}

#[test]
fn where_there_is_nothing_to_read_there_is_an_answer_and_the_next_lines_are_answered() {
    let (place, runs) = runs();
    for (tiny, run) in runs {
        let text = tiny.asked(TEXT);
        let alone = lines(&predict(place, tiny, run, &["--json", "--text", &text]).well()).remove(0);
        let text = text.as_str();
        let mut asked: Vec<(&str, &str)> = vec![(text, CONTEXT)];
        let blank = NOTHING.map(|nothing| (tiny.asked(nothing), nothing));
        for (none, nothing) in blank.iter().map(|(none, nothing)| (none.as_str(), *nothing)) {
            asked.extend([(none, CONTEXT), (text, CONTEXT), (text, nothing), (none, nothing)]);
        }
        asked.push((text, CONTEXT));
        let input = objects(tiny, asked.iter().copied());
        let answers = lines(&place.predict(&format!("{run} --json --format jsonl"), &input).well());
        assert_eq!(answers.len(), asked.len(), "{run}");
        for ((asked_text, context), answer) in asked.iter().zip(&answers) {
            let about = if tiny.task.has_context() { context } else { asked_text };
            check_places(answer, about);
            assert!(probabilities(answer).iter().all(|p| (0.0..=1.0).contains(p)), "{run}: {answer}");
            if *asked_text == text && (!tiny.task.has_context() || *context == CONTEXT) {
                assert_eq!(answer, &alone, "{run}: beside texts without words");
            }
            if NOTHING.contains(about) && tiny.task.has_context() {
                let nothing = (&answer["answer"], &answer["probability"], &answer["start"], &answer["end"]);
                assert_eq!(nothing, (&json!(""), &json!(1.0), &json!(0), &json!(0)), "{run}: {answer}");
                assert_eq!(answer["no_answer"], true, "{run}: {answer}");
            } else if tiny.task.has_context() {
                assert_eq!(answer["no_answer"], answer["answer"] == "", "{run}: {answer}");
            }
            if BLANK.contains(about) && answer.get("entities").is_some() {
                assert_eq!(answer["entities"], json!([]), "{run}: {answer}");
            }
        }
        for (nothing, _) in &blank {
            for style in [
                &["--text", nothing][..],
                &["--text", nothing, "--tokenized"],
                &["--text", nothing, "--json"],
            ] {
                let ran = predict(place, tiny, run, style);
                if style.contains(&"--tokenized") && of_no_words(&ran) {
                    continue;
                }
                let said = ran.well();
                assert_eq!(said.lines().count(), 1, "{run}: {said:?}");
            }
        }
        if !tiny.task.mark().is_empty() {
            continue;
        }
        place.write("blank.conll", b" \n\n");
        let said = predict(place, tiny, run, &["--format", "conll", "--file", "blank.conll"]).well();
        assert!(said.trim().is_empty() || said.lines().count() == 1, "{said:?}");
        predict(place, tiny, run, &["--format", "conll", "--text", "two words"])
            .refused(1, &["--format conll: expected a file, or standard input, with one word per line"]);
        predict(place, tiny, run, &["--format", "conll", "--file", "blank.conll", "--tokenized"])
            .refused(1, &["--tokenized: the words of --format conll are split already"]);
    }
}

/// A text without words has the labels that are frequent.
#[test]
fn of_a_text_without_words_the_frequent_label_is_said() {
    let place = Place::new();
    let rows: String =
        (0..40).map(|i| format!("{}\tword{}\n", ["rare", "often", "often", "often"][i % 4], i % 7)).collect();
    place.write("train.tsv", rows.as_bytes());
    place.gradus(&format!("{} --dev train.tsv --test train.tsv", place.tiny("a"))).well();
    let said = lines(&place.predict("a --json", "<br />\n").well()).remove(0);
    assert_eq!(
        (&said["label"], &said["probabilities"]),
        (&json!("often"), &json!({ "often": 0.75, "rare": 0.25 }))
    );
}

/// The places of the examples that the documentation has.
#[test]
fn places_count_characters_of_the_text_as_given() {
    let place = Place::new();
    let columns: String = (0..60).map(|i| format!("we O\nlive O\nin O\nOslo{} B-LOC\n\n", i % 3)).collect();
    place.write("train.conll", columns.as_bytes());
    let args = "train tag --train train.conll --out a --set model.embed_dim=12 --set model.hidden_dim=8 --set \
                train.batch_size=8 --set optimizer.lr=2e-2 --set train.epochs=6";
    place.gradus(args).well();
    let text = "é😀 in Oslo1";
    let said = lines(&place.predict("a --json", text).well()).remove(0);
    assert_eq!(said["entities"], json!([{ "kind": "LOC", "start": 6, "end": 11, "text": "Oslo1" }]));
    // Words that come split stand where the text has them.
    let text = "é😀\u{3000} in\t Oslo1";
    let found = json!([{ "kind": "LOC", "start": 8, "end": 13, "text": "Oslo1" }]);
    let said = lines(&place.predict("a --json --tokenized", text).well()).remove(0);
    assert_eq!((&said["entities"], &said["text"]), (&found, &json!(text)));
    let words = ["é😀", "in", "Oslo1"];
    for (object, start) in [(json!({ "text": text, "words": words }), 8), (json!({ "words": words }), 6)] {
        let said = lines(&place.predict("a --json --format jsonl", &object.to_string()).well()).remove(0);
        assert_eq!(said["entities"][0]["start"], start, "{said}");
    }
    let other = json!({ "text": text, "words": ["in", "Oslo1"] }).to_string();
    let ran = place.predict("a --format jsonl", &other);
    assert!(ran.code == Some(1) && ran.err.contains("found 'in' where the text has 'é😀"), "{}", ran.err);
    let list = json!([{ "text": text }]).to_string();
    place
        .predict("a --format jsonl", &list)
        .refused(1, &["standard input, line 1", "a JSON list", "jq -c '.[]'"]);
    let help = place.gradus("predict --help").well();
    assert!(
        help.split_whitespace().collect::<Vec<_>>().join(" ").contains("text[start:end] in Python"),
        "{help}"
    );
}

/// Any characters: most kinds that text on the web has, and those that programs trip over.
fn random_text(draws: &Stream, at: &mut u64) -> String {
    const RANGES: [(u32, u32); 14] = [
        (0x20, 0x7e),
        (0x20, 0x7e),
        (0x61, 0x7a),
        (0x01, 0x1f),
        (0x80, 0x24f),
        (0x300, 0x36f),
        (0x5d0, 0x5ea),
        (0x600, 0x6ff),
        (0x2000, 0x206f),
        (0x3000, 0x30ff),
        (0x4e00, 0x9fff),
        (0xfe00, 0xff10),
        (0x1f300, 0x1f6ff),
        (0x0, 0x10ffff),
    ];
    const PIECES: [&str; 12] = [
        " ",
        "<br />",
        "<b",
        "&amp;",
        "&#x110000;",
        "\u{feff}",
        "e\u{301}",
        "ﬁ",
        "👨‍👩‍👧",
        "Ǆ",
        "İ",
        "<user> 12.5%",
    ];
    let mut draw = |n: u64| {
        *at += 1;
        draws.below(*at, n)
    };
    let mut text = String::new();
    for _ in 0..draw(40) {
        let range = draw(2 * RANGES.len() as u64) as usize;
        match RANGES.get(range) {
            Some(&(from, to)) => text.extend(char::from_u32(from + draw(u64::from(to - from) + 1) as u32)),
            None => text += PIECES[draw(PIECES.len() as u64) as usize],
        }
    }
    text
}

#[test]
fn any_characters_are_answered_line_by_line() {
    let (place, runs) = runs();
    let draws = Stream { seed: 16, stream: 0 };
    let mut at = 0;
    let texts: Vec<String> = (0..240).map(|_| random_text(&draws, &mut at)).collect();
    for (tiny, run) in runs {
        let texts: Vec<String> = texts.iter().map(|text| tiny.asked(text)).collect();
        let contexts = texts.iter().rev();
        let asked =
            || texts.iter().zip(contexts.clone()).map(|(text, context)| (text.as_str(), context.as_str()));
        let input = objects(tiny, asked());
        let answers = lines(&place.predict(&format!("{run} --json --format jsonl"), &input).well());
        assert_eq!(answers.len(), texts.len(), "{run}");
        for ((text, context), answer) in asked().zip(&answers) {
            assert_eq!(answer.get("text").or(answer.get("question")).unwrap(), text, "{run}");
            check_places(answer, if tiny.task.has_context() { context } else { text });
        }
        // Words of any characters, empty ones among them.
        let words = |text: &str| text.split(['a', ' ', 'e']).map(String::from).collect::<Vec<_>>();
        let split = |(text, context): (&str, &str)| json!({ "words": words(text), "context": context });
        let input: String = asked().map(|asked| split(asked).to_string() + "\n").collect();
        let said = place.predict(&format!("{run} --json --format jsonl"), &input).well();
        assert_eq!(said.lines().count(), texts.len(), "{run}");
        if !tiny.task.has_context() {
            for (text, answer) in texts.iter().zip(lines(&said)) {
                check_places(&answer, answer["text"].as_str().unwrap_or(text));
            }
        }
        // As plain text a line has no line end in it.
        let plain: Vec<String> = texts.iter().map(|text| text.replace(['\n', '\r'], " ")).collect();
        for style in ["", "--json", "--tokenized"] {
            let mut command = place.command(&format!("predict {run} {style} --file plain"));
            place.write("plain", (plain.join("\n") + "\n").as_bytes());
            let said: Ran = command.args(about(tiny)).output().unwrap().into();
            if style == "--tokenized" && of_no_words(&said) {
                continue;
            }
            let said = said.well();
            assert_eq!(said.matches('\n').count(), texts.len(), "{run} {style}");
            let odd = |c: char| c.is_control() && c != '\n' && c != '\t';
            assert!(style == "--json" || !said.contains(odd), "{run}: control characters reach the terminal");
        }
        let filled = plain.iter().filter(|text| !text.trim().is_empty()).count();
        let ran = place.gradus(&format!("predict {run} --file plain --format jsonl"));
        assert_eq!((ran.code, ran.out.lines().count()), (Some(1), filled), "{run}: {}", ran.err);
        assert!(
            ran.err.ends_with(&format!("{filled} texts were not answered; the reasons are printed above\n")),
            "{}",
            ran.err
        );
    }
}

#[test]
fn a_text_with_line_breaks_has_one_answer_on_one_line() {
    let (place, runs) = runs();
    for (tiny, run) in runs {
        for text in ["a\nb", "a\r\nb\rc", "\n", "in Oslo\n\n and\u{2028}Bergen"] {
            let text = tiny.asked(text);
            let text = text.as_str();
            for json in [&["--text", text][..], &["--text", text, "--json"]] {
                let said = predict(place, tiny, run, json).well();
                assert_eq!(said.lines().count(), 1, "{run}: {said:?}");
                if json.len() == 3 {
                    let said = lines(&said).remove(0);
                    assert_eq!(said.get("text").or(said.get("question")).unwrap(), text, "{run}");
                }
            }
        }
    }
}

fn asking(place: &Place, args: &str) -> Child {
    place.command(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

#[test]
fn many_lines_are_answered_in_their_order_and_soon() {
    let place = Place::new();
    place.gradus(&format!("{} --set train.epochs=1", place.tiny_of("textcnn", "a"))).well();
    const LINES: usize = 100_000;
    let line = |i: usize| format!("the {} plot {i}", ["fine", "dull", "warm film of"][i % 3]);
    let input: String = (0..LINES).map(|i| line(i) + "\n").collect();
    let began = Instant::now();
    let said = place.predict("a", &input).well();
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    println!("{LINES} lines in {took:?}");
    assert_eq!(said.lines().count(), LINES);
    assert!(said.lines().enumerate().all(|(i, answer)| answer.ends_with(&line(i))), "lines are out of order");
}

/// The memory that a process has had at most, in MB; none where the system does not say.
fn peak(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? >> 10)
}

/// A line is answered while more may come, and one very long line does not make as much of all others.
#[test]
fn long_lines_beside_short_ones_take_little_memory() {
    let place = Place::new();
    for tiny in Tiny::all() {
        let tiny = tiny.with(&["train.epochs=1", "data.max_len=0", "model.embed_dim=24"]);
        place.gradus(&tiny.train(tiny.name())).well();
        let (text, long) = (tiny.asked(TEXT), tiny.asked(&"Ada left Oslo early . ".repeat(30_000)));
        let mut asked: Vec<(&str, &str)> = vec![(&text, CONTEXT); 300];
        asked[7] = match tiny.task.has_context() {
            // The time of a reader grows with the length of a context alone.
            true => (&text, &long[..long.len() / 8]),
            false => (&long, ""),
        };
        let input = objects(&tiny, asked.iter().copied());
        let mut child = asking(&place, &format!("predict {} --json --format jsonl", tiny.name()));
        let (mut asks, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            BufReader::new(answers).lines().try_for_each(|line| send.send(line.unwrap()))
        });
        asks.write_all(input.as_bytes()).unwrap();
        let said: Vec<Value> = asked
            .iter()
            .map(|_| {
                receive.recv_timeout(Duration::from_secs(60)).expect("an answer while the input is open")
            })
            .map(|line| serde_json::from_str(&line).unwrap())
            .collect();
        assert_eq!(said[0], said[299], "{}", tiny.name());
        if let Some(peak) = peak(&child) {
            println!("{}: {peak} MB", tiny.name());
            assert!(peak < 400, "{}: {peak} MB", tiny.name());
        }
        drop(asks);
        assert!(child.wait().unwrap().success());
    }
}

/// In a terminal what stands out has colours, unless the environment asks for none; in a pipe there are none.
#[test]
fn colours_are_for_terminals_that_want_them() {
    let place = Place::new();
    place.gradus(&format!("{} --set train.epochs=1", place.tiny("a"))).well();
    let said = place.command("predict a --text fine").env("TERM", "xterm").output().unwrap();
    assert!(!String::from_utf8(said.stdout).unwrap().contains('\x1b'), "in a pipe");
    if std::process::Command::new("script").arg("--version").output().is_err() {
        println!("skipped: there is no command `script`, which gives a terminal");
        return;
    }
    for (variables, coloured) in [
        ("TERM=xterm", true),
        ("TERM=xterm NO_COLOR=1", false),
        ("TERM=dumb", false),
        ("TERM=xterm NO_COLOR=", true),
    ] {
        let line = format!("env {variables} {} predict a --text fine", env!("CARGO_BIN_EXE_gradus"));
        let mut script = std::process::Command::new("script");
        let script =
            script.args(["-qec", &line, "/dev/null"]).current_dir(place.path(".")).stdin(Stdio::null());
        let said = script.env_remove("NO_COLOR").output().unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(text.contains("fine"), "{variables}: {text}");
        assert_eq!(text.contains('\x1b'), coloured, "{variables}: {text:?}");
    }
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    place.write("texts.xlsx", b"PK\x03\x04\x14\0\x06\0more");
    let parts = ["texts.xlsx: expected text, found an archive or a spreadsheet", "save a spreadsheet as CSV"];
    place.gradus("predict a --file texts.xlsx").refused(1, &parts);
}

/// A text of which only the beginning is read is counted, on standard error.
#[test]
fn texts_that_are_cut_are_counted() {
    let place = Place::new();
    place.gradus(&format!("{} --set data.max_len=5", place.tiny("a"))).well();
    place.write("long.tsv", b"yes\tone two three four five six\nno\tone two three four five\n");
    place.write("texts.txt", b"one two three four five six\none two three four five\na, b, c\na, b, c, d\n");
    for (args, note) in [
        ("predict a --file texts.txt", "note: 2 of 4 texts were cut to 5 words\n"),
        ("evaluate a --file long.tsv", "note: 1 of 2 texts was cut to 5 words\n"),
    ] {
        let ran = place.gradus(args);
        assert_eq!(ran.err, note, "{args}");
        ran.well();
    }
    let mut explain = place.command("explain a --method occlusion");
    let ran = Ran::from(explain.args(["--text", "one two three four five six"]).output().unwrap());
    assert_eq!(ran.err, "note: 1 of 1 text was cut to 5 words\n");
    assert_eq!(place.gradus("predict a --text short").err, "");
}
