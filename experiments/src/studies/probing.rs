//! Section 2.2: what the layers of a BERT that is not trained tell about words and sentences.

use super::{budgets, pretraining};
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};
use crate::run::Task;
use crate::tasks::probe::Probe;

const ACCURACY: Measure = Measure::test(Probe::METRICS, "accuracy");
const MIDDLE: &str = "Middle layer";
const LAST: &str = "Last layer";

const POS: &str = "Part of speech";
const DEPTH: &str = "Depth in the tree";
const DISTANCE: &str = "Distance in the tree";
const ENTITY: &str = "Type of entity";
const SENTIMENT: &str = "Sentiment";

/// The property and the real data set of each row.
const ROWS: [(&str, &str, &str); 5] = [
    (POS, "pos", "probe-ud-english-ewt"),
    (DEPTH, "depth", "probe-ud-english-ewt"),
    (DISTANCE, "distance", "probe-ud-english-ewt"),
    (ENTITY, "entity", "probe-conll2003"),
    (SENTIMENT, "sentiment", "probe-sst2-sentences"),
];

/// The columns on real data, by layer, and on generated data.
const REAL: [(&str, &str); 7] = [
    ("Embeddings", "0"),
    ("Layer 1", "1"),
    ("Layer 2", "2"),
    (MIDDLE, "3"),
    ("Layer 4", "4"),
    ("Layer 5", "5"),
    (LAST, "6"),
];
const EMBEDDED: [(&str, &str); 3] = [("Embeddings", "0"), (MIDDLE, "1"), (LAST, "2")];

/// Linear probes of syntax and of meaning, layer by layer.
pub const STUDY: Study = Study {
    name: "probing",
    source: "Section 2.2",
    title: "What each layer of a BERT tells",
    claim: "Self-attention captures shallow syntax, and struggles to extract meaning. As a comparison: syntax is read better from the \
            middle layer than from the last one, meaning better from the last one.",
    rows: "property",
    columns: "layer",
    baseline: None,
    measures: &[
        ACCURACY,
        Measure::test(Probe::METRICS, "selectivity"),
        Measure::test(Probe::METRICS, "correlation"),
    ],
    claims: &[
        Claim::of(ACCURACY, MIDDLE, LAST).in_rows(&[POS, DEPTH, DISTANCE]),
        Claim::of(ACCURACY, LAST, MIDDLE).in_rows(&[ENTITY, SENTIMENT]),
    ],
    shows: Shows::Means,
    notes: &[
        "The BERT is never trained: on real data it is all-MiniLM-L6-v2, which was trained for the similarity of sentences; on \
         generated data a small BERT that was pre-trained here (study pretraining). Probes are linear.",
        "Accuracy is that of labels, for depths the share of right roots, for distances UUAS. Selectivity is accuracy less that on a \
         control that a probe can only know by heart: random labels of word types or sentences, random heads of word types. The \
         accuracies of two properties cannot be compared, since they have different numbers of labels.",
        "Seeds change the probes alone, which differ little, so that small differences between layers exceed the spread.",
    ],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let columns: &[(&str, &str)] = match source {
        DataSource::Real => &REAL,
        DataSource::Embedded => &EMBEDDED,
    };
    let cell = |(row, property, real): (&'static str, &str, &str), (column, layer): (&'static str, &str)| {
        let set = if source == DataSource::Real { real } else { "probe-a" };
        let cell = budgets::probing((row, column), set, (scale, source));
        let cell = cell.set_all(&[("probe.property", property), ("probe.layer", layer)]);
        match source {
            DataSource::Real => cell.set("model.pretrained", "data:pretrained/all-minilm-l6-v2"),
            DataSource::Embedded => {
                let small = (pretraining::NAME, pretraining::ONE, pretraining::BERT);
                cell.set_run("model.pretrained", small, "pretrained")
            }
        }
    };
    ROWS.into_iter().flat_map(|row| columns.iter().map(move |column| cell(row, *column))).collect()
}
