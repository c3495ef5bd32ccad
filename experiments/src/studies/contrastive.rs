//! Section 4.4: contrastive objectives in BiDAF.

use super::budgets::cell;
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study};
use crate::run::Task;
use crate::tasks::read::Read;

const EM: Measure = Measure::test(Read::METRICS, "em");
const F1: Measure = Measure::test(Read::METRICS, "f1");
const NONE: &str = "None";
const EMBEDDING: &str = "InfoNCE, embedding";
const ENCODING: &str = "InfoNCE, encoding";
const BOTH: &str = "InfoNCE, both";

/// InfoNCE on the embedding layer, the encoding layer and both, and the other losses of Table 4 on the encoding layer.
pub const STUDY: Study = Study {
    name: "contrastive",
    source: "Section 4.4",
    title: "Contrastive objectives in BiDAF",
    claim: "Contrastive objectives in the embedding and the encoding layer raise exact match and F1 of BiDAF on SQuAD.",
    rows: "Data set",
    columns: "contrastive objective",
    baseline: Some(NONE),
    measures: &[EM, F1],
    claims: &[
        Claim::of(EM, EMBEDDING, NONE),
        Claim::of(EM, ENCODING, NONE),
        Claim::of(EM, BOTH, NONE),
        Claim::of(F1, EMBEDDING, NONE),
        Claim::of(F1, ENCODING, NONE),
        Claim::of(F1, BOTH, NONE),
    ],
    shows: Shows::Means,
    notes: &[
        "The paper states gains only: 2.4 in accuracy, here exact match, and 1.8 in F1. It says neither which of the losses \
         of its Table 4 was used nor what is contrasted; here the mean vectors of a question and of its context attract \
         each other, those of the batch's other contexts repel.",
    ],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let objectives = [
        (NONE, "none", "info_nce"),
        (EMBEDDING, "embedding", "info_nce"),
        (ENCODING, "encoding", "info_nce"),
        (BOTH, "both", "info_nce"),
        ("Triplet, encoding", "encoding", "triplet"),
        ("SNE, encoding", "encoding", "sne"),
    ];
    objectives
        .map(|(column, place, loss)| {
            let cell = cell(("SQuAD", column), ("squad", "bidaf"), (scale, source));
            let cell = cell.set("loss.contrastive", place);
            let cell = if place == "none" { cell } else { cell.set("loss.contrastive_loss", loss) };
            if place == "both" { cell.paper_gain(2.4) } else { cell }
        })
        .to_vec()
}
