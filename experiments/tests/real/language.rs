//! Counts of the known sets of running text, where `GRADUS_DATA` names the folder that holds them.

use crate::folder;
use gradus::data::Split;
use gradus::run::{From, Task};
use gradus::tasks;
use gradus::tasks::language::Language;

/// Tokens of train, dev and test, with the ends of lines. Those of the Penn Treebank are the published ones.
#[test]
fn the_sets_have_their_counts() {
    let Some(folder) = folder() else { return };
    for (name, lines, tokens, vocabulary) in [
        ("ptb", [42_068, 3_370, 3_761], [929_589, 73_760, 82_430], Some(10_000)),
        ("gutenberg-books", [26_895, 3_899, 2_126], [0; 3], None),
    ] {
        let set = Language::known().iter().find(|set| set.name == name).unwrap();
        let set = set.load(&folder, 1).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(Split::ALL.map(|split| set.split(split).0.texts.len()), lines, "{name}");
        assert!(!set.note.contains("version"), "{name}: {}", set.note);
        let Some(vocabulary) = vocabulary else { continue };
        let sets = ["task=language".into(), format!("data.dataset={name}"), "data.min_count=1".into()];
        let config = tasks::load(None, &sets).unwrap();
        let from = From { folder: Some(folder.clone()), ..From::default() };
        let job = tasks::of(&config).prepare(&config, &from).unwrap();
        assert_eq!((job.vocabulary(), job.sizes().iter().sum::<usize>()), (vocabulary, tokens[0]));
        let said = job.understood().lines;
        for (heading, tokens) in ["train", "dev", "test"].into_iter().zip(tokens) {
            let line = said.iter().find(|(found, _)| *found == heading).unwrap();
            assert!(line.1.starts_with(&format!("{tokens} words of ")), "{line:?}");
        }
    }
}
