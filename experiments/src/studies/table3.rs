//! Table 3: a Transformer that translates, beside LSTMs with attention.

use super::budgets;
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};
use crate::run::Task;
use crate::tasks::translate::Translate;

const BLEU: Measure = Measure::test(Translate::METRICS, "bleu");
const CHRF: Measure = Measure::test(Translate::METRICS, "chrf");
const TRANSFORMER: &str = "Transformer";
const UPDATES: &str = "LSTMs, equal updates";
const TIME: &str = "LSTMs, equal time";

/// A Transformer, and LSTMs with as many updates and with as much time.
pub const STUDY: Study = Study {
    name: "table3",
    source: "Table 3",
    title: "Translation: Transformer and LSTMs with attention",
    claim: "The Transformer is powerful in machine translation and sets new BLEU records (3.1; gains of 0.6 to 2.0 over what was best \
            before).",
    rows: "pair",
    columns: "model",
    baseline: Some(UPDATES),
    measures: &[BLEU, CHRF, Measure::Minutes],
    claims: &[Claim::of(BLEU, TRANSFORMER, UPDATES), Claim::of(BLEU, TRANSFORMER, TIME)],
    shows: Shows::Means,
    notes: &[
        "The paper's numbers are of WMT14 and WMT17, which have a hundred times as many pairs and are not at hand; ours cannot be compared \
         with them.",
        "All models of a row have the same subwords and batches. Equal updates: as many epochs. Equal time: as many epochs as take about \
         the time of the Transformer, which the table of minutes shows.",
        "BLEU and chrF are those of sacreBLEU, of translations with a beam of 5. Multi30k: test2016. Tatoeba: sentences that the test sets \
         of Tatoeba have are left out, and whole English sentences are held out.",
    ],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let sets: &[(&'static str, &'static str)] = match (source, scale) {
        (DataSource::Embedded, Scale::Smoke | Scale::Quick) => &[("a to c", "translate-c")],
        (DataSource::Embedded, Scale::Standard | Scale::Full) => {
            &[("a to c", "translate-c"), ("a to f", "translate-f")]
        }
        (DataSource::Real, _) => &[
            ("EN-DE, Multi30k", "multi30k-en-de"),
            ("EN-FR, Multi30k", "multi30k-en-fr"),
            ("EN-DE, Tatoeba", "tatoeba-en-de"),
            ("EN-FR, Tatoeba", "tatoeba-en-fr"),
        ],
    };
    let cell = |(row, set), column, kind| budgets::translation((row, column), (set, kind), (scale, source));
    let three = |set: &(&'static str, &'static str)| {
        let lstms = |column| cell(*set, column, budgets::Kind::Lstm);
        [
            cell(*set, TRANSFORMER, budgets::Kind::Transformer),
            lstms(UPDATES),
            budgets::for_as_long(lstms(TIME)),
        ]
    };
    sets.iter().flat_map(three).collect()
}
