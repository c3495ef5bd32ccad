//! The output of `gradus predict`: how probable a text is to the model.

use super::Language;
use super::guesses::{Guess, METRICS, nats};
use super::running::Running;
use crate::data::counted::counted;
use crate::data::shown::terminal;
use crate::metrics::perplexity::perplexity;
use crate::run::{Ask, NOT_FINITE, Style};
use gradus_models::LanguageModel;
use serde_json::{Value, json};

/// One line per text. Each is read for itself as a line, at the start of a text, whose end is predicted, too.
pub(super) fn answer(
    task: &Language,
    model: &dyn LanguageModel,
    asks: &[Ask],
    style: Style,
) -> Vec<Result<String, String>> {
    let read = |ask: &Ask| {
        let running = Running::new(&task.units, &[ask.text.trim()]);
        task.seen(&running, 0..running.len()).into_values().collect::<Vec<_>>()
    };
    let of_texts: Vec<Vec<_>> = asks.iter().map(read).collect();
    let mut said = super::model::guesses(model, &of_texts.concat()).into_iter();
    let answers = asks.iter().zip(&of_texts).map(|(ask, windows)| {
        let guesses: Vec<Guess> = said.by_ref().take(windows.len()).flatten().collect();
        match guesses.iter().all(|guess| guess.log_p.is_finite()) {
            true => Ok(line(task, ask, &guesses, style)),
            false => Err(NOT_FINITE.into()),
        }
    });
    answers.collect()
}

fn line(task: &Language, ask: &Ask, guesses: &[Guess], style: Style) -> String {
    let nats = nats(guesses);
    let of = perplexity(nats, guesses.len() as f64);
    if style == Style::Json {
        let token = |guess: &Guess| {
            let [token, likeliest] = [guess.token, guess.likeliest].map(|token| task.units.shown(token));
            json!({ "token": token, "log_p": guess.log_p, "rank": guess.rank, "likeliest": likeliest })
        };
        let tokens: Vec<Value> = guesses.iter().map(token).collect();
        return json!({ "text": ask.text, "nats": nats, "perplexity": of, "tokens": tokens }).to_string();
    }
    let perplexity = style.marked(&format!("perplexity {}", METRICS[0].show(of)), "");
    let tokens = counted(guesses.len(), task.units.name());
    format!("{perplexity}, {tokens}, {nats:.2} nats\t{}", terminal(&ask.text))
}
