use super::{Answers, Style};
use crate::commands::trained::TrainedTagger;
use crate::data::formats::scheme::spans;
use crate::tasks::tag::{normalised, predict};
use crate::text::Tokeniser;
use serde_json::json;
use std::ops::Range;

impl Answers for TrainedTagger {
    fn answer(&self, text: &str, style: Style) -> String {
        let TrainedTagger { config, on, lexicon, model, constraints, kind, .. } = self;
        // As written: case and digits tell names apart, the vocabulary's own form comes after.
        let tokens = Tokeniser { lowercase: false, numbers: false, ..Tokeniser::default() }.tokens(text);
        let words: Vec<String> = tokens.iter().map(|token| token.word.clone()).collect();
        let encoded = [lexicon.encode(&normalised(&words, config), &words)];
        let tags = predict(model.as_ref(), lexicon, &encoded, constraints.as_ref(), 1).swap_remove(0);
        let names: Vec<&str> = tags.iter().map(|&tag| on.labels[tag].as_str()).collect();
        let found: Vec<(String, Range<usize>)> = spans(*kind, &names)
            .into_iter()
            .map(|e| (e.kind, tokens[e.start].span.start..tokens[e.end - 1].span.end))
            .collect();
        if style == Style::Json {
            let all: Vec<_> = found
                .iter()
                .map(|(kind, at)| json!({ "kind": kind, "start": at.start, "end": at.end, "text": &text[at.clone()] }))
                .collect();
            return json!({ "text": text, "entities": all }).to_string();
        }
        let (mut shown, mut done) = (String::new(), 0);
        for (kind, at) in found {
            shown += &text[done..at.start];
            shown += &style.marked(&text[at.clone()], &kind);
            done = at.end;
        }
        shown + &text[done..]
    }
}
