//! Counts of the known sets of plain text, where `GRADUS_DATA` names the folder that holds them.

use crate::folder;
use gradus::data::{Part, Split};
use gradus::run::Task;
use gradus::tasks::masked::Masked;

#[test]
fn the_sets_have_their_counts() {
    let Some(folder) = folder() else { return };
    for (name, sizes) in [
        ("gutenberg", [29_720, 1_600, 1_600]),
        ("tinyshakespeare", [5_782, 720, 720]),
        ("fdu-mr-text", [1_280, 160, 160]),
        ("tatoeba-en", [82_907, 1_000, 1_000]),
        ("tatoeba", [108_584, 1_000, 1_000]),
        ("tatoeba-paired", [57_442, 1_000, 1_000]),
    ] {
        let set = Masked::known().iter().find(|set| set.name == name).unwrap();
        let set = set.load(&folder, 1).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(Split::ALL.map(|split| set.split(split).len()), sizes, "{name}");
        assert!(!set.note.contains("version"), "{name}: {}", set.note);
        let texts = Split::ALL.into_iter().flat_map(|split| &set.split(split).texts);
        assert!(texts.into_iter().all(|text| !text.is_empty() && !text.contains('\n')), "{name}");
    }
}
