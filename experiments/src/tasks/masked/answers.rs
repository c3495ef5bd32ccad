//! The output of `gradus predict`: the likeliest pieces for each `[MASK]`.

use super::Masked;
use super::guesses::likeliest;
use super::masks::MaskedWindow;
use super::model::at_places;
use super::vocabulary::{MASK, Marked};
use crate::data::shown::terminal;
use crate::run::{Ask, NOT_FINITE, Style};
use crate::text::Characters;
use gradus_models::MaskedLm;
use serde_json::{Value, json};

/// How many pieces are said for a mask.
const SAID: usize = 5;

/// One line per text.
pub(super) fn answer(
    task: &Masked,
    model: &MaskedLm,
    asks: &[Ask],
    style: Style,
) -> Vec<Result<String, String>> {
    let marked: Vec<Marked> = asks.iter().map(|ask| task.vocabulary.read_marked(ask)).collect();
    // Only windows with a mask are read.
    let of_text: Vec<Vec<MaskedWindow>> = marked.iter().map(|marked| windows(task, marked)).collect();
    let all = of_text.concat();
    let said = at_places(model, &all, task.padding(), task.begin.config.vocab_size, |_, _, row| {
        likeliest::<SAID>(&task.vocabulary.ordinary, row)
    });
    let mut said = said.into_iter();
    let lines = asks.iter().zip(&marked).zip(&of_text);
    lines
        .map(|((ask, marked), windows)| {
            let said: Vec<Vec<(u32, f64)>> = said.by_ref().take(windows.len()).flatten().collect();
            match said.iter().flatten().all(|(_, p)| p.is_finite()) {
                true => Ok(line(task, ask, marked, said, style)),
                false => Err(NOT_FINITE.into()),
            }
        })
        .collect()
}

/// The windows of a text that have masks.
fn windows(task: &Masked, marked: &Marked) -> Vec<MaskedWindow> {
    let of_window = |window: std::ops::Range<usize>| {
        let masks = marked.masks.iter().map(|(place, _)| *place).filter(|place| window.contains(place));
        // The frame begins with [CLS].
        let places: Vec<usize> = masks.map(|place| place - window.start + 1).collect();
        (!places.is_empty()).then(|| MaskedWindow {
            ids: task.vocabulary.framed(&marked.ids[window]),
            gold: vec![task.vocabulary.pieces.special().mask; places.len()],
            places,
        })
    };
    task.vocabulary.windows(&marked.ids, task.longest()).into_iter().filter_map(of_window).collect()
}

fn line(task: &Masked, ask: &Ask, marked: &Marked, said: Vec<Vec<(u32, f64)>>, style: Style) -> String {
    let shown = |id: u32| task.vocabulary.shown(id);
    if style == Style::Json {
        let mut characters = Characters::new(&ask.text);
        let masks = marked.masks.iter().zip(&said).map(|((_, at), said)| {
            let place = characters.range(at.clone());
            let piece = |(id, p): &(u32, f64)| json!({ "piece": shown(*id), "probability": p });
            let pieces: Vec<Value> = said.iter().map(piece).collect();
            json!({ "start": place.start, "end": place.end, "text": MASK, "pieces": pieces })
        });
        let masks: Vec<Value> = masks.collect();
        return json!({ "text": ask.text, "masks": masks }).to_string();
    }
    let of_mask = |said: &Vec<(u32, f64)>| {
        let piece = |(i, (id, p)): (usize, &(u32, f64))| {
            let piece = terminal(&shown(*id)).into_owned();
            let piece = if i == 0 { style.marked(&piece, "") } else { piece };
            format!("{piece} {:.1}%", 100.0 * p)
        };
        said.iter().enumerate().map(piece).collect::<Vec<_>>().join(", ")
    };
    let all: Vec<String> = said.iter().map(of_mask).collect();
    format!("{}\t{}", all.join("; "), terminal(&ask.text))
}
