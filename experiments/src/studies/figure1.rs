//! Figure 1: BERT fine-tuned on several domains, and on which of them it can be used.

use super::budgets::{self, cell};
use super::pretraining;
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study, Trial};
use crate::run::Task;
use crate::tasks::classify::Classify;

const F1: Measure = Measure::test(Classify::METRICS, "f1_macro");
const GAP: Measure = Measure::gap(Classify::METRICS, "f1_macro");
const BERT: &str = "BERT";
const ADAPTED: &str = "BERT, adapted to one domain";
const BILSTM: &str = "BiLSTM";

/// A BERT, the same after more pre-training on texts of one domain, and a BiLSTM: each is trained on each domain and tested on
/// all.
pub const STUDY: Study = Study {
    name: "figure1",
    source: "Figure 1",
    title: "BERT fine-tuned on different domains",
    claim: "BERT does not do equally well in all domains, and models adapt badly to other domains (2.3). That a pretrained model \
            loses less there than one that is not, and less after more pre-training on a domain, is our reading.",
    rows: "trained on",
    columns: "model",
    baseline: Some(BERT),
    measures: &[F1, GAP],
    claims: &[Claim::of(F1, BERT, BILSTM), Claim::of(GAP, BERT, BILSTM), Claim::of(GAP, ADAPTED, BERT)],
    shows: Shows::Matrix(&[F1_MACRO]),
    notes: &[
        "The paper's figure names no domains, no data and no numbers.",
        "Real data: BERT is all-MiniLM-L6-v2, which was trained for the similarity of sentences, not plain BERT; its file has no head \
         for masked pieces, so that more pre-training begins with a new one. Below the full scale, models learn from 400 of the 1,400 \
         training texts of a domain and are tested on 100 of 400. Texts are cut after 64 word pieces, or words.",
        "Generated data: six domains at known distances (fewer in quick and smoke); BERT is a small one that was pre-trained on their \
         texts without labels (study pretraining).",
        "More pre-training is on the training texts of fdu-mr, which are single sentences about films, or on other texts of domain-6.",
    ],
    plan,
};

const F1_MACRO: crate::run::Metric = match F1 {
    Measure::Test(metric) => metric,
    _ => unreachable!(),
};

/// The domains that are compared.
fn domains(scale: Scale, source: DataSource) -> &'static [&'static str] {
    match (source, scale) {
        (DataSource::Embedded, Scale::Smoke) => &["domain-1", "domain-6"],
        (DataSource::Embedded, Scale::Quick) => &["domain-1", "domain-3", "domain-6"],
        (DataSource::Embedded, Scale::Standard | Scale::Full) => {
            &["domain-1", "domain-2", "domain-3", "domain-4", "domain-5", "domain-6"]
        }
        (DataSource::Real, _) => &[
            "fdu-books",
            "fdu-dvd",
            "fdu-video",
            "fdu-music",
            "fdu-imdb",
            "fdu-mr",
            "fdu-magazines",
            "fdu-apparel",
            "fdu-baby",
            "fdu-toys",
            "fdu-sports",
            "fdu-health",
            "fdu-kitchen",
            "fdu-camera",
            "fdu-electronics",
            "fdu-software",
        ],
    }
}

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let domains = domains(scale, source);
    let of_domain = |domain: &'static str| {
        let bert = |column| {
            budgets::of_domain(
                budgets::fine_tuned((domain, column), domain, (scale, source)),
                (scale, source),
            )
        };
        let plain = match source {
            DataSource::Real => bert(BERT).set("model.pretrained", "data:pretrained/all-minilm-l6-v2"),
            DataSource::Embedded => {
                let small = (pretraining::NAME, pretraining::DOMAINS, pretraining::BERT);
                bert(BERT).set_run("model.pretrained", small, "pretrained")
            }
        };
        let one_domain = match source {
            DataSource::Real => pretraining::REAL_ONE_DOMAIN,
            DataSource::Embedded => pretraining::ONE_DOMAIN,
        };
        let adapted = (pretraining::NAME, one_domain, pretraining::BERT);
        let adapted = bert(ADAPTED).set_run("model.pretrained", adapted, "pretrained");
        let bilstm = cell((domain, BILSTM), (domain, "bilstm"), (scale, DataSource::Real));
        let bilstm = budgets::of_domain(bilstm, (scale, source));
        [plain.set("model.pooling", "mean"), adapted.set("model.pooling", "mean"), bilstm]
            .map(|cell| cell.tried(domains.iter().copied().map(Trial::On)).set("train.metric", "f1_macro"))
    };
    domains.iter().copied().flat_map(of_domain).collect()
}
