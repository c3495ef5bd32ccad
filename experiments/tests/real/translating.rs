//! Counts of the known sets of translations, where `GRADUS_DATA` names the folder that holds them.

use crate::folder;
use gradus::data::Split;
use gradus::run::Task;
use gradus::tasks::translate::Translate;
use std::collections::HashSet;

#[test]
fn the_sets_have_their_counts_and_no_sentence_is_in_two_splits() {
    let Some(folder) = folder() else { return };
    let mut held: Vec<HashSet<String>> = vec![];
    for (name, sizes) in [
        ("multi30k-en-de", [29_000, 1_014, 1_000]),
        ("multi30k-en-fr", [29_000, 1_014, 1_000]),
        ("tatoeba-en-de", [165_813, 2_000, 2_000]),
        ("tatoeba-en-fr", [163_130, 2_000, 2_000]),
        ("tatoeba-en-fi", [41_629, 2_000, 2_000]),
        ("tatoeba-en-ro", [8_249, 1_000, 1_000]),
    ] {
        let set = Translate::known().iter().find(|set| set.name == name).unwrap();
        let set = set.load(&folder, 1).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(Split::ALL.map(|split| set.split(split).len()), sizes, "{name}");
        assert!(!set.note.contains("version"), "{name}: {}", set.note);
        let pairs = Split::ALL.into_iter().flat_map(|split| set.split(split));
        assert!(pairs.into_iter().all(|pair| !pair.source.contains(['\n', '\t'])), "{name}");
        let sources = |split| set.split(split).iter().map(|pair| pair.source.clone()).collect::<HashSet<_>>();
        let [train, dev, test] = Split::ALL.map(sources);
        if name.starts_with("tatoeba") {
            assert!(train.is_disjoint(&dev) && train.is_disjoint(&test) && dev.is_disjoint(&test), "{name}");
            held.push(test);
        }
    }
    // The same English sentences are held out, as far as they are translated into both languages.
    assert!(held[0].intersection(&held[1]).count() > 300, "{}", held[0].intersection(&held[1]).count());
}
