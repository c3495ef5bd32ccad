use super::{Answers, Style};
use crate::commands::trained::TrainedReader;
use crate::data::questions::{Question, ReadingSplit};
use crate::tasks::read::{encode, predict};
use serde_json::json;

/// A reader and the text that it is asked about.
pub(super) struct Asked {
    pub reader: TrainedReader,
    pub context: String,
}

impl Answers for Asked {
    fn answer(&self, text: &str, style: Style) -> String {
        let Asked { reader: TrainedReader { config, lexicon, model, .. }, context } = self;
        let question = Question { id: String::new(), context: 0, question: text.into(), answers: vec![] };
        let split = ReadingSplit {
            contexts: vec![context.clone()],
            titles: vec![String::new()],
            questions: vec![question],
        };
        let encoded = encode(&split, lexicon, config);
        let longest = config.model.max_answer;
        let answered = predict(model.as_ref(), lexicon, &encoded, longest, 1).swap_remove(0);
        let answer = answered.text(context, &encoded.tokens[0]);
        let start = answered
            .words
            .and_then(|(first, _)| encoded.tokens[0].spans().get(first))
            .map_or(0, |span| span.start);
        if style == Style::Json {
            let probability = answered.probability;
            return json!({ "question": text, "answer": answer, "start": start, "probability": probability })
                .to_string();
        }
        let (before, after) = (&context[..start], &context[start + answer.len()..]);
        format!("{before}{}{after}\t{:.1}%", style.marked(answer, "answer"), 100.0 * answered.probability)
    }
}
