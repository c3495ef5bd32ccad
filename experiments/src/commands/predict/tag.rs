use super::{Answers, Style};
use crate::commands::trained::TrainedTagger;
use crate::data::formats::scheme::entities;
use crate::tasks::tag::predict;
use crate::tasks::tokeniser_of;
use serde_json::json;
use std::ops::Range;

impl Answers for TrainedTagger {
    fn answer(&self, text: &str, style: Style) -> String {
        let TrainedTagger { config, on, lexicon, model, constraints } = self;
        let tokens = tokeniser_of(config).tokens(text);
        let encoded = [lexicon.encode(&tokens)];
        let tags = predict(model.as_ref(), lexicon, &encoded, constraints.as_ref(), 1).swap_remove(0);
        // A text without words is one UNK, whose tag belongs to no word.
        let names: Vec<&str> = tags.iter().take(tokens.len()).map(|&tag| on.labels[tag].as_str()).collect();
        let found: Vec<(String, Range<usize>)> = entities(&names)
            .into_iter()
            .map(|e| (e.kind, tokens.spans()[e.start].start..tokens.spans()[e.end - 1].end))
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
