//! Table 2: one recipe for several languages.

use super::budgets;
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study, Trial};
use crate::run::{PIECES_PER_WORD, TYPE_TOKEN_RATIO, Task};
use crate::tasks::translate::Translate;

const BLEU: Measure = Measure::test(Translate::METRICS, "bleu");
const CHRF: Measure = Measure::test(Translate::METRICS, "chrf");
const RATIO: Measure = Measure::Trial(Trial::Richness, TYPE_TOKEN_RATIO);
const PIECES: Measure = Measure::Trial(Trial::Richness, PIECES_PER_WORD);
const ALL: &str = "All pairs";
const EQUAL: &str = "Equally many pairs";

/// A Transformer from English into four languages, or from language a into five, with all data and with equally much.
pub const STUDY: Study = Study {
    name: "table2",
    source: "Table 2",
    title: "Translation into several languages",
    claim: "BLEU differs much between pairs of languages: 35.7 for English-French, 28.3 for German, 27.1 for Romanian, 15.2 for Finnish (2.3).",
    rows: "pair",
    columns: "training pairs",
    baseline: None,
    measures: &[BLEU, CHRF, RATIO, PIECES],
    claims: &[
        Claim::of_rows(BLEU, EQUAL, "EN-FR", "EN-FI"),
        Claim::of_rows(BLEU, EQUAL, "EN-DE", "EN-FI"),
        Claim::of_rows(BLEU, EQUAL, "EN-RO", "EN-FI"),
        Claim::of_rows(BLEU, EQUAL, "EN-FR", "EN-DE"),
        Claim::of_rows(BLEU, EQUAL, "a-b", "a-c"),
        Claim::of_rows(BLEU, EQUAL, "a-b", "a-d"),
        Claim::of_rows(BLEU, EQUAL, "a-b", "a-f"),
        Claim::of_rows(BLEU, EQUAL, "a-e", "a-f"),
    ],
    shows: Shows::Means,
    notes: &[
        "The paper's numbers are of systems and test sets that it does not name; ours are of Tatoeba, whose sentences are short, so that they \
         cannot be compared. The recipe is the same for all languages, but for the epochs at the standard scale: 4 with all German and all \
         French pairs, 10 with all of another language, 20 with equally many.",
        "Generated languages: meanings and numbers of pairs are the same, so that only the languages differ: b is close to a, c has \
         another order, d puts the verb first and has endings, e has gender, f has many endings with vowel harmony. Test sentences have \
         every right translation as a reference.",
        "The type-token ratio is the mean over stretches of 1,000 words of the training translations.",
    ],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let sets: &[(&'static str, &'static str, Option<f64>)] = match (source, scale) {
        (DataSource::Embedded, Scale::Smoke | Scale::Quick) => {
            &[("a-b", "translate-b", None), ("a-f", "translate-f", None)]
        }
        (DataSource::Embedded, Scale::Standard | Scale::Full) => &[
            ("a-b", "translate-b", None),
            ("a-c", "translate-c", None),
            ("a-d", "translate-d", None),
            ("a-e", "translate-e", None),
            ("a-f", "translate-f", None),
        ],
        (DataSource::Real, _) => &[
            ("EN-DE", "tatoeba-en-de", Some(28.3)),
            ("EN-FR", "tatoeba-en-fr", Some(35.7)),
            ("EN-RO", "tatoeba-en-ro", Some(27.1)),
            ("EN-FI", "tatoeba-en-fi", Some(15.2)),
        ],
    };
    // Of generated languages, all pairs are equally many.
    let columns: &[&'static str] = match source {
        DataSource::Real => &[ALL, EQUAL],
        DataSource::Embedded => &[EQUAL],
    };
    let cells = sets.iter().flat_map(|(row, set, paper)| {
        columns.iter().map(move |column| {
            let kind = budgets::Kind::Transformer;
            let cell = budgets::translation((row, column), (set, kind), (scale, source));
            let cell = if *column == EQUAL {
                budgets::of_equally_many(cell, (scale, source))
            } else {
                budgets::of_all(cell, set, (scale, source))
            };
            let cell = cell.tried([Trial::Richness]);
            Cell { paper: *paper, ..cell }
        })
    });
    cells.collect()
}
