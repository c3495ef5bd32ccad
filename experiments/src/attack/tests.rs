//! Attacks on models of which we know what they read.

use super::*;
use gradus_engine::Tensor;

/// A model that knows one word: its output is whether the word is there; its loss is small if it is. In its table, `warm` is like
/// `fine`, and `dull` is the opposite.
struct Keyword {
    victims: Vec<Victim>,
    space: Space,
}

const KEYWORD: &str = "fine";

impl Keyword {
    fn new(texts: &[&str]) -> Keyword {
        let words = ["fine", "warm", "dull", "cast", "plot", "long"].map(String::from).to_vec();
        let table =
            [1.0f32, 0.0, 0.0, 0.9, 0.1, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.9, 0.1, 0.0, 0.0, 1.0];
        let space = Space::new(words, &Tensor::from_slice(&table, [6, 3]), (0..6).collect());
        let victim = |text: &&str| Victim::of_words(text.split_whitespace().map(String::from).collect());
        Keyword { victims: texts.iter().map(victim).collect(), space }
    }
}

impl Changes<bool> for Keyword {
    fn count(&self) -> usize {
        self.victims.len()
    }

    fn victim(&self, example: usize) -> Option<Victim> {
        (!self.victims[example].words.is_empty()).then(|| self.victims[example].clone())
    }

    fn read(&self, _: usize, texts: &[Vec<String>]) -> Vec<(bool, f64)> {
        let there = |words: &Vec<String>| words.iter().any(|word| word.to_lowercase() == KEYWORD);
        texts.iter().map(|words| (there(words), if there(words) { 0.1 } else { 3.0 })).collect()
    }

    fn gradient(&self, _: usize, words: &[String]) -> Tensor {
        // The loss falls along the first feature, at the keyword alone.
        let of = |word: &String| if word == KEYWORD { [-1.0f32, 0.0, 0.0] } else { [0.0; 3] };
        let rows: Vec<f32> = words.iter().flat_map(of).collect();
        Tensor::from_slice(&rows, [words.len(), 3])
    }

    fn space(&self) -> &Space {
        &self.space
    }
}

fn plan(kind: Kind, budget: usize) -> Plan {
    Plan { kind, budget, limit: 0, seed: 1, similarity: Plan::SIMILARITY }
}

fn after(keyword: &Keyword, example: usize, plan: &Plan) -> After {
    let outcome = attack(keyword, &|there| *there, example, plan).unwrap();
    outcome.after.unwrap()
}

type After = super::search::After<bool>;

#[test]
fn the_only_word_that_matters_is_found() {
    let keyword = Keyword::new(&["the long plot was fine and the cast long"]);
    for kind in [Kind::Characters, Kind::Words, Kind::HotFlip] {
        let found = after(&keyword, 0, &plan(kind, 1));
        assert!(found.fell && !found.output, "{kind:?}: {found:?}");
        assert_eq!(found.places(), [4], "{kind:?}: {found:?}");
        match kind {
            // One is asked first, then each word, then the misspellings of one word.
            Kind::Characters => assert!(found.queries > 10 && found.changed[4].starts_with('f')),
            Kind::Words => assert_eq!((found.changed[4].as_str(), found.queries), ("warm", 1 + 9 + 1)),
            Kind::HotFlip => assert_eq!((found.changed[4].as_str(), found.queries), ("dull", 1 + 1 + 5)),
        }
        assert_eq!(found, after(&keyword, 0, &plan(kind, 1)), "the same seed");
    }
}

#[test]
fn the_budget_is_kept_and_wrong_examples_are_left_alone() {
    let keyword = Keyword::new(&["fine and fine and fine", "the dull plot", ""]);
    for kind in [Kind::Characters, Kind::Words] {
        let found = after(&keyword, 0, &plan(kind, 2));
        assert!(!found.fell && found.changed.iter().any(|word| word == KEYWORD), "{found:?}");
        assert!(found.places().len() <= 2, "{found:?}");
    }
    let outcome = attack(&keyword, &|there| *there, 1, &plan(Kind::Words, 2)).unwrap();
    assert!(!outcome.before && outcome.after.is_none());
    assert!(attack(&keyword, &|there| *there, 2, &plan(Kind::Words, 2)).is_none());
}

#[test]
fn answers_are_fixed_and_named_words_are_only_misspelt() {
    let mut keyword = Keyword::new(&["the fine cast"]);
    keyword.victims[0].named[1] = true;
    assert!(after(&keyword, 0, &plan(Kind::Characters, 1)).fell);
    for kind in [Kind::Words, Kind::HotFlip] {
        assert!(!after(&keyword, 0, &plan(kind, 1)).fell, "{kind:?}");
    }
    keyword.victims[0].fixed[1] = true;
    assert!(!after(&keyword, 0, &plan(Kind::Characters, 1)).fell);
}

#[test]
fn replacements_are_near_and_have_the_tag() {
    let Keyword { space, .. } = Keyword::new(&[]);
    assert_eq!(nearest::nearest(&space, "Fine", None, 0.5), ["Warm"]);
    assert_eq!(nearest::nearest(&space, "fine", None, -1.0), ["warm", "cast", "plot", "long", "dull"]);
    assert_eq!(nearest::nearest(&space, "unknown", None, -1.0), Vec::<String>::new());
    let space =
        space.with_tags([("warm", 1), ("warm", 0), ("warm", 0), ("dull", 1), ("plot", 1)].into_iter());
    assert_eq!(nearest::nearest(&space, "fine", Some(1), -1.0), ["plot", "dull"]);
    assert_eq!(nearest::nearest(&space, "fine", Some(0), 0.5), ["warm"]);
}

/// The gains against (E_c − E_w) · g by hand.
#[test]
fn flips_come_by_their_first_order_gain() {
    let Keyword { space, victims } = Keyword::new(&["cast fine plot"]);
    let gradient = Tensor::from_slice(&[0.0f32, -2.0, 0.0, -1.0, 0.0, 0.5, 0.0, 0.0, 0.0], [3, 3]);
    let flips = |may: [bool; 3]| {
        let found = hotflip::flips(&space, &victims[0], &victims[0].words, &may, &gradient);
        found.into_iter().map(|flip| (flip.place, flip.word)).collect::<Vec<_>>()
    };
    let all = flips([true, true, true]);
    // cast: fine, dull and long 2, warm 1.8, plot 0.2; fine: dull 2, long 1.5, plot 1.05, cast 1, warm 0.1.
    assert_eq!(all.len(), 10);
    assert_eq!(
        &all[..4],
        [(0, "fine"), (0, "dull"), (0, "long"), (1, "dull")].map(|(t, w)| (t, w.to_owned()))
    );
    assert_eq!(all[9], (1, "warm".to_owned()));
    let only: Vec<_> = flips([false, true, false]);
    assert_eq!(
        only.iter().map(|(_, word)| word.as_str()).collect::<Vec<_>>(),
        ["dull", "long", "plot", "cast", "warm"]
    );
}
