use super::{Answers, Style};
use crate::commands::trained::TrainedClassifier;
use crate::tasks::classify::{Encoded, Prediction, predict, tokeniser};
use serde_json::json;

impl Answers for TrainedClassifier {
    fn answer(&self, text: &str, style: Style) -> String {
        let TrainedClassifier { config, on, lexicon, model } = self;
        let labels = &on.labels;
        let mut tokens = tokeniser(config).tokens(text);
        tokens.truncate(if config.data.max_len == 0 { usize::MAX } else { config.data.max_len });
        let encoded = Encoded { texts: vec![lexicon.encode(&tokens)], labels: vec![0] };
        let Prediction { label, probabilities } =
            predict(model.as_ref(), lexicon, &encoded, 1).swap_remove(0);
        if style == Style::Json {
            let all: serde_json::Map<String, serde_json::Value> =
                labels.iter().cloned().zip(probabilities.iter().map(|&p| json!(p))).collect();
            return json!({ "text": text, "label": labels[label], "probabilities": all }).to_string();
        }
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
        let all: Vec<String> =
            order.iter().map(|&i| format!("{} {:.1}%", labels[i], 100.0 * probabilities[i])).collect();
        format!("{}\t{}\t{text}", style.marked(&labels[label], ""), all.join(", "))
    }
}
