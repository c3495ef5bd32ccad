//! How much a model makes of the text before a token: the same tokens are predicted from more and more of it (paper, Figure 2).

use super::model::{Seen, guesses};
use super::{Language, generated};
use crate::data::Split;
use crate::data::counted::counted;
use crate::run::{FLOOR, NOT_FINITE};
use gradus_models::LanguageModel;
use std::collections::BTreeMap;

/// The most tokens to see; fewer are seen of the same text.
const MOST: usize = 512;

/// The perplexity of at most `limit` tokens, evenly spread over a split, each predicted from exactly `tokens` tokens before it; and that
/// which no model can go under, if the source of the text is known.
///
/// # Errors
/// More tokens than the model can see, or than [`MOST`]; a text without so many; outputs that are not finite.
pub(super) fn within(
    task: &Language,
    model: &dyn LanguageModel,
    split: Split,
    (tokens, limit): (usize, usize),
) -> Result<BTreeMap<String, f64>, String> {
    let text = &task.texts[split as usize];
    let most = model.context().map_or(MOST, |context| context.min(MOST));
    if !(1..=most).contains(&tokens) {
        return Err(format!(
            "expected a context of 1 to {most} tokens, which the model can see, found {tokens}"
        ));
    }
    let places = places(text.len(), limit);
    if places.is_empty() {
        return Err(format!(
            "expected a {split} text of more than {MOST} tokens, found {}; give a longer one",
            counted(text.len(), task.units.name())
        ));
    }
    let seen = |&place: &usize| Seen {
        ids: text.read(place + 1 - tokens..place + 1),
        gold: text.tokens(place..place + 1).to_vec(),
    };
    let said = guesses(model, &places.iter().map(seen).collect::<Vec<_>>());
    let nats = said.iter().flatten().map(|guess| -guess.log_p);
    let perplexity = (nats.sum::<f64>() / places.len() as f64).exp();
    if !perplexity.is_finite() {
        return Err(NOT_FINITE.into());
    }
    let known = generated::nats(&task.data.name, &task.data.split(split).0.texts, Some(tokens));
    // The source knows of its own words; an unknown word stands for several.
    let all = text.tokens(0..text.len());
    let known = known
        .filter(|nats| nats.len() == all.len() && !all.iter().any(|&token| task.units.is_unknown(token)));
    let floor = known.map(|nats| {
        let nats = places.iter().map(|&place| nats[place]);
        (FLOOR.name.to_owned(), (nats.sum::<f64>() / places.len() as f64).exp())
    });
    Ok([("perplexity".to_owned(), perplexity)].into_iter().chain(floor).collect())
}

/// At most `limit` places of a text of this length, evenly spread, each with [`MOST`] tokens before it.
fn places(length: usize, limit: usize) -> Vec<usize> {
    let all = MOST..length;
    let step = all.len().div_ceil(limit.max(1)).max(1);
    all.step_by(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_spread_and_have_enough_before_them() {
        assert_eq!(places(522, 5), [512, 514, 516, 518, 520]);
        assert_eq!(places(514, 5), [512, 513]);
        assert_eq!(places(100_000, 1000).len(), 995);
        assert!(places(512, 5).is_empty() && places(3, 5).is_empty());
    }
}
