//! Section 2.3: masked language modelling in several languages, and models that are used in a language they were not trained in.

use super::{budgets, pretraining};
use crate::report::study::{Cell, Claim, DataSource, Measure, Scale, Shows, Study, Trial};
use crate::run::Task;
use crate::tasks::{classify::Classify, tag::Tag};

const F1: Measure = Measure::test(Tag::METRICS, "f1");
const NONE: &str = "No pre-training";
const ONE: &str = "One language";
const SEVERAL: &str = "Several languages";
const PAIRED: &str = "With translations";
const TARGET: &str = "Trained on the target";

/// A tagger and a classifier that are trained in one language and tested in others, from four kinds of pre-training; and trained
/// on the tested language itself.
pub const STUDY: Study = Study {
    name: "languages",
    source: "Section 2.3",
    title: "From one language to another, by the text of pre-training",
    claim: "Masked language modelling that does not depend on a language is multilingual pre-training (2.3). That it lets a model be \
            used in a language it was not trained in, better with translations, and worse the more distant the language is, is our \
            reading.",
    rows: "task and test language",
    columns: "pre-training",
    baseline: Some(ONE),
    measures: &[F1],
    claims: &[
        Claim::of(F1, SEVERAL, ONE),
        Claim::of(F1, PAIRED, SEVERAL),
        Claim::of_rows(F1, PAIRED, "Names, b", "Names, c"),
        Claim::of_rows(F1, PAIRED, "Names, b", "Names, d"),
        Claim::of_rows(F1, PAIRED, "Opinions, b", "Opinions, c"),
        Claim::of_rows(F1, PAIRED, "Opinions, b", "Opinions, d"),
        Claim::of_rows(F1, PAIRED, "Names, German", "Names, Chinese"),
        Claim::of_rows(F1, PAIRED, "Names, Swedish", "Names, Chinese"),
        Claim::of_rows(F1, PAIRED, "Emotions, German", "Emotions, Finnish"),
        Claim::of_rows(F1, PAIRED, "Emotions, French", "Emotions, Finnish"),
        Claim::of_rows(F1, PAIRED, "Emotions, Romanian", "Emotions, Finnish"),
    ],
    shows: Shows::Means,
    notes: &[
        "Names: F1 of entities. Opinions: F1, macro average of both labels, chance is 50; emotions: of eight labels, of which a text \
         may have several.",
        "All are fine-tuned from a small BERT (study pretraining): with random weights and the vocabulary of several languages (no \
         pre-training); pre-trained on text in the language of training; on as much text in several languages; and on text in which \
         each sentence stands beside its translation. Only the last column learns from labels in the test language, from the model that \
         was pre-trained with translations.",
        "Generated data: the languages a to d of growing distance from a, in which models are trained. The labelled texts are the same \
         in all languages, those of pre-training are others.",
        "Real data: English names are those of CoNLL-2003 without its kind MISC, the tests are UNER's (German: PUD, which has no training \
         split), and emotions are XED's. Pre-training reads Tatoeba (English, German, French, Finnish), RO-STS (English, Romanian) and \
         the Swedish and Chinese training texts of UNER, which have no translations. The published weights at hand are English only. A BERT of this size and \
         budget is far from a published multilingual one.",
    ],
    plan,
};

/// A row: what a model is trained on, and what it is tested on.
struct Row {
    name: &'static str,
    source: &'static str,
    target: &'static str,
    /// Whether the target has a training split.
    learns: bool,
}

const fn row(name: &'static str, source: &'static str, target: &'static str) -> Row {
    Row { name, source, target, learns: true }
}

const GENERATED: [Row; 6] = [
    row("Names, b", "names-a", "names-b"),
    row("Names, c", "names-a", "names-c"),
    row("Names, d", "names-a", "names-d"),
    row("Opinions, b", "opinions-a", "opinions-b"),
    row("Opinions, c", "opinions-a", "opinions-c"),
    row("Opinions, d", "opinions-a", "opinions-d"),
];

const REAL: [Row; 7] = [
    Row { learns: false, ..row("Names, German", "conll2003-plo", "uner-de-pud") },
    row("Names, Swedish", "conll2003-plo", "uner-sv"),
    row("Names, Chinese", "conll2003-plo", "uner-zh"),
    row("Emotions, German", "xed-en", "xed-de"),
    row("Emotions, French", "xed-en", "xed-fr"),
    row("Emotions, Romanian", "xed-en", "xed-ro"),
    row("Emotions, Finnish", "xed-en", "xed-fi"),
];

fn plan(scale: Scale, source: DataSource) -> Vec<Cell> {
    let rows: Vec<&Row> = match (source, scale) {
        (DataSource::Embedded, Scale::Smoke) => GENERATED[..1].iter().collect(),
        // Of one task the nearest language and the most distant one.
        (DataSource::Embedded, Scale::Quick) => GENERATED.iter().step_by(2).take(2).collect(),
        (DataSource::Embedded, Scale::Standard | Scale::Full) => GENERATED.iter().collect(),
        (DataSource::Real, _) => REAL.iter().collect(),
    };
    rows.iter().flat_map(|row| cells(row, &rows, scale, source)).collect()
}

fn cells(row: &Row, rows: &[&Row], scale: Scale, source: DataSource) -> Vec<Cell> {
    let start = match source {
        DataSource::Embedded => {
            [pretraining::UNTRAINED, pretraining::ONE, pretraining::SEVERAL, pretraining::PAIRED]
        }
        DataSource::Real => [
            pretraining::REAL_UNTRAINED,
            pretraining::REAL_ONE,
            pretraining::REAL_SEVERAL,
            pretraining::REAL_PAIRED,
        ],
    };
    let metric = |trial: Option<Trial>| match (row.source, trial) {
        ("names-a" | "conll2003-plo", Some(trial)) => Measure::trial(trial, Tag::METRICS, "f1"),
        ("names-a" | "conll2003-plo", None) => F1,
        (_, Some(trial)) => Measure::trial(trial, Classify::METRICS, "f1_macro"),
        (_, None) => Measure::test(Classify::METRICS, "f1_macro"),
    };
    let from = |column, set: &'static str, start| {
        let cell = budgets::of_language(
            budgets::fine_tuned((row.name, column), set, (scale, source)),
            (scale, source),
        );
        let cell =
            cell.set_run("model.pretrained", (pretraining::NAME, start, pretraining::BERT), "pretrained");
        match set {
            "opinions-a" | "opinions-b" | "opinions-c" | "opinions-d" => cell.set("model.pooling", "mean"),
            set if set.starts_with("xed-") => {
                cell.set("model.pooling", "mean").set("loss.name", "binary_cross_entropy")
            }
            _ => cell,
        }
    };
    // The rows of one task share their runs, which are tried on all of their languages.
    let trials = rows.iter().filter(|other| other.source == row.source).map(|other| Trial::On(other.target));
    let trials: Vec<Trial> = trials.collect();
    let moved = |(column, start)| {
        let cell = from(column, row.source, start).tried(trials.clone());
        cell.reads(metric(Some(Trial::On(row.target))))
    };
    let mut cells: Vec<Cell> = [NONE, ONE, SEVERAL, PAIRED].into_iter().zip(start).map(moved).collect();
    if row.learns {
        cells.push(from(TARGET, row.target, start[3]).reads(metric(None)));
    }
    cells
}
