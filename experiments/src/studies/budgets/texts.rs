//! The budgets of language models and of translators.

use super::{ONE, TWO};
use crate::report::study::{Cell, DataSource, Scale};
use Scale::{Full, Quick, Smoke, Standard};

/// What a model that writes texts is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Transformer,
    Lstm,
}

impl Kind {
    /// Its language model, as in `model.name`.
    const fn language_model(self) -> &'static str {
        match self {
            Kind::Transformer => "transformer-lm",
            Kind::Lstm => "rnn-lm",
        }
    }

    /// Its translator, as in `model.name`.
    const fn translator(self) -> &'static str {
        match self {
            Kind::Transformer => "seq2seq-transformer",
            Kind::Lstm => "seq2seq-rnn",
        }
    }
}

/// Keys with their values.
type Sets<'a> = &'a [(&'a str, &'a str)];

/// A cell for a language model. At each scale, Transformers and LSTMs have about equally many parameters. A Transformer sees at most a
/// stretch, which is therefore as long as the longest context that is asked for.
pub fn language(
    (row, column): (&'static str, &'static str),
    (set, kind): (&str, Kind),
    (scale, source): (Scale, DataSource),
) -> Cell {
    let (limits, epochs, seeds) = match (source, scale) {
        (_, Smoke) => (["100", "40", "40"], "1", ONE),
        (DataSource::Embedded, Quick) => (["2000", "200", "300"], "6", ONE),
        (DataSource::Embedded, Standard | Full) => (["0", "0", "0"], "15", TWO),
        (DataSource::Real, Quick) => (["4000", "500", "500"], "4", ONE),
        // The novels have more than twice as many tokens as the Penn Treebank.
        (DataSource::Real, Standard) if set == "gutenberg-books" => (["0", "0", "0"], "4", TWO),
        (DataSource::Real, Standard) => (["0", "0", "0"], "10", TWO),
        (DataSource::Real, Full) => (["0", "0", "0"], "40", TWO),
    };
    let sizes = match (kind, source, scale) {
        (Kind::Transformer, _, Smoke) => ["16", "32", "1", "4"],
        (Kind::Transformer, _, Quick) => ["64", "256", "2", "4"],
        (Kind::Transformer, DataSource::Real, Full) => ["256", "1024", "4", "8"],
        (Kind::Transformer, _, Standard | Full) => ["128", "512", "4", "8"],
        (Kind::Lstm, _, Smoke) => ["16", "16", "2", "8"],
        (Kind::Lstm, _, Quick) => ["64", "115", "2", "8"],
        (Kind::Lstm, DataSource::Real, Full) => ["256", "650", "2", "20"],
        (Kind::Lstm, _, Standard | Full) => ["128", "335", "2", "20"],
    };
    let (inner, stretch) = match (kind, scale) {
        (Kind::Transformer, _) => ("model.feed_forward", "512"),
        (Kind::Lstm, Smoke | Quick) => ("model.hidden_dim", "32"),
        (Kind::Lstm, Standard | Full) => ("model.hidden_dim", "35"),
    };
    let keys = ["model.embed_dim", inner, "model.layers", "train.batch_size"];
    let sizes: Vec<(&str, &str)> = keys.into_iter().zip(sizes).collect();
    // The words of novels come with their punctuation.
    let unit: Sets = match set {
        "gutenberg-books" => &[("data.unit", "subwords"), ("data.vocab_size", "8000")],
        _ => &[("data.min_count", "1")],
    };
    // Small LSTMs stay long at the frequencies of words, unless their steps are large.
    let small: Sets = match (kind, scale) {
        (Kind::Transformer, Smoke | Quick) => &[("optimizer.lr", "3e-3"), ("model.dropout", "0.1")],
        (Kind::Lstm, Smoke | Quick) => &[("optimizer.lr", "1e-2"), ("model.dropout", "0.1")],
        (_, Standard) => &[("model.dropout", "0.2")],
        (Kind::Transformer, Full) => &[],
        (Kind::Lstm, Full) => &[("model.dropout", "0.4")],
    };
    let common = [
        ("task", "language"),
        ("data.dataset", set),
        ("data.stretch", stretch),
        ("data.context", "256"),
        ("data.stride", "256"),
        ("model.name", kind.language_model()),
        ("train.epochs", epochs),
    ];
    let cell = Cell::new(row, column).set_all(&common).set_all(&sizes).set_all(unit).set_all(small);
    Cell { seeds: seeds.to_vec(), ..limited(cell, limits) }
}

/// The same with so little text that it can be learned by heart within the epochs, and no long contexts.
pub fn by_heart(cell: Cell, (scale, source): (Scale, DataSource)) -> Cell {
    let (limits, epochs) = match (source, scale) {
        (_, Smoke) => (["100", "40", "40"], "1"),
        (DataSource::Embedded, Quick) => (["600", "200", "200"], "8"),
        (DataSource::Real, Quick) => (["1000", "200", "200"], "8"),
        (DataSource::Embedded, Standard | Full) => (["4000", "1000", "1000"], "20"),
        (DataSource::Real, Standard) => (["4000", "1000", "1000"], "20"),
        (DataSource::Real, Full) => (["0", "0", "0"], "40"),
    };
    let is_transformer =
        cell.sets.contains(&("model.name".into(), Kind::Transformer.language_model().into()));
    let stretch: Sets = if is_transformer { &[("data.stretch", "128")] } else { &[] };
    let cell = cell.set_all(&[("train.epochs", epochs), ("data.context", "64"), ("data.stride", "64")]);
    limited(cell.set_all(stretch), limits)
}

/// A cell for a translator.
pub fn translation(
    (row, column): (&'static str, &'static str),
    (set, kind): (&str, Kind),
    (scale, source): (Scale, DataSource),
) -> Cell {
    let (limits, epochs, seeds) = match (source, scale) {
        (_, Smoke) => (["96", "24", "24"], "1", ONE),
        (DataSource::Embedded, Quick) => (["3000", "100", "200"], "6", ONE),
        (DataSource::Embedded, Standard | Full) => (["0", "500", "0"], "20", TWO),
        (DataSource::Real, Quick) => (["4000", "300", "300"], "5", ONE),
        (DataSource::Real, Standard) if set.starts_with("tatoeba") => (["20000", "500", "1000"], "10", TWO),
        (DataSource::Real, Standard) => (["0", "500", "1000"], "10", TWO),
        (DataSource::Real, Full) => (["0", "0", "0"], "30", TWO),
    };
    let [width, inner, layers, pieces, batch] = match (source, scale) {
        (_, Smoke) => ["16", "32", "1", "400", "32"],
        (DataSource::Embedded, Quick) => ["64", "128", "1", "1500", "32"],
        (DataSource::Embedded, Standard | Full) => ["128", "512", "2", "3000", "64"],
        (DataSource::Real, Quick) => ["64", "256", "1", "4000", "32"],
        // As small as few pairs ask for: Wu et al. 2021, "Good for misconceived reasons".
        (DataSource::Real, Standard | Full) => ["128", "256", "4", "6000", "64"],
    };
    let sizes: Sets = match kind {
        Kind::Transformer => &[("model.feed_forward", inner), ("model.layers", layers)],
        Kind::Lstm => &[("model.hidden_dim", width), ("model.layers", "1")],
    };
    let small: Sets = match (source, scale) {
        (_, Smoke | Quick) => &[("optimizer.lr", "3e-3"), ("model.dropout", "0")],
        (DataSource::Embedded, Standard | Full) => &[],
        (DataSource::Real, Standard | Full) => &[("optimizer.lr", "3e-3"), ("model.dropout", "0.3")],
    };
    let common = [
        ("task", "translate"),
        ("data.dataset", set),
        ("data.vocab_size", pieces),
        ("model.name", kind.translator()),
        ("model.embed_dim", width),
        ("train.batch_size", batch),
        ("train.epochs", epochs),
    ];
    let cell = Cell::new(row, column).set_all(&common).set_all(sizes).set_all(small);
    Cell { seeds: seeds.to_vec(), ..limited(cell, limits) }
}

/// The same with as many epochs as take LSTMs about the time of a Transformer.
pub fn for_as_long(cell: Cell) -> Cell {
    let epochs = cell.sets.iter().find(|(key, _)| key == "train.epochs");
    let epochs: usize = epochs.and_then(|(_, value)| value.parse().ok()).unwrap_or(1);
    cell.set("train.epochs", (3 * epochs).div_ceil(2).to_string())
}

/// The same with as many training pairs as the smallest of the sets of real data has.
pub fn of_equally_many(cell: Cell, (scale, source): (Scale, DataSource)) -> Cell {
    match (source, scale) {
        (DataSource::Real, Standard) => cell.set_all(&[("data.train_limit", "8000"), ("train.epochs", "20")]),
        (DataSource::Real, Full) => cell.set("data.train_limit", "8000"),
        (DataSource::Real | DataSource::Embedded, _) => cell,
    }
}

/// The same with all training pairs that are at hand; at the standard scale, the largest sets take fewer epochs.
pub fn of_all(cell: Cell, set: &str, (scale, source): (Scale, DataSource)) -> Cell {
    match (source, scale, set) {
        (DataSource::Real, Standard, "tatoeba-en-de" | "tatoeba-en-fr") => {
            cell.set_all(&[("data.train_limit", "0"), ("train.epochs", "4")])
        }
        (DataSource::Real, Standard, _) => cell.set("data.train_limit", "0"),
        (DataSource::Real, Smoke | Quick | Full, _) | (DataSource::Embedded, _, _) => cell,
    }
}

fn limited(cell: Cell, [train, dev, test]: [&str; 3]) -> Cell {
    cell.set_all(&[("data.train_limit", train), ("data.dev_limit", dev), ("data.test_limit", test)])
}
