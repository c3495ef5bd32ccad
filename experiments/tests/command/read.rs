//! Reading from the command line: train, resume, evaluate, predict, and files that are wrong.

use crate::place::{Place, lines};
use crate::pretrained;
use serde_json::{Value, json};

/// Two people and their towns in each context; the question names one of them.
fn questions(n: usize) -> String {
    let people = ["anna", "bert", "carla", "david", "emil", "frida"];
    let towns = ["oslo", "paris", "rome", "turin", "ulm", "vienna", "york"];
    let articles: Vec<Value> = (0..n)
        .map(|i| {
            // Digits that differ from question to question in no plain way: who is asked for tells nothing by itself.
            let r = ((i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33) as usize;
            let (a, b) = (people[r % 6], people[(r % 6 + 1 + r / 6 % 5) % 6]);
            let (x, y) = (towns[r / 30 % 7], towns[(r / 30 % 7 + 1 + r / 210 % 6) % 7]);
            let context = format!("{a} lives in {x} . {b} lives in {y} .");
            let (who, town) = if (r / 1260).is_multiple_of(2) { (a, x) } else { (b, y) };
            let start = context.find(&format!("in {town}")).unwrap() + 3;
            let qa = json!({
                "id": format!("q{i}"),
                "question": format!("where does {who} live ?"),
                "answers": [{ "text": town, "answer_start": start }],
            });
            json!({ "title": format!("t{i}"), "paragraphs": [{ "context": context, "qas": [qa] }] })
        })
        .collect();
    json!({ "version": "1.1", "data": articles }).to_string()
}

fn place() -> Place {
    let place = Place::new();
    place.write("train.json", questions(500).as_bytes());
    place
}

fn args(out: &str, sets: &str) -> String {
    format!(
        "train read --out {out} --train train.json --threads 1 --set model.embed_dim=16 --set model.hidden_dim=12 --set \
         train.epochs=12 --set train.batch_size=8 --set optimizer.lr=1e-2 --set data.min_count=1 {sets}"
    )
}

/// Half of the questions about one word have no answer; the others have that word.
#[test]
fn the_probabilities_of_an_answer_and_of_none_are_of_all_that_can_be_said() {
    let place = Place::new();
    let question = |i: usize| {
        let answers = if i % 20 < 11 { "[]" } else { "[{\"text\": \"Oslo\", \"answer_start\": 0}]" };
        format!(
            "{{\"id\": \"{i}\", \"question\": \"is it\", \"answers\": {answers}, \"is_impossible\": {}}}",
            i % 20 < 11
        )
    };
    let file = |from: usize| {
        let all: Vec<String> = (from..from + 400).map(question).collect();
        format!(
            "{{\"version\": \"2\", \"data\": [{{\"title\": \"t\", \"paragraphs\": [{{\"context\": \"Oslo\", \"qas\": [{}]}}]}}]}}",
            all.join(",")
        )
    };
    for (name, from) in [("tr", 0), ("de", 400), ("te", 800)] {
        place.write(&format!("{name}.json"), file(from).as_bytes());
    }
    let train = |out: &str, no_answer: bool| {
        format!(
            "train read --train tr.json --dev de.json --test te.json --out {out} --threads 1 --set train.epochs=2 --set \
             model.hidden_dim=6 --set model.embed_dim=6 --set data.min_count=1 --set model.dropout=0 --set optimizer.lr=0.01 \
             --set model.no_answer={no_answer}"
        )
    };
    place.gradus(&train("a", true)).well();
    let ran = place.command("predict a --json --context Oslo --text").arg("is it").output().unwrap();
    let answer: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(answer["no_answer"], true);
    let probability = answer["probability"].as_f64().unwrap();
    assert!((0.5..0.7).contains(&probability), "{answer}");
    // Both are scored by rules of their own, which evaluate names.
    place.gradus(&train("b", false)).well();
    assert!(place.gradus("evaluate a").well().contains("em and f1 by the rules of SQuAD 2.0"));
    assert_eq!(place.json("evaluate b --json")[0]["rule"], "em and f1 by the rules of SQuAD 1.1");
    let one = file(0).replace("\"is_impossible\": true", "\"is_impossible\": false");
    let one = one.replace("\"answers\": []", "\"answers\": [{\"text\": \"Oslo\", \"answer_start\": 0}]");
    place.write("one.json", one.as_bytes());
    place
        .gradus("compare a b --file one.json")
        .refused(1, &["different quantities", "SQuAD 2.0", "SQuAD 1.1"]);
}

#[test]
fn a_question_without_a_context_is_an_error_of_its_line() {
    let place = Place::new();
    let tiny = crate::tiny::Tiny::all().into_iter().find(|tiny| tiny.name() == "read").unwrap();
    place.gradus(&tiny.train("a")).well();
    let lines = "{\"question\": \"who ?\", \"contxt\": \"x\"}\n{\"question\": \"who ?\", \"context\": \"Ada sang .\"}\n";
    place.write("q.jsonl", lines.as_bytes());
    let ran = place.gradus("predict a --json --format jsonl --file q.jsonl");
    assert_eq!(ran.code, Some(1));
    let (first, second) = ran.out.split_once('\n').unwrap();
    assert!(first.is_empty() && second.contains("\"probability\""), "{}", ran.out);
    assert!(ran.err.contains("'who ?': expected a \"context\" for the question, found none"), "{}", ran.err);
    let both = place.gradus("predict a --format jsonl --file q.jsonl --context x");
    assert!(both.err.contains("expected one context, found \"context\" and --context"), "{}", both.err);
    // The name of a file contradicts the default format.
    place
        .gradus("predict a --context x --file q.jsonl")
        .refused(1, &["q.jsonl: expected one text per line", "--format jsonl"]);
    place.gradus("predict a --context x --format text --file q.jsonl").well();
}

#[test]
fn a_reader_is_trained_evaluated_and_asked() {
    let place = place();
    place.gradus(&args("plain", "--format squad --set train.epochs=20")).well();
    let told = place.gradus("evaluate plain --split test").well();
    let f1 = told.lines().find_map(|line| line.strip_prefix("f1")).unwrap().trim();
    // A context has two towns: who guesses is right on half of the questions.
    assert!(f1.parse::<f64>().unwrap() > 70.0, "{told}");
    let answers: Value = serde_json::from_slice(&place.read("plain/predictions.test.json")).unwrap();
    let answers = answers.as_object().unwrap();
    assert!(answers.len() >= 21 && answers.keys().all(|id| id.starts_with('q')), "{answers:?}");

    let context = "anna lives in rome . bert lives in oslo .";
    let mut asked = place.command("predict plain --context");
    let shown = asked.arg(context).args(["--text", "where does bert live ?"]).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    let (marked, _) = shown.split_once('\t').unwrap();
    assert!(
        marked.replace(" answer]", "").replace('[', "") == context && marked.contains(" answer]"),
        "{shown}"
    );
    let mut asked = place.command("predict plain --json --context");
    let told = asked.arg(context).args(["--text", "where does anna live ?"]).output().unwrap();
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let (answer, start) = (told["answer"].as_str().unwrap(), told["start"].as_u64().unwrap() as usize);
    assert!(!answer.is_empty() && context[start..].starts_with(answer), "{told}");
    place.gradus("predict plain --text where").refused(1, &["--context"]);
}

#[test]
fn contrastive_objectives_train_and_resume_with_the_same_bits() {
    let place = place();
    for (i, (at, loss)) in
        [("embedding", "info_nce"), ("encoding", "triplet"), ("both", "sne")].into_iter().enumerate()
    {
        let sets = format!(
            "--set loss.contrastive={at} --set loss.contrastive_loss={loss} --set model.characters=cnn --set train.average=0.9"
        );
        let (whole, parts) = (format!("whole{i}"), format!("parts{i}"));
        place.gradus(&format!("{} --set train.epochs=2", args(&whole, &sets))).well();
        place.gradus(&format!("{} --set train.epochs=1", args(&parts, &sets))).well();
        place.gradus(&format!("train read --out {parts} --resume --set train.epochs=2")).well();
        assert!(place.state(&whole).0 == place.state(&parts).0, "{at} {loss}: the tensors differ");
    }
}

#[test]
fn a_wrong_file_is_named() {
    let place = place();
    let broken = questions(20).replacen("\"answer_start\":14", "\"answer_start\":15", 1);
    place.write("train.json", broken.as_bytes());
    place.gradus(&args("a", "")).refused(1, &["train.json", "question 'q", "answer_start"]);
    place.write("train.json", b"{\n \"data\": [\n");
    place.gradus(&args("a", "")).refused(1, &["train.json", "line"]);
    place.write("train.json", b"{\"data\": []}");
    place
        .gradus(&args("a", ""))
        .refused(1, &["train.json: expected at least one question", "found no question"]);
    place.gradus(&args("a", "--format conll")).refused(1, &["data.format", "one of squad", "conll"]);
    place
        .gradus(&args("a", "--set loss.contrastive=everywhere"))
        .refused(1, &["loss.contrastive", "everywhere"]);
    place.gradus("train read --out a --dataset names").refused(1, &["names", "gradus train tag"]);
}

/// Where a question may have no answer, the script of SQuAD 2.0 decides: an answer of articles only is no answer, and F1 is
/// never below exact match.
#[test]
fn answers_of_articles_only_are_scored_as_by_squad_2() {
    let place = Place::new();
    let article = |i: usize| {
        let qa = json!({
            "id": format!("q{i}"),
            "question": "what ?",
            "answers": [{ "text": "the", "answer_start": 0 }],
        });
        json!({ "title": format!("t{i}"), "paragraphs": [{ "context": "the a an the", "qas": [qa] }] })
    };
    let articles: Vec<Value> = (0..30).map(article).collect();
    place.write("train.json", json!({ "version": "v2.0", "data": articles }).to_string().as_bytes());
    for (no_answer, f1) in [(true, 1.0), (false, 0.0)] {
        let out = format!("a{no_answer}");
        place.gradus(&args(&out, &format!("--set model.no_answer={no_answer} --set train.epochs=1"))).well();
        let found = place.json(&format!("evaluate {out} --json")).remove(0);
        assert_eq!((&found["metrics"]["em"], &found["metrics"]["f1"]), (&1.0.into(), &f1.into()), "{found}");
    }
    // A model that always answers is not measured on questions without an answer, and the output says so.
    let mut some = article(0);
    some["paragraphs"][0]["qas"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "id": "x", "question": "why ?", "answers": [] }));
    place.write("some.json", json!({ "version": "v2.0", "data": [some] }).to_string().as_bytes());
    let note = "some.json: 1 question without an answer left out";
    let said = place.gradus("evaluate afalse --file some.json").well();
    assert!(
        said.starts_with("1 question of some.json\n") && said.contains(&format!("note: {note}\n")),
        "{said}"
    );
    assert_eq!(place.json("evaluate afalse --file some.json --json")[0]["note"], note);
    assert_eq!(place.json("compare afalse afalse --file some.json --json")[0]["note"], note);
    let both = &place.json("evaluate atrue --file some.json --json")[0];
    assert_eq!((&both["examples"], &both["note"]), (&2.into(), &"".into()));
    let mut asked = place.command("predict atrue --text why? --context");
    let said = String::from_utf8(asked.arg(" ").output().unwrap().stdout).unwrap();
    assert!(said.ends_with("\t100.0% that there is no answer\n"), "{said}");
}

#[test]
fn of_a_file_with_one_article_paragraphs_are_held_out() {
    let place = Place::new();
    let in_one_article = |n: usize| {
        let mut file: Value = serde_json::from_str(&questions(n)).unwrap();
        file["data"].as_array_mut().unwrap().iter_mut().for_each(|article| article["title"] = "one".into());
        file.to_string()
    };
    place.write("train.json", in_one_article(40).as_bytes());
    let ran = place.gradus(&args("a", "--set train.epochs=1"));
    let note = "test: a tenth of the training questions, whole paragraphs held out, because there are few articles, by seed 1";
    assert!(ran.err.contains(note), "{}", ran.err);
    ran.well();
    place.gradus("evaluate a").well();
    place.write("train.json", in_one_article(1).as_bytes());
    place
        .gradus(&args("b", ""))
        .refused(1, &["train.json: expected at least 3 questions", "found 1 question", "--dev and --test"]);
}

/// Contexts of several windows of the tiny BERT, which hold one town each, in text whose pieces are not its bytes.
fn in_long_contexts(n: usize) -> Vec<Value> {
    let towns = ["Oslo", "Be\u{301}rgen", "U.S."];
    let filler = |words: usize| {
        let words: Vec<&str> =
            "the quick 😀 fox jumps over my lazy dog".split(' ').cycle().take(words).collect();
        words.join(" ")
    };
    let article = |i: usize| {
        let context =
            format!("{} Änne left {}, they say {}", filler(i * 7 % 60), towns[i % 3], filler(i * 11 % 50));
        let start = context.chars().position(|c| c == ',').unwrap() - towns[i % 3].chars().count();
        let question = if i == 5 { "why ".repeat(70) } else { "which town ?".to_owned() };
        let answers = json!([{ "text": towns[i % 3], "answer_start": start }]);
        let qa = json!({ "id": format!("q{i}"), "question": question, "answers": answers });
        json!({ "title": format!("t{i}"), "paragraphs": [{ "context": context, "qas": [qa] }] })
    };
    (0..n).map(article).collect()
}

#[test]
fn a_bert_reads_long_contexts_in_windows() {
    let place = Place::new();
    let articles = in_long_contexts(60);
    place.write("long.json", json!({ "version": "1.1", "data": articles }).to_string().as_bytes());
    for (out, sets) in [
        ("a", "--set data.max_len=0 --set train.eval_batch_size=3"),
        ("b", "--set data.max_len=30 --set model.no_answer=true"),
    ] {
        let args = format!(
            "train read --train long.json --dev long.json --test long.json --out {out} --threads 1 --model bert --set \
             model.pretrained={} --set optimizer.lr=1e-2 --set train.epochs=12 --set train.batch_size=8 --set \
             model.max_answer=8 {sets}",
            pretrained::folder().display()
        );
        let ran = place.gradus(&args);
        let (longest, most) = if out == "a" { (64, 30) } else { (30, 13) };
        for said in [
            format!("of more than {longest} pieces and are read with overlapping windows of it"),
            format!("3 questions have more than {most} pieces and are cut to {most}"),
            "60 train, 60 dev, 60 test questions".into(),
        ] {
            assert!(ran.err.contains(&said), "{said}: {}", ran.err);
        }
        ran.well();
        let found = place.json(&format!("evaluate {out} --json")).remove(0);
        assert!(found["metrics"]["em"].as_f64().unwrap() > 0.9, "{found}");
        let measured: Value =
            serde_json::from_slice(&place.read(&format!("{out}/predictions.test.json"))).unwrap();
        let asks: Vec<String> = articles
            .iter()
            .map(|article| {
                let paragraph = &article["paragraphs"][0];
                json!({ "question": paragraph["qas"][0]["question"], "context": paragraph["context"] })
                    .to_string()
            })
            .collect();
        let said = lines(&place.predict(&format!("{out} --json --format jsonl"), &asks.join("\n")).well());
        for (i, (answer, article)) in said.iter().zip(&articles).enumerate() {
            assert_eq!(answer["answer"], measured[format!("q{i}")], "{out}: question {i}");
            // Characters of the context as it was given.
            let context = article["paragraphs"][0]["context"].as_str().unwrap();
            let [start, end] = ["start", "end"].map(|key| answer[key].as_u64().unwrap() as usize);
            let there: String = context.chars().skip(start).take(end - start).collect();
            assert_eq!(answer["answer"], there.as_str());
            assert!((0.0..=1.0).contains(&answer["probability"].as_f64().unwrap()), "{answer}");
        }
        let mut asked = place.command(&format!("predict {out} --text town --context"));
        let said = String::from_utf8(asked.arg(" ").output().unwrap().stdout).unwrap();
        assert!(said.contains("100.0%"), "a context without pieces: {said}");
    }
}

#[test]
fn keys_without_effect_on_a_bert_are_refused() {
    let place = place();
    let bert = format!("--model bert --set model.pretrained={}", pretrained::folder().display());
    let train = format!("train read --out a --train train.json {bert}");
    for (sets, parts) in [
        ("--set loss.contrastive=encoding", &["`loss.contrastive` must be none", "found encoding"][..]),
        ("--set data.min_count=2", &["`data.min_count` has no effect on this run"]),
        ("--set data.tokenizer=english", &["`data.tokenizer` has no effect on this run"]),
        ("--set model.hidden_dim=4", &["`model.hidden_dim` has no effect on this run"]),
        (
            "--set data.max_len=4",
            &["`data.max_len` must be 0 for as many pieces", "or at least 5", "found 4"],
        ),
        ("--set model.max_answer=0", &["`model.max_answer` must be at least 1"]),
        (
            "--set model.frozen_layers=3",
            &["`model.frozen_layers` must be at most 2, the layers of the model"],
        ),
    ] {
        place.gradus(&format!("{train} {sets}")).refused(1, parts);
    }
    assert!(!place.path("a").exists());
}
