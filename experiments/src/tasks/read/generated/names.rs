//! The names of people, places, buildings and events. A third of each is kept from training.

use std::sync::OnceLock;

use crate::data::generated::Mint;
use crate::data::generated::Rng;

/// Coined words by use.
pub(super) struct Names {
    pub first: Vec<String>,
    pub last: Vec<String>,
    pub towns: Vec<String>,
    pub titles: Vec<String>,
}

pub(super) const BUILDINGS: [&str; 8] =
    ["Bridge", "Tower", "Mill", "Theatre", "Chapel", "Library", "Lighthouse", "Granary"];
pub(super) const EVENTS: [&str; 8] =
    ["Fair", "Derby", "Festival", "Tournament", "Regatta", "Games", "Carnival", "Pageant"];
pub(super) const NUMBERS: [&str; 11] =
    ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

impl Names {
    /// The one list of names.
    pub fn shared() -> &'static Names {
        static NAMES: OnceLock<Names> = OnceLock::new();
        NAMES.get_or_init(|| {
            let mut mint = Mint::new(0x7061_7373_6167_6573);
            let mut coin =
                |n: usize, endings: &[&str]| (0..n).map(|_| capitalised(&mint.word(endings))).collect();
            Names {
                first: coin(180, &["a", "o", "el", "is"]),
                last: coin(360, &["en", "ar", "ez", "ov"]),
                towns: coin(240, &["ville", "ford", "burg", "by"]),
                titles: coin(240, &["um", "ock", "and"]),
            }
        })
    }
}

/// A name: in training of the first two thirds; in dev and test half of the time of the last third.
pub(super) fn draw<'a>(rng: &mut Rng, names: &'a [String], held_out: bool) -> &'a str {
    let (common, unseen) = names.split_at(names.len() * 2 / 3);
    if held_out && rng.chance(50) { rng.pick(unseen) } else { rng.pick(common) }
}

/// With a capital at the start.
pub(super) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}
