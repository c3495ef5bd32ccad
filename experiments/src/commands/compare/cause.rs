//! Why two runs cannot be compared: the settings that make it so.

use crate::commands::trained::Trained;
use crate::data::Split;
use crate::text::pieces;

/// Where the data is. Runs on the same data agree in its checksum, whatever these say.
const SOURCE: [&str; 4] = ["data.dataset", "data.train", "data.dev", "data.test"];

/// How the user's own files are read, whatever their format.
const READING: &str = "data.encoding";

/// Why the data differs, as a part of a sentence.
pub(super) fn of_data(runs: [&Trained; 2]) -> String {
    said(
        differing(runs, &SOURCE),
        "their settings agree, so that the files were changed, or are those of other folders",
    )
}

/// Why the examples differ, of a split or, for none, of a file.
pub(super) fn of_examples(runs: [&Trained; 2], split: Option<Split>) -> String {
    let task = runs[0].task;
    let limit = split.map(|split| match split {
        Split::Train => "data.train_limit",
        Split::Dev => "data.dev_limit",
        Split::Test => "data.test_limit",
    });
    let of_pieces: Vec<&str> =
        task.of_pieces().iter().copied().filter(|key| split.is_none() || !SOURCE.contains(key)).collect();
    let [a, b] = runs.map(|run| run.on.files.get(pieces::FILE));
    let mut keys: Vec<&str> =
        [READING].into_iter().chain(limit).chain(task.deciding().iter().copied()).collect();
    if a != b {
        keys.extend(&of_pieces);
    }
    let mut found = differing(runs, &keys);
    if found.is_empty() {
        // The sizes of a pretrained model come from its folder, too.
        found = differing(runs, &of_pieces);
    }
    said(found, CHANGED)
}

/// Why the metrics are different quantities.
pub(super) fn of_quantities(runs: [&Trained; 2]) -> String {
    said(differing(runs, runs[0].task.deciding()), CHANGED)
}

const CHANGED: &str = "their settings agree, so that the data, or the folder of a pretrained model, was changed after one of them was trained";

fn differing<'k>([a, b]: [&Trained; 2], keys: &[&'k str]) -> Vec<&'k str> {
    a.task.keys().differing(keys, &a.config, &b.config)
}

fn said(keys: Vec<&str>, otherwise: &str) -> String {
    match keys.is_empty() {
        true => otherwise.into(),
        false => format!("their settings differ in {}", keys.join(", ")),
    }
}
