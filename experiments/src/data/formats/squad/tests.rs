use super::*;
use crate::data::questions::Answer;
use proptest::prelude::*;

fn file(path: &str, text: &str) -> TextFile {
    TextFile { path: path.into(), text: text.into(), sha256: String::new() }
}

/// The split of a text, or what is wrong with it.
fn parse(path: &Path, text: &str) -> Result<Questions, DataError> {
    let Contents { split, without_answer } = read(&file(&path.to_string_lossy(), text))?;
    assert_eq!(without_answer, split.questions.iter().filter(|q| q.answers.is_empty()).count());
    Ok(split)
}

const SMALL: &str = r#"{"version": "1.1", "data": [{"title": "Hill", "paragraphs": [{"context":
    "Café Müller is at 5 Hill Road.", "qas": [{"id": "q1", "question": "Where?", "extra": 1, "answers":
    [{"text": "5 Hill Road", "answer_start": 18}, {"text": "Hill", "answer_start": 20}]}]}]}]}"#;

fn fault(from: &str, to: &str) -> String {
    let text = SMALL.replacen(from, to, 1);
    assert_ne!(text, SMALL);
    parse(Path::new("f.json"), &text).unwrap_err().to_string()
}

#[test]
fn characters_become_bytes() {
    let split = parse(Path::new("f"), SMALL).unwrap();
    assert_eq!((split.contexts.len(), split.titles[0].as_str()), (1, "Hill"));
    let question = &split.questions[0];
    assert_eq!((question.id.as_str(), question.question.as_str(), question.context), ("q1", "Where?", 0));
    assert_eq!(question.answers[0], Answer { text: "5 Hill Road".into(), start: 20 });
    assert_eq!(question.texts().collect::<Vec<_>>(), ["5 Hill Road", "Hill"]);
}

#[test]
fn what_is_not_json_is_named_by_line_and_column() {
    assert_eq!(
        fault("\"q1\",", "\"q1\""),
        "f.json, line 2: expected JSON, found at column 61: expected `,` or `}`; the file may be cut short or not be \
         of this format"
    );
    let cut = parse(Path::new("f"), &SMALL[..SMALL.len() - 2]).unwrap_err().to_string();
    assert!(cut.contains("line 3") && cut.contains("EOF while parsing"), "{cut}");
    for (text, expected) in [
        ("", "f: expected questions, found no text; give a file of SQuAD 1.1 or 2.0, or JSON lines"),
        (
            "\n-DOCSTART- O\n",
            "f, line 2: expected questions in JSON, which starts with { or [, found '-DOCSTART- O'; give",
        ),
        (
            "text,label\n",
            "f, line 1: expected questions in JSON, which starts with { or [, found 'text,label'; give",
        ),
        (
            "null",
            "f, line 1: expected questions in JSON, which starts with { or [, found 'null'; give a file of SQuAD",
        ),
    ] {
        let error = parse(Path::new("f"), text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn missing_keys_and_wrong_types_are_named_by_their_place() {
    assert_eq!(
        fault("\"question\"", "\"Question\""),
        "f.json, data[0].paragraphs[0].qas[0] (question 'q1'): expected an object with the key 'question', found the \
         keys 'Question', 'answers', 'extra', 'id'; see the format of SQuAD"
    );
    for (from, to, place, said) in [
        ("\"data\"", "\"dada\"", "at the top", "the key 'data'"),
        ("\"paragraphs\"", "\"p\"", "data[0]:", "the key 'paragraphs'"),
        ("\"Hill\"", "7", "data[0]:", "a string under 'title', found a number"),
        ("\"context\"", "\"c\"", "data[0].paragraphs[0]:", "the key 'context'"),
        ("\"id\"", "\"i\"", "data[0].paragraphs[0].qas[0]:", "the key 'id'"),
        ("\"answer_start\"", "\"s\"", "qas[0].answers[0] (question 'q1')", "the key 'answer_start'"),
        (": 18", ": -1", "qas[0].answers[0] (question 'q1')", "a whole number from 0, found '-1'"),
        (": 18", ": 1.5", "qas[0].answers[0] (question 'q1')", "found '1.5'"),
        ("\"Where?\"", "\" \"", "(question 'q1')", "expected a question, found none"),
        ("\"5 Hill Road\"", "\"\"", "answers[0] (question 'q1')", "the text of an answer, found ''"),
    ] {
        let error = fault(from, to);
        assert!(error.contains(place) && error.contains(said), "{error}");
    }
    let empty = parse(Path::new("f"), "{}").unwrap_err().to_string();
    assert!(
        empty.contains(
            "at the top: expected an object with the key 'data', found an object without keys; give"
        )
    );
    let one_line = parse(Path::new("f"), r#"{"dada": []}"#).unwrap_err().to_string();
    assert!(one_line.contains("at the top: expected an object with the key 'data', found the keys 'dada'"));
}

/// A file of one context, whose questions are given as JSON.
fn questions_of(context: &str, qas: &str) -> Result<Questions, String> {
    let text = format!(
        r#"{{"version": "v2.0", "data": [{{"paragraphs": [{{"context": "{context}", "qas": [{qas}]}}]}}]}}"#
    );
    parse(Path::new("f"), &text).map_err(|error| error.to_string())
}

#[test]
fn questions_without_an_answer_are_kept_and_counted() {
    let qas = r#"{"id": "1", "question": "who?", "answers": [{"text": "b", "answer_start": 2}], "is_impossible": false},
        {"id": "2", "question": "why?", "answers": [], "is_impossible": true,
         "plausible_answers": [{"text": "zzz", "answer_start": 99}]},
        {"id": 3, "question": "how?", "answers": []}"#;
    let split = questions_of("a b", qas).unwrap();
    let answers: Vec<(&str, usize)> =
        split.questions.iter().map(|q| (q.id.as_str(), q.answers.len())).collect();
    assert_eq!((answers, split.without_answer()), (vec![("1", 1), ("2", 0), ("3", 0)], 2));
    // They come back from what is written, with the version that has them.
    let written = write(&split);
    assert!(
        written.contains(r#""version":"v2.0""#) && written.contains(r#""is_impossible":true"#),
        "{written}"
    );
    assert_eq!(parse(Path::new("f"), &written).unwrap(), split);

    for (qas, expected) in [
        (
            r#"{"id": "1", "question": "?", "answers": [{"text": "b", "answer_start": 2}], "is_impossible": true}"#,
            "f, data[0].paragraphs[0].qas[0] (question '1'): expected no answer, for is_impossible is true, found 1; remove",
        ),
        (
            r#"{"id": "1", "question": "?", "answers": [], "is_impossible": "yes"}"#,
            "(question '1'): expected true or false under 'is_impossible', found a string",
        ),
        (r#"{"id": "1", "question": "?", "answers": null}"#, "expected a list under 'answers', found null"),
        (r#"{"id": 1.5, "question": "?", "answers": []}"#, "expected a string under 'id', found a number"),
    ] {
        let error = questions_of("a b", qas).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_question_about_nothing_is_an_error() {
    for context in ["", " \\t"] {
        let error = questions_of(context, r#"{"id": "7", "question": "?", "answers": []}"#).unwrap_err();
        let expected = "paragraphs[0] (question '7'): expected a text under 'context' that the question is about, found none";
        assert!(error.contains(expected), "{error}");
        assert_eq!(questions_of(context, "").unwrap().contexts.len(), 1);
    }
}

/// One line as Hugging Face writes it.
fn line(id: &str, context: &str, texts: &str, starts: &str) -> String {
    format!(r#"{{"id": "{id}", "title": "T", "context": "{context}", "question": "{id}?", "#)
        + &format!(r#""answers": {{"text": {texts}, "answer_start": {starts}}}}}"#)
}

#[test]
fn json_lines_are_read_and_contexts_that_repeat_are_one() {
    let lines = [
        line("1", "é b c", r#"["b", "b c"]"#, "[2, 2]"),
        line("2", "é b c", "[]", "[]"),
        line("3", "d", r#"["d"]"#, "[0]"),
        line("4", "é b c", r#"["c"]"#, "[4]"),
        r#"{"id": 5, "context": "d", "question": "w", "answers": [{"text": "d", "answer_start": 0}]}"#.into(),
    ];
    for (text, form) in [
        (lines.join("\n"), "LF"),
        (lines.join("\r\n") + "\r\n", "CRLF"),
        (lines.join("\r"), "CR"),
        (format!("\n\n{}\n\n", lines.join("\n \n")), "blank lines"),
        (format!("[{}]", lines.join(",\n")), "a list"),
    ] {
        let split = parse(Path::new("f"), &text).unwrap_or_else(|e| panic!("{form}: {e}"));
        assert_eq!(
            (split.contexts.join("|"), split.titles.join("|")),
            ("é b c|d|d".into(), "T|T|".into()),
            "{form}"
        );
        let places: Vec<(&str, usize, usize)> =
            split.questions.iter().map(|q| (q.id.as_str(), q.context, q.answers.len())).collect();
        assert_eq!(places, [("1", 0, 2), ("2", 0, 0), ("3", 1, 1), ("4", 0, 1), ("5", 2, 1)], "{form}");
        assert_eq!(split.questions[0].answers[1], Answer { text: "b c".into(), start: 3 });
        assert_eq!(split.questions[3].answers[0].start, 5);
    }
    // One line is enough.
    assert_eq!(parse(Path::new("f"), &lines[0]).unwrap().questions.len(), 1);
}

#[test]
fn faults_of_json_lines_name_their_line() {
    let first = line("1", "a b", r#"["b"]"#, "[2]");
    for (second, expected) in [
        (
            line("2", "a b", r#"["a"]"#, "[2]"),
            "f.jsonl, line 2, answers.text[0] (question '2'): expected the answer 'a' at character 2, found 'b'",
        ),
        (
            line("2", "a b", r#"["a", "b"]"#, "[0]"),
            "line 2, answers (question '2'): expected as many entries under 'text' as under 'answer_start', found 2 and 1",
        ),
        (
            line("2", "a b", "[7]", "[0]"),
            "line 2, answers.text[0] (question '2'): expected a string, found '7'",
        ),
        (
            line("2", "a b", r#"["a"]"#, r#"["0"]"#),
            "expected answer_start as a whole number from 0, found '\\\"0\\\"'",
        ),
        (
            line("1", "a b", "[]", "[]"),
            "line 2 (question '1'): expected an id of its own, found one that an earlier question has",
        ),
        (
            r#"{"id": "2", "question": "?"}"#.into(),
            "line 2: expected an object with the key 'context', found the keys 'id', 'question'",
        ),
        (
            r#"{"id": "2", "context": "a"}"#.into(),
            "line 2 (question '2'): expected an object with the key 'question'",
        ),
        ("[]".into(), "line 2: expected an object with a context and a question, found a list"),
        (first[..20].into(), "f.jsonl, line 2: expected JSON, found at column 20: EOF while parsing"),
    ] {
        let error = parse(Path::new("f.jsonl"), &format!("{first}\n{second}\n")).unwrap_err().to_string();
        assert!(error.contains(expected), "{second}: {error}");
    }
}

#[test]
fn contexts_with_their_questions_are_read_line_by_line() {
    let header = r#"{"header": {"dataset": "X", "split": "dev"}}"#;
    let line = |spans: &str| {
        let start =
            r#"{"id": "", "context": "The é Bank, the bank.", "qas": [{"qid": "q1", "question": "what?", "#;
        format!(
            r#"{start}"answers": ["bank"], "detected_answers": [{spans}]}}], "context_tokens": [["The", 0]]}}"#
        )
    };
    let of = |spans: &str| parse(Path::new("f"), &format!("{header}\n{}", line(spans)));
    let split = of(r#"{"text": "bank", "char_spans": [[6, 9], [16, 19]]}"#).unwrap();
    let answers: Vec<(&str, usize)> =
        split.questions[0].answers.iter().map(|a| (a.text.as_str(), a.start)).collect();
    assert_eq!(answers, [("Bank", 7), ("bank", 17)]);
    assert_eq!(parse(Path::new("f"), &line("")).unwrap().without_answer(), 1);
    for (spans, expected) in [
        (
            "[5, 22]",
            "line 2, qas[0].detected_answers[0].char_spans[0] (question 'q1'): expected a span of words within the 21 \
             characters of the context, found 5 to 22",
        ),
        ("[7, 6]", "found 7 to 6"),
        ("[0, 18446744073709551615]", "found 0 to 18446744073709551615"),
        ("[3, 3]", "expected a span of words"),
        ("[1]", "expected a first and a last character, found '[1]'"),
        ("7", "expected a first and a last character, found '7'"),
        ("[0, \"a\"]", "char_spans[0][1] (question 'q1'): expected a character as a whole number from 0"),
    ] {
        let error = of(&format!(r#"{{"char_spans": [{spans}]}}"#)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn large_files_take_linear_time_and_deep_ones_are_errors() {
    let started = std::time::Instant::now();
    // Many answers at the end of one long context.
    let context = "é ".repeat(100_000) + "end";
    let answers = vec![r#"{"text": "end", "answer_start": 200000}"#; 20_000].join(",");
    let question = format!(r#"{{"id": "1", "question": "?", "answers": [{answers}]}}"#);
    let split = questions_of(&context, &question).unwrap();
    assert_eq!(split.questions[0].answers[19_999].start, context.len() - 3);
    assert_eq!(parse(Path::new("f"), &write(&split)).unwrap(), split);
    let question = |i: usize| format!(r#"{{"id": {i}, "question": "?", "answers": []}}"#);
    let questions: Vec<String> = (0..20_000).map(question).collect();
    assert_eq!(questions_of("a", &questions.join(",")).unwrap().questions.len(), 20_000);
    let lines: String = (0..20_000).map(|i| line(&i.to_string(), "a b", r#"["b"]"#, "[2]") + "\n").collect();
    let read = parse(Path::new("f"), &lines).unwrap();
    assert_eq!((read.questions.len(), read.contexts.len()), (20_000, 1));
    for deep in ["[".repeat(100_000), r#"{"data":"#.repeat(100_000)] {
        assert!(parse(Path::new("f"), &deep).unwrap_err().to_string().contains("recursion limit"));
    }
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

#[test]
fn a_span_must_lie_in_its_context_and_read_as_its_text() {
    assert!(fault(": 18", ": 31").contains("answer_start within the 30 characters of the context, found 31"));
    assert!(fault(": 18", ": 30").contains("expected the answer '5 Hill Road' at character 30, found ''"));
    let error = fault(": 18", ": 19");
    assert!(error.contains("the answer '5 Hill Road' at character 19, found ' Hill Road.'"), "{error}");
    assert!(fault(": 18", ": 18446744073709551615").contains("within the 30 characters"));
}

#[test]
fn an_id_stands_once_in_all_files_of_a_split() {
    let mut split = parse(Path::new("one"), SMALL).unwrap();
    let error = append(Path::new("two"), SMALL, &mut split).unwrap_err().to_string();
    assert!(
        error.starts_with("two, data[0].paragraphs[0].qas[0] (question 'q1'): expected an id of"),
        "{error}"
    );
    append(Path::new("two"), &SMALL.replace("q1", "q2"), &mut split).unwrap();
    assert_eq!((split.contexts.len(), split.questions[1].context), (2, 1));
}

prop_compose! {
    fn any_split()(parts in prop::collection::vec(
        (r"[a-bé中😀 ]{1,12}x", "[tü]{0,1}", prop::collection::vec((any::<String>(), any::<[u8; 2]>()), 0..4)), 0..5,
    )) -> Questions {
        let mut split = Questions::default();
        for (context, title, questions) in parts {
            let places: Vec<usize> = context.char_indices().map(|(i, _)| i).collect();
            for (question, [from, _]) in questions {
                let start = places[from as usize % places.len()];
                let answers = vec![Answer { text: context[start..].into(), start }];
                let answers = if from % 3 == 0 { vec![] } else { answers };
                split.questions.push(Question {
                    id: format!("{}-{}", split.contexts.len(), split.questions.len()),
                    context: split.contexts.len(),
                    question: question + "?",
                    answers,
                });
            }
            split.contexts.push(context);
            split.titles.push(title);
        }
        split
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(split in any_split()) {
        prop_assert_eq!(parse(Path::new("f"), &write(&split)).unwrap(), split);
    }

    #[test]
    fn any_text_is_a_split_or_an_error(text: String, cut in 0..SMALL.len(), put in "[\\[\\]{}\",:0-9a-z\u{e9}]{0,3}") {
        let _ = parse(Path::new("f"), &text);
        // What is nearly right reaches further than noise does.
        let at = (0..=cut).rev().find(|&i| SMALL.is_char_boundary(i)).unwrap_or(0);
        let rest = SMALL[at..].char_indices().nth(1).map_or("", |(i, _)| &SMALL[at + i..]);
        let _ = parse(Path::new("f"), &format!("{}{put}{rest}", &SMALL[..at]));
        let whole = line("1", "é b", r#"["b"]"#, "[2]") + "\n" + r#"{"context": "é b", "qas": [{"qid": 2, "question": "?",
            "detected_answers": [{"char_spans": [[0, 0]]}]}]}"#;
        let at = (0..=cut.min(whole.len())).rev().find(|&i| whole.is_char_boundary(i)).unwrap_or(0);
        let _ = parse(Path::new("f"), &format!("{}{put}{}", &whole[..at], &whole[at..]));
    }
}
