//! Section 2.2: classifiers under attack, with and without adversarial training.

use super::budgets::{self, cell};
use super::pretraining;
use crate::attack::Kind;
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study, Trial};
use crate::run::{Better, Metric, Task, Unit};
use crate::tasks::classify::Classify;

const CLEAN: Measure = Measure::test(Classify::METRICS, "accuracy");
const CHARACTERS: Measure = under(Kind::Characters);
const WORDS: Measure = under(Kind::Words);
const HOTFLIP: Measure = under(Kind::HotFlip);
const QUERIES: Metric = Metric { name: "queries", better: Better::Larger, unit: Unit::Plain };

/// The column without adversarial training.
pub(super) const PLAIN: &str = "Plain";
const FGM: &str = "FGM";
const PGD: &str = "PGD";
const BERT: &str = "SST-2, BERT";
const BILSTM: &str = "SST-2, BiLSTM";

/// The rows and their models.
pub(super) const ROWS: [(&str, &str); 3] =
    [("SST-2, TextCNN", "textcnn"), (BILSTM, "bilstm"), (BERT, "bert")];

/// The most words to change in a text, and the number of texts to attack.
const BUDGET: usize = 2;
const ATTACKED: usize = 50;

const fn attack(kind: Kind) -> Trial {
    Trial::Attack { kind, budget: BUDGET, limit: ATTACKED }
}

const fn under(kind: Kind) -> Measure {
    Measure::Trial(attack(kind), Metric::share("accuracy"))
}

/// Three models by three ways to train, under three attacks.
pub const STUDY: Study = Study {
    name: "robustness",
    source: "Section 2.2",
    title: "Classifiers under attack, with and without adversarial training",
    claim: "Small changes of the input make BERT wrong. Adversarial training keeps more of the accuracy, and BERT keeps more of it \
            than a BiLSTM.",
    rows: "data and model",
    columns: "training",
    baseline: Some(PLAIN),
    measures: &[CHARACTERS, WORDS, HOTFLIP, CLEAN],
    claims: &[
        Claim::of(CHARACTERS, FGM, PLAIN),
        Claim::of(CHARACTERS, PGD, PLAIN),
        Claim::of(WORDS, FGM, PLAIN),
        Claim::of(WORDS, PGD, PLAIN),
        Claim::of(HOTFLIP, FGM, PLAIN),
        Claim::of(HOTFLIP, PGD, PLAIN),
        Claim::of_rows(CHARACTERS, PLAIN, BERT, BILSTM),
        Claim::of_rows(WORDS, PLAIN, BERT, BILSTM),
        Claim::of_rows(HOTFLIP, PLAIN, BERT, BILSTM),
    ],
    shows: Shows::Matrix(&[QUERIES]),
    notes: &[
        "An attack changes at most 2 words of each of 50 texts of the test split, the same ones for all models, until the model is \
         wrong. Accuracy under attack is the share of these texts that are still right; the test accuracy beside it is of the whole \
         split. `characters` misspells words, `words` takes words with similar vectors, `hotflip` follows the gradient.",
        "Queries are the texts that a model had to read until the attack ended, in the mean over those that it got right.",
        "BERT on real data is all-MiniLM-L6-v2, on generated data a small BERT that was pre-trained here (study pretraining). At the \
         standard scale, all models learn from 2,000 texts, since PGD takes the time of four trainings.",
        "Adversarial training moves all vectors of a text together by a quarter of the norm of one of them or less (BERT on real data \
         0.3, other models 0.1, the small BERT 0.03). Moved by 0.3, the others learned little or nothing from these few texts.",
    ],
    plan,
};

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let cells = |(row, model): (&'static str, &str)| {
        let of = |column| {
            let cell = classifier((row, column), model, scale, source);
            cell.tried(Kind::ALL.map(attack))
        };
        let epsilon = match (source, model) {
            (DataSource::Real, "bert") => "0.3",
            (DataSource::Real, _) => "0.1",
            (DataSource::Embedded, "bert") => "0.03",
            (DataSource::Embedded, _) => "0.1",
        };
        let against = |column, name: &str| {
            of(column).set_all(&[("loss.adversarial", name), ("loss.adversarial_epsilon", epsilon)])
        };
        [of(PLAIN), against(FGM, "fgm"), against(PGD, "pgd")]
    };
    ROWS.into_iter().flat_map(cells).collect()
}

/// A classifier of sentences that is to be attacked or explained.
pub(super) fn classifier(
    names: (&'static str, &'static str),
    model: &str,
    scale: Scale,
    source: DataSource,
) -> Cell {
    let (set, embed, hidden) = match source {
        DataSource::Real => ("sst2-sentences", "64", "64"),
        DataSource::Embedded => ("opinions-a", "12", "16"),
    };
    let is_bert = model == "bert";
    let cell = match (is_bert, source) {
        (true, DataSource::Real) => budgets::fine_tuned(names, set, (scale, source))
            .set_all(&[("model.pooling", "mean"), ("model.pretrained", "data:pretrained/all-minilm-l6-v2")]),
        (true, DataSource::Embedded) => {
            let small = (pretraining::NAME, pretraining::ONE, pretraining::BERT);
            let cell = budgets::fine_tuned(names, set, (scale, source)).set("model.pooling", "mean");
            cell.set_run("model.pretrained", small, "pretrained")
        }
        (false, _) => {
            let sizes = [("model.embed_dim", embed), ("model.hidden_dim", hidden)];
            let cell = cell(names, (set, model), (scale, DataSource::Real)).set_all(&sizes);
            if scale == Scale::Smoke { cell } else { cell.set("data.min_count", "2") }
        }
    };
    let limits: &[(&str, &str)] = match (scale, source, is_bert) {
        (Scale::Smoke, ..) => &[("data.test_limit", "4")],
        // A few thousand of the generated texts are enough.
        (Scale::Quick, DataSource::Embedded, false) => {
            &[("data.train_limit", "2000"), ("data.test_limit", "500")]
        }
        (Scale::Quick, DataSource::Embedded, true) => &[
            ("data.train_limit", "2000"),
            ("data.dev_limit", "200"),
            ("data.test_limit", "500"),
            ("train.epochs", "3"),
            // Small batches: of the few texts, there must be enough steps.
            ("train.batch_size", "8"),
        ],
        (Scale::Standard, DataSource::Real, false) => &[("data.train_limit", "2000")],
        (Scale::Standard, DataSource::Real, true) => {
            &[("data.train_limit", "2000"), ("data.dev_limit", "300"), ("train.epochs", "2")]
        }
        (Scale::Quick | Scale::Standard | Scale::Full, ..) => &[],
    };
    // PGD takes the time of four trainings.
    let seeds = match (scale, is_bert) {
        (Scale::Standard, _) if source == DataSource::Real => vec![1, 2, 3],
        (Scale::Smoke | Scale::Quick | Scale::Standard, true) => vec![1],
        (Scale::Standard, false) => vec![1, 2],
        (Scale::Smoke | Scale::Quick, false) | (Scale::Full, _) => cell.seeds.clone(),
    };
    Cell { seeds, ..cell.set_all(limits) }
}
