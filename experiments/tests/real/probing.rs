//! Counts of the known sets of probes, where `GRADUS_DATA` names the folder that holds them.

use crate::folder;
use gradus::data::Split;
use gradus::run::Task;
use gradus::tasks::probe::Probe;

#[test]
fn the_sets_have_their_counts_and_their_sentences_are_told() {
    let Some(folder) = folder() else { return };
    for (name, sizes, words) in [
        ("probe-ud-english-ewt", [12_544, 2_001, 2_077], 25_094),
        ("probe-ud-chinese-gsd", [3_997, 500, 500], 12_012),
        ("probe-conll2003", [14_041, 3_250, 3_453], 46_435),
        ("probe-sst2-sentences", [6_920, 872, 1_821], 35_023),
    ] {
        let set = Probe::known().iter().find(|set| set.name == name).unwrap();
        let set = set.load(&folder, 1).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(Split::ALL.map(|split| set.split(split).len()), sizes, "{name}");
        assert!(!set.note.contains("version"), "{name}: {}", set.note);
        assert_eq!(set.test.iter().map(|sentence| sentence.words.len()).sum::<usize>(), words, "{name}");
        for sentence in Split::ALL.into_iter().flat_map(|split| set.split(split)) {
            let told = [sentence.tree.is_some(), !sentence.entities.is_empty(), sentence.sentiment.is_some()];
            assert_eq!(told.iter().filter(|told| **told).count(), 1, "{name}");
        }
    }
}
