//! Texts with any number of labels, and what is said of labels before the first epoch.

use crate::place::Place;

const TINY: &str = "--model textcnn --set model.embed_dim=8 --set train.epochs=2 --overwrite --out a";

/// `n` texts with the labels 'fun', none, and both 'fun' and 'sad', in turn.
fn texts(n: usize, line: impl Fn(&str, &[&str]) -> String) -> String {
    let labels: [&[&str]; 3] = [&["fun"], &[], &["fun", "sad"]];
    (0..n).map(|i| line(["a joke", "a road", "a clown alone"][i % 3], labels[i % 3]) + "\n").collect()
}

#[test]
fn texts_may_have_no_label() {
    let place = Place::new();
    let tsv = |text: &str, labels: &[&str]| format!("{text}\t{}", labels.join(";"));
    let json = |text: &str, labels: &[&str]| format!("{{\"text\": \"{text}\", \"labels\": {labels:?}}}");
    place.write("m.tsv", format!("text\tlabel\n{}", texts(60, tsv)).as_bytes());
    place.write("m.jsonl", texts(60, json).as_bytes());
    place.write("none.tsv", "text\tlabel\na road\t\nthe road\t\n".as_bytes());
    place.write("none.jsonl", "{\"text\": \"a road\", \"labels\": []}\n".repeat(3).as_bytes());
    for (end, separator, none) in [("tsv", "--set data.label_separator=;", 2), ("jsonl", "", 3)] {
        let train = format!("train classify --train m.{end} --dev m.{end} --test m.{end} {TINY} {separator}");
        let ran = place.gradus(&format!("{train} --loss binary_cross_entropy"));
        let said = format!("{}{}", ran.out, ran.err);
        assert_eq!(ran.code, Some(0), "{said}");
        assert!(said.contains("no label   60 of 180 texts"), "{said}");
        assert!(said.contains("warning: 60 of 60 texts of the test split are training texts too"), "{said}");
        let out = place.gradus(&format!("evaluate a --file m.{end}")).well();
        assert!(out.starts_with(&format!("60 examples of m.{end}\n")), "{out}");
        // All metrics of texts without labels are numbers.
        let out = place.gradus(&format!("evaluate a --file none.{end}")).well();
        assert!(out.starts_with(&format!("{none} examples")) && !out.contains("NaN"), "{out}");
    }
    place
        .gradus(&format!("train classify --train m.jsonl {TINY}"))
        .refused(1, &["m.jsonl, line 2: expected a label and a text, found no label for 'a road'"]);
    place
        .gradus(&format!("train classify --train m.tsv {TINY} --set data.label_separator=;"))
        .refused(1, &["`loss.name` must be binary_cross_entropy, the loss for several labels a text"]);
}

/// A label may hold any separator: several labels are a list in JSON, in the table of predictions and in plain answers.
#[test]
fn several_labels_can_be_told_apart() {
    let place = Place::new();
    let json = |text: &str, labels: &[&str]| {
        let named: Vec<&str> =
            labels.iter().map(|label| if *label == "fun" { "fun, light" } else { "sad\t\"x\"" }).collect();
        format!("{{\"text\": \"{text}\", \"labels\": {named:?}}}")
    };
    place.write("m.jsonl", texts(60, json).as_bytes());
    let train = format!("train classify --train m.jsonl --dev m.jsonl --test m.jsonl {TINY}");
    place
        .gradus(&format!("{train} --loss binary_cross_entropy --set train.epochs=20 --set optimizer.lr=0.05"))
        .well();
    // A student learns what its teacher says: a probability of each label.
    place.gradus("distil a --student textcnn --out student --set train.epochs=1").well();
    place.gradus("evaluate a").well();
    let (fun, sad) = (r#"["fun, light"]"#, r#"["fun, light","sad\t\"x\""]"#);
    let table = place.text("a/predictions.test.tsv");
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    for (i, row) in rows.iter().enumerate() {
        assert_eq!((row.len(), row[0]), (4, [fun, "[]", sad][i % 3]), "{table}");
        assert_eq!(row[1], row[0], "what is easy is learnt: {table}");
        // The least certain decision on a label, also where no label is predicted.
        let probability: f64 = row[2].parse().unwrap();
        assert!((0.5..1.0).contains(&probability), "{table}");
    }
    let answers = place.predict("a", "a joke\na clown alone\n").well();
    let first: Vec<&str> = answers.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(first, [fun, sad]);
}

#[test]
fn doubtful_labels_are_named_before_the_first_epoch() {
    let place = Place::new();
    let line = |i: usize| format!("{}\tfilm number {i}\n", ["pos", "neg", "Pos"][i % 3]);
    place.write("case.tsv", (0..60).map(line).collect::<String>().as_bytes());
    let ran = place.gradus(&format!("train classify --train case.tsv {TINY}"));
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let warning = "warning: the labels 'Pos' and 'pos' differ by case only; are they one label?";
    assert!(ran.err.contains(warning), "{}", ran.err);
    assert!(!ran.err.contains("training texts too"), "{}", ran.err);

    // Texts of exactly the longest length are whole.
    assert!(!ran.err.contains("cut to"), "{}", ran.err);
    for (longest, is_cut) in [(3, false), (2, true)] {
        let ran =
            place.gradus(&format!("train classify --train case.tsv {TINY} --set data.max_len={longest}"));
        let said = ran.err.contains("cut        60 texts have more than 2 words and are cut to 2");
        assert_eq!((ran.code, said), (Some(0), is_cut), "{}", ran.err);
    }

    // Empty texts are counted once, and what was guessed of a file names its split.
    let line = |i: usize| format!("{},{}\n", ["pos", "neg"][i % 2], if i < 6 { "" } else { "a film" });
    place.write("empty.csv", ("label,text\n".to_owned() + &(0..60).map(line).collect::<String>()).as_bytes());
    place.write("test.csv", ("label,text\n".to_owned() + &(6..60).map(line).collect::<String>()).as_bytes());
    let ran = place.gradus(&format!("train classify --train empty.csv --test test.csv {TINY}"));
    let read = "read as CSV with the columns 'text' and 'label'";
    let note = format!("note       train: {read}; 6 of 60 texts are empty; test: {read}; dev: a tenth");
    assert!(ran.err.contains(&note) && !ran.err.contains("no words"), "{}", ran.err);

    // What is held out of a file may repeat the rest of it.
    let line = |i: usize| {
        format!("{}\t{} film\n", ["pos", "neg", "neg"][i % 3], ["good", "bad", "sad", "slow"][i % 4])
    };
    place.write("copies.tsv", (0..60).map(line).collect::<String>().as_bytes());
    let ran = place.gradus(&format!("train classify --train copies.tsv {TINY}"));
    for warning in [
        "warning: 6 of 6 texts of the dev split are training texts too: its metrics say little about new texts",
        "warning: 6 of 6 texts of the test split are training texts too",
        "warning: 4 texts occur several times in the training split, with different labels, such as '",
    ] {
        assert!(ran.err.contains(warning), "{warning}: {}", ran.err);
    }

    // A colon after each label is none of it, in training and later.
    let line = |i: usize| format!("{}: film number {i}\n", ["pos", "neg"][i % 2]);
    place.write("colons.txt", (0..60).map(line).collect::<String>().as_bytes());
    place.write("two.txt", b"pos: it\nneg: it is so\npos: it is\nneg: is it\npos: it\n");
    let ran = place.gradus(&format!("train classify --train colons.txt {TINY}"));
    assert!(ran.err.contains("labels     neg "), "{}", ran.err);
    place.gradus("evaluate a --file two.txt").well();

    // The error for a later file without labels names the missing column, whatever its header calls the text.
    let rows = (0..30).map(|i| format!("{i},film {i}\n")).collect::<String>();
    for (header, found) in [
        ("id,text\n", "the columns 'id', 'text'"),
        ("lable,review\n", "the columns 'lable', 'review'"),
        ("text\n", "the column 'text'"),
    ] {
        place.write("later.csv", (header.to_owned() + &rows).as_bytes());
        let expected =
            format!("later.csv, line 1: expected a column of labels, found {found}; add the column");
        place.gradus("evaluate a --file later.csv").refused(1, &[&expected]);
    }

    // One row of three remains for training.
    place.write("three.tsv", b"pos\tgood\nneg\tbad\npos\tfine\n");
    place
        .gradus(&format!("train classify --train three.tsv --format tab {TINY}"))
        .refused(1, &["data.train: expected at least two labels in the training split", "--dev and --test"]);
}

#[test]
fn a_file_for_a_trained_run_is_not_met_with_advice_on_settings() {
    let place = Place::new();
    place.gradus(&place.tiny("a")).well();
    place.write("h.csv", b"Kommentar;Wert;Datum\nso gut;1;heute\nso so;2;gestern\n");
    let says =
        ["h.csv, line 1: ", "a run reads other files as its training file; give this one the same form"];
    place.gradus("evaluate a --file h.csv").refused(1, &says);
    // Data with more labels is no damage of the run.
    let line = |i: usize| format!("{}\tfilm number {i}\n", ["no", "yes", "so"][i % 3]);
    place.write("three.tsv", (0..60).map(line).collect::<String>().as_bytes());
    place
        .gradus("evaluate a --train three.tsv")
        .refused(1, &["expected data with the labels of the model, 'no', 'yes', found", "'so'"]);
}
