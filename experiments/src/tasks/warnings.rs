//! Warnings about data before training that several tasks share. Each is one sentence, whatever the size of the data.

use super::keys::Source;
use crate::data::Split;
use crate::data::counted::counted;
use crate::data::error::listed;
use std::collections::HashSet;
use std::hash::Hash;

/// Warns of the user's own dev and test of which at least half is in training too, whether they were given or held out.
/// `keys` say of each example of train, dev and test what makes it the same; `unit` is what examples are called, and `how`
/// may add to it.
pub(super) fn repeated<F, K: Eq + Hash>(
    source: &Source<F>,
    (unit, how): (&str, &str),
    keys: impl FnOnce() -> [Vec<K>; 3],
) -> Vec<String> {
    if matches!(source, Source::Set(_)) {
        return vec![];
    }
    let [train, dev, test] = keys();
    let trained: HashSet<K> = train.into_iter().collect();
    let warning = |(split, keys): (Split, Vec<K>)| {
        let (all, shared) = (keys.len(), keys.iter().filter(|key| trained.contains(key)).count());
        (shared > 0 && 2 * shared >= all).then(|| {
            format!(
                "{shared} of {all} {unit} of the {split} split are training {unit} too{how}: its metrics say little about \
                 new {unit}"
            )
        })
    };
    [(Split::Dev, dev), (Split::Test, test)].into_iter().filter_map(warning).collect()
}

/// Warns of lines that are probably the rows of a table, each of which is read as one text.
pub(super) fn tabular<F>(source: &Source<F>, texts: &[String]) -> Option<String> {
    const FEWEST: usize = 5;
    let tabs = |text: &String| text.matches('\t').count();
    let of_first = texts.first().map(tabs).filter(|tabs| *tabs > 0 && texts.len() >= FEWEST)?;
    let all = texts.iter().all(|text| tabs(text) == of_first);
    (all && !matches!(source, Source::Set(_))).then(|| {
        format!(
            "every training text has {}, as the rows of a table have: labels or numbers beside the texts are learned as text; write the \
             texts alone to a file, one on each line",
            counted(of_first, "tabs")
        )
    })
}

/// Warns of names that occur once in training; `what` precedes them, in the singular and in the plural.
pub(super) fn once(what: [&str; 2], names: &[String], doubt: [&str; 2]) -> Option<String> {
    let ([one, many], [is_one, are_many]) = (what, doubt);
    let listed = listed(names);
    match names.len() {
        0 => None,
        1 => Some(format!("{one}{listed} occurs less than twice in the training split; {is_one}")),
        n => Some(format!("{n} {many} occur less than twice in the training split: {listed}; {are_many}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::keys::{Named, Own};

    #[test]
    fn rows_of_a_table_are_no_texts() {
        let set = Source::<()>::Set(Named::default());
        let own = Source::example();
        let rows: Vec<String> = (0..5).map(|i| format!("film {i}\tgood")).collect();
        let warned = |source: &Source<()>, rows: &[String]| tabular(source, rows).unwrap_or_default();
        assert!(warned(&own, &rows).starts_with("every training text has 1 tab, as the rows of a table"));
        assert_eq!(warned(&set, &rows), "");
        assert_eq!(warned(&own, &rows[1..]), "", "too few to tell");
        let one = [rows, vec!["a text".to_owned()]].concat();
        assert_eq!(warned(&own, &one), "");
    }

    #[test]
    fn a_split_that_repeats_the_training_examples_is_named() {
        let own = Source::Own(Own {
            train: "f".into(),
            dev: None,
            test: None,
            encoding: Default::default(),
            format: (),
        });
        let keys =
            |dev: &[&'static str], test: &[&'static str]| [vec!["a", "b"], dev.to_vec(), test.to_vec()];
        let of = |dev, test| repeated(&own, ("texts", ", in capitals"), || keys(dev, test));
        let rest = "split are training texts too, in capitals: its metrics say little about new texts";
        assert_eq!(
            of(&["a", "c"], &["a", "b", "a"]),
            [format!("1 of 2 texts of the dev {rest}"), format!("3 of 3 texts of the test {rest}")]
        );
        assert!(of(&["a", "c", "d"], &[]).is_empty());
        let named: Source<()> = Source::Set(Named::default());
        assert!(repeated(&named, ("texts", ""), || keys(&["a"], &["a"])).is_empty());
    }

    #[test]
    fn names_that_occur_once_make_one_sentence() {
        let of = |n: usize| {
            let names: Vec<String> = (0..n).map(|i| i.to_string()).collect();
            once(["the label ", "labels"], &names, ["is it misspelt?", "are they misspelt?"])
        };
        assert_eq!(of(0), None);
        let one = "the label '0' occurs less than twice in the training split; is it misspelt?";
        assert_eq!(of(1).as_deref(), Some(one));
        let many = of(2000).unwrap();
        assert!(
            many.starts_with("2000 labels occur less than twice in the training split: '0', '1'"),
            "{many}"
        );
        assert!(many.ends_with("'9' and 1990 more; are they misspelt?"), "{many}");
    }
}
