//! Use gives what training measured: `predict` answers the sentences of a split as `evaluate` did, however they come, alone or
//! in any batch.

use crate::place::{Place, lines};
use crate::tiny::{Tiny, distinct};
use gradus::data::formats::scheme;
use serde_json::Value;

/// A word of a sentence with its predicted tag, from the file that `evaluate` wrote.
type Tagged = Vec<(String, String)>;

fn tagged(columns: &str) -> Vec<Tagged> {
    let row = |line: &str| {
        let columns: Vec<&str> = line.split(' ').collect();
        (columns[0].to_owned(), columns[columns.len() - 1].to_owned())
    };
    columns.trim_end().split("\n\n").map(|sentence| sentence.lines().map(row).collect()).collect()
}

/// Kind, start and end of each entity, in characters of the words joined by `glue`.
fn entities(sentence: &Tagged, glue: &str) -> Vec<(String, usize, usize)> {
    let (mut places, mut at) = (vec![], 0);
    for (word, _) in sentence {
        places.push(at..at + word.chars().count());
        at += word.chars().count() + glue.len();
    }
    let tags: Vec<&str> = sentence.iter().map(|(_, tag)| tag.as_str()).collect();
    let place = |e: scheme::Entity| (e.kind, places[e.start].start, places[e.end - 1].end);
    scheme::entities(&tags).into_iter().map(place).collect()
}

/// The same from what `predict --json` printed.
fn found(answer: &Value) -> Vec<(String, usize, usize)> {
    let number = |value: &Value| value.as_u64().unwrap() as usize;
    let entity = |e: &Value| (e["kind"].as_str().unwrap().to_owned(), number(&e["start"]), number(&e["end"]));
    answer["entities"].as_array().unwrap().iter().map(entity).collect()
}

/// Sentences whose names hold the marks that a tokeniser would split at.
fn marks(i: usize) -> String {
    let name = ["U.S.", "AT&T", "O'Neil", "B-52", "x@y.org", "<Ana>"][i % 6];
    let verb = ["won't", "can't", "didn't"][i % 3];
    match i % 4 {
        0 => format!("The O\n{name} B-ORG\n{verb} O\ngo O\n. O\n\n"),
        1 => format!("mr. O\n{name} B-PER\nInc. I-PER\n{verb} O\n\n"),
        2 => format!("it O\n{verb} O\nleave O\n\n"),
        _ => format!("{name} B-ORG\nsaid O\n: O\n\" O\nno O\n\" O\n\n"),
    }
}

/// Names by character, as Chinese has them.
fn by_character(i: usize) -> String {
    let (a, b) = (["小", "大", "老"][i % 3], ["明", "红", "王"][i / 3 % 3]);
    match i % 3 {
        0 => format!("{a} B-PER\n{b} I-PER\n去 O\n北 B-LOC\n京 I-LOC\n\n"),
        1 => format!("上 B-LOC\n海 I-LOC\n有 O\n{a} B-PER\n{b} I-PER\n\n"),
        _ => "今 O\n天 O\n去 O\n了 O\n\n".to_owned(),
    }
}

fn train_tagger(place: &Place, out: &str, sentence: fn(usize) -> String, sets: &str) {
    let columns: String = (0..120).map(sentence).collect();
    place.write("train.conll", columns.as_bytes());
    let args = format!(
        "train tag --train train.conll --out {out} --threads 1 --set model.embed_dim=12 --set model.hidden_dim=8 --set \
         train.batch_size=8 --set optimizer.lr=2e-2 --set train.epochs=4 {sets}"
    );
    place.gradus(&args).well();
}

#[test]
fn a_tagger_splits_text_as_its_training_data_was() {
    let place = Place::new();
    for (out, sentence, glue, sets) in [
        ("marks", marks as fn(usize) -> String, " ", ""),
        ("spaces", marks, " ", "--set data.tokenizer=whitespace --set model.characters=cnn"),
        ("chinese", by_character, "", ""),
        ("characters", by_character, "", "--set data.tokenizer=characters --set data.scheme=iob2"),
    ] {
        train_tagger(&place, out, sentence, sets);
        place.gradus(&format!("evaluate {out} --split train")).well();
        let sentences = tagged(&place.text(&format!("{out}/predictions.train.conll")));
        let count = sentences.iter().map(|sentence| entities(sentence, glue).len()).sum::<usize>();
        assert!(sentences.len() > 90 && count > 20, "{out}: {count} entities in {}", sentences.len());
        let text: Vec<String> = sentences
            .iter()
            .map(|words| words.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(glue))
            .collect();
        let expected: Vec<_> = sentences.iter().map(|sentence| entities(sentence, glue)).collect();
        let answers =
            |args: &str, input: &str| lines(&place.predict(&format!("{out} --json {args}"), input).well());
        let of = |answers: Vec<Value>| answers.iter().map(found).collect::<Vec<_>>();
        assert_eq!(of(answers("", &text.join("\n"))), expected, "{out}");
        // The same words one by one, whatever the run's own way to split is.
        let expected: Vec<_> = sentences.iter().map(|sentence| entities(sentence, " ")).collect();
        let words = |sentence: &Tagged| sentence.iter().map(|(word, _)| word.clone()).collect::<Vec<_>>();
        let spaced: Vec<String> = sentences.iter().map(|sentence| words(sentence).join(" ")).collect();
        assert_eq!(of(answers("--tokenized", &spaced.join("\n"))), expected, "{out}");
        let objects =
            sentences.iter().map(|s| serde_json::json!({ "text": "", "words": words(s) }).to_string());
        let objects = objects.collect::<Vec<_>>().join("\n");
        assert_eq!(of(answers("--format jsonl", &objects)), expected, "{out}");
        let columns: String = sentences.iter().map(|s| words(s).join("\n") + "\n\n").collect();
        assert_eq!(of(answers("--format conll", &columns)), expected, "{out}");
        let shown = place.predict(&format!("{out} --format conll"), &columns).well();
        assert_eq!(tagged(&shown), sentences, "{out}");
    }
}

/// How later text is split, as a run's own key says: with plain tags each word has one, which shows the words.
#[test]
fn a_tokeniser_that_is_named_is_used() {
    let place = Place::new();
    let tags = ["DT", "NN", "VB"];
    let columns: String =
        (0..40).map(|i| format!("The DT\nU.S. NN\nwon't VB\ngo {}\n\n", tags[i % 3])).collect();
    place.write("plain.conll", columns.as_bytes());
    let tiny = Tiny::all().into_iter().find(|tiny| tiny.train("a").contains("names")).unwrap();
    for (tokenizer, expected) in [
        ("auto", &["The", "U.S.", "won't", "go.<br/>"][..]),
        ("whitespace", &["The", "U.S.", "won't", "go.<br/>"]),
        ("english", &["The", "U", ".", "S", ".", "won", "'", "t", "go", "."]),
        ("characters", &["T", "h", "e", "U", ".", "S", ".", "w", "o", "n", "'", "t", "g", "o", "."]),
    ] {
        let args = format!(
            "train {} --train plain.conll --out {tokenizer} --set data.tags=plain --set data.tokenizer={tokenizer} --set \
             model.embed_dim=8 --set model.hidden_dim=6 --set train.epochs=1",
            tiny.name()
        );
        place.gradus(&args).well();
        let answer = place.predict(&format!("{tokenizer} --json"), "The U.S. won't  go.<br/>\n").well();
        let answer = lines(&answer).remove(0);
        let words: Vec<&str> =
            answer["tags"].as_array().unwrap().iter().map(|tag| tag["text"].as_str().unwrap()).collect();
        assert_eq!(words, expected, "{tokenizer}");
        let vocabulary = place.text(&format!("{tokenizer}/vocabulary.txt"));
        assert!(vocabulary.lines().any(|word| word == "u.s."), "words of columns stay: {vocabulary}");
    }
}

/// Rows of texts as `evaluate` answered them: text, predicted label, its probability.
fn classified(place: &Place, run: &str, split: &str) -> Vec<(String, f64)> {
    place.gradus(&format!("evaluate {run} --split {split}")).well();
    let table = place.text(&format!("{run}/predictions.{split}.tsv"));
    let row = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        (columns[1].to_owned(), columns[2].parse().unwrap())
    };
    table.lines().skip(1).map(row).collect()
}

#[test]
fn a_classifier_answers_a_file_of_its_own_as_it_was_measured() {
    let place = Place::new();
    let texts: Vec<String> = (0..60)
        .map(|i| {
            let word = [["fine", "great"], ["dull", "poor"]][i % 2][i / 2 % 2];
            // Words that are split, cut, or vanish: the last rows have none.
            match i % 10 {
                8 => "<br />".to_owned(),
                9 => "\u{200b}".to_owned(),
                _ => format!("It isn't {word}<br />, :-) A{i} ﬁlm{}", " plot".repeat(i % 7)),
            }
        })
        .collect();
    let rows = texts.iter().enumerate().map(|(i, text)| format!("{}\t{text}\n", ["yes", "no"][i % 2]));
    let rows: String = rows.collect();
    place.write("reviews.tsv", rows.as_bytes());
    place.write("again.tsv", rows.as_bytes());
    let tokenizers = ["auto", "english", "whitespace", "chinese", "characters"];
    for (i, tokenizer) in tokenizers.into_iter().enumerate() {
        let model = ["bilstm", "textcnn"][i % 2];
        let tiny = place.tiny_of(model, tokenizer).replace("--train train.tsv", "--train reviews.tsv");
        let more = "--format tab --dev again.tsv --test again.tsv --set data.max_len=9";
        place.gradus(&format!("{tiny} {more} --set data.tokenizer={tokenizer}")).well();
        let measured = classified(&place, tokenizer, "test");
        let said = lines(&place.predict(&format!("{tokenizer} --json"), &texts.join("\n")).well());
        assert_eq!(said.len(), measured.len());
        for (text, (answer, (label, probability))) in texts.iter().zip(said.iter().zip(&measured)) {
            assert_eq!(answer["label"], label.as_str(), "{tokenizer}: {text}");
            let p = answer["probabilities"][label].as_f64().unwrap();
            assert!((p - probability).abs() < 2e-6, "{tokenizer}: {text}: {p} {probability}");
        }
    }
    // A user's file is not taken for a generated set of that name.
    let kept: Value = serde_json::from_slice(&place.read("auto/text.json")).unwrap();
    assert_eq!(kept["tokenizer"], "english");
}

#[test]
fn a_reader_answers_questions_as_it_was_measured() {
    let place = Place::new();
    let tiny = Tiny::all().into_iter().find(|tiny| tiny.task.has_context()).unwrap();
    let question = |i: usize| {
        let (who, town) = (["Änne", "Bo 😀", "Carla"][i % 3], ["Oslo", "Ulm-Süd", "U.S."][i / 3 % 3]);
        let context = format!("é{i} {who} lives in {town}, they say.");
        let start = context.chars().count() - format!("{town}, they say.").chars().count();
        let answers = serde_json::json!([{ "text": town, "answer_start": start }]);
        let question = if i % 11 == 10 { "<b>".to_owned() } else { format!("Where does {who} live?") };
        let qa = serde_json::json!({ "id": format!("q{i}"), "question": question, "answers": answers });
        serde_json::json!({ "title": format!("t{i}"), "paragraphs": [{ "context": context, "qas": [qa] }] })
    };
    let articles: Vec<Value> = (0..80).map(question).collect();
    place.write("mine.json", serde_json::json!({ "data": articles }).to_string().as_bytes());
    for (out, sets) in [
        ("plain", "--set train.eval_batch_size=1"),
        ("characters", "--set model.characters=cnn --set train.batch_size=1 --set train.eval_batch_size=1"),
        ("nothing", "--set model.no_answer=true --set model.characters=lstm --set model.attention_heads=2"),
    ] {
        let args = format!(
            "train {} --train mine.json --out {out} --threads 1 --set model.embed_dim=8 --set model.hidden_dim=6 --set \
             data.min_count=1 --set train.epochs=2 --set optimizer.lr=1e-2 {sets}",
            tiny.name()
        );
        place.gradus(&args).well();
        place.gradus(&format!("evaluate {out} --file mine.json")).well();
        let measured: Value =
            serde_json::from_slice(&place.read(&format!("{out}/predictions.mine.json.json"))).unwrap();
        let objects: Vec<String> = articles
            .iter()
            .map(|article| {
                let paragraph = &article["paragraphs"][0];
                let question = &paragraph["qas"][0]["question"];
                serde_json::json!({ "question": question, "context": paragraph["context"] }).to_string()
            })
            .collect();
        let said = lines(&place.predict(&format!("{out} --json --format jsonl"), &objects.join("\n")).well());
        assert_eq!(said.len(), articles.len());
        for (i, answer) in said.iter().enumerate() {
            assert_eq!(answer["answer"], measured[format!("q{i}")], "{out}: question {i}");
        }
    }
}

/// What a model says of an example does not depend on the others of its batch.
#[test]
fn the_size_of_evaluation_batches_changes_nothing() {
    let place = Place::new();
    let mut tried = 0;
    for tiny in Tiny::all() {
        let short = tiny.with(&["train.epochs=1", "data.train_limit=12", "data.test_limit=7"]);
        let more = ["model.characters=cnn", "model.char_dim=6", "model.attention_heads=2"];
        for model in short.each("model.name") {
            for model in distinct([model.with(&more), model]) {
                let run = format!("{}-{tried}", tiny.name());
                place.gradus(&model.train(&run)).well();
                tried += 1;
                let (_, config) = place.unsealed(&run);
                let of = |size: usize| {
                    let config =
                        config.replace("eval_batch_size = 128", &format!("eval_batch_size = {size}"));
                    place.write(&format!("{run}/config.toml"), config.as_bytes());
                    let mut found = place.json(&format!("evaluate {run} --json")).remove(0);
                    let path = found["predictions"].as_str().unwrap().to_owned();
                    (found["metrics"].take(), place.text(&path))
                };
                // Of seven examples, the last batch of three is smaller.
                assert_eq!(of(1), of(3), "{run}");
            }
        }
    }
    assert!(tried >= 8, "{tried}");
}
