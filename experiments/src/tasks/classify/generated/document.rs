//! Long reviews: many sentences that hint at the verdict, and one or two that settle it.

use super::speaker::Speaker;

/// The fewest and the most words of a long review.
pub(super) const WORDS: std::ops::RangeInclusive<usize> = 60..=150;

/// A review of that polarity. Three times in four a concluding sentence gives the verdict; otherwise the first sentence
/// makes a claim, and one of the last, far away, upholds it or takes it back. What stands between is plot, hearsay that
/// leans against the verdict, and single judgements that lean towards it.
pub(super) fn write(speaker: &mut Speaker, positive: bool) -> String {
    loop {
        let text = draft(speaker, positive);
        if WORDS.contains(&text.split(' ').count()) {
            return text;
        }
    }
}

fn draft(speaker: &mut Speaker, positive: bool) -> String {
    let concluded = speaker.rng.chance(75);
    let upheld = speaker.rng.chance(50);
    let mut sentences = Vec::new();
    if !concluded {
        sentences.push(speaker.say("CLAIM", positive == upheld));
    }
    for _ in 0..5 + speaker.rng.below(5) {
        let (symbol, agreeing) = match speaker.rng.below(100) {
            0..24 => ("STORY", 50),
            24..34 => ("HEARSAY", 40),
            34..90 => ("CLAUSE", 92),
            _ => ("CONTRAST", 92),
        };
        let agrees = speaker.rng.chance(agreeing);
        sentences.push(speaker.say(symbol, positive == agrees));
    }
    let closing = match (concluded, upheld) {
        (true, _) => "VERDICT",
        (false, true) => "KEPT",
        (false, false) => "TAKEN_BACK",
    };
    sentences.push(speaker.say(closing, positive));
    for _ in 0..speaker.rng.below(3) {
        sentences.push(speaker.say("STORY", positive));
    }
    sentences.join(" . ") + " ."
}
