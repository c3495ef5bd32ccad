//! Counts of the known reading sets, where `GRADUS_DATA` names the folder that holds them.

use crate::folder;
use gradus::data::formats::squad;
use gradus::data::{Questions, Splits};
use gradus::metrics::reading::Scores;
use gradus::run::Task;
use gradus::tasks::read::{Read, articles, spans};
use gradus::text::Tokeniser;
use std::collections::HashSet;
use std::path::Path;

fn load(folder: &Path, seed: u64) -> Splits<Questions> {
    let squad = Read::known().iter().find(|set| set.name == "squad").unwrap();
    squad.load(folder, seed).unwrap_or_else(|error| panic!("squad: {error}"))
}

#[test]
fn squad_has_its_counts_and_dev_is_of_other_articles() {
    let Some(folder) = folder() else { return };
    let set = load(&folder, 1);
    assert!(!set.note.contains("version"), "{}", set.note);
    let whole = if set.note.contains("subset") { 18_844 } else { 87_599 };
    let dev = set.dev.questions.len();
    assert_eq!((set.train.questions.len() + dev, set.test.questions.len()), (whole, 10_570));
    assert_eq!(set.test.contexts.len(), 2_067);
    assert!((1_800..2_500).contains(&dev), "{dev}");
    println!("squad: train {}, dev {dev}, {}", set.train.questions.len(), set.note);

    // Both parts together fall into articles, of which each is in one part.
    let mut both = Questions::default();
    for part in [&set.train, &set.dev] {
        let moved = part.questions.iter().cloned().map(|mut q| {
            q.context += both.contexts.len();
            q
        });
        let moved: Vec<_> = moved.collect();
        both.questions.extend(moved);
        both.contexts.extend(part.contexts.iter().cloned());
        both.titles.extend(part.titles.iter().cloned());
    }
    let article = articles::groups(&both, articles::By::Article);
    let (train, dev) = article.split_at(set.train.contexts.len());
    let train: HashSet<usize> = train.iter().copied().collect();
    assert!(dev.iter().all(|a| !train.contains(a)));
    println!("{} articles", article.iter().collect::<HashSet<_>>().len());

    let other = load(&folder, 2);
    assert_eq!(other.checksum, set.checksum);
    assert!(other.test == set.test && other.dev != set.dev);
}

#[test]
fn what_is_read_is_written_and_read_again() {
    let Some(folder) = folder() else { return };
    let test = load(&folder, 1).test;
    let mut again = Questions::default();
    squad::append(Path::new("again"), &squad::write(&test), &mut again).unwrap();
    assert!(again == test);
}

#[test]
fn the_tokens_of_an_answer_read_back_as_the_answer() {
    let Some(folder) = folder() else { return };
    let set = load(&folder, 1);
    for (name, split) in [("train", &set.train), ("test", &set.test)] {
        let tokens: Vec<_> = split.contexts.iter().map(|c| Tokeniser::default().tokens(c)).collect();
        let located = spans::locate(split, &tokens, None, false);
        assert_eq!(located.len(), split.questions.len(), "{name}");
        let read = located.iter().map(|l| {
            let question = &split.questions[l.question];
            let (context, tokens) = (&split.contexts[question.context], &tokens[question.context]);
            let (first, last) = l.answer.unwrap();
            (spans::text_of(context, tokens, first, last), question.texts().collect::<Vec<_>>())
        });
        let best = Scores::of(read);
        let long = split.questions.len() - spans::locate(split, &tokens, Some(250), false).len();
        println!("{name}: {best:?}; with windows of 250 tokens {long} are cut");
        assert!(best.exact_match > 0.98 && best.f1 > 0.99, "{name}: {best:?}");
        assert_eq!(long, 0, "{name}");
    }
}
