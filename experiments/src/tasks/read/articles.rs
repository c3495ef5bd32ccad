//! Holds out questions by whole articles: two paragraphs of one article reveal too much about each other to be in two splits.
//! Of a file with few articles, whole paragraphs are held out; two sentences of one paragraph are never in two splits.

use crate::data::{Question, Questions, split::shuffle};
use std::collections::{HashMap, HashSet};

/// Two contexts that share this many consecutive words count as one paragraph.
const SHARED_WORDS: usize = 12;

/// With fewer articles, a tenth of them is nothing or too much.
const FEWEST_ARTICLES: usize = 10;

/// Removes articles, drawn by `seed`, from `split` until at least as many questions as each size are held out, and returns
/// them with what was drawn, for notes. If there are fewer than ten articles, removes paragraphs. The last article or paragraph
/// always remains. The others keep their order.
pub fn hold_out<const N: usize>(
    split: &mut Questions,
    sizes: [usize; N],
    seed: u64,
) -> ([Questions; N], String) {
    let asked: HashSet<usize> = split.questions.iter().map(|question| question.context).collect();
    let articles: HashSet<usize> = groups(split, By::Article)
        .into_iter()
        .enumerate()
        .filter_map(|(context, article)| asked.contains(&context).then_some(article))
        .collect();
    let (by, how) = match articles.len() {
        0..FEWEST_ARTICLES => (By::Paragraph, ", whole paragraphs held out, because there are few articles,"),
        _ => (By::Article, ", whole articles held out"),
    };
    (sizes.map(|questions| hold_out_groups(split, by, questions, seed)), format!("{how} by seed {seed}"))
}

fn hold_out_groups(split: &mut Questions, by: By, questions: usize, seed: u64) -> Questions {
    let group = groups(split, by);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); split.contexts.len()];
    for (q, question) in split.questions.iter().enumerate() {
        members[group[question.context]].push(q);
    }
    members.retain(|m| !m.is_empty());
    shuffle(&mut members, seed, u64::MAX);
    let (mut held, mut left) = (Vec::new(), members.len());
    for group in &members {
        if held.len() >= questions || left <= 1 {
            break;
        }
        held.extend(group);
        left -= 1;
    }
    held.sort_unstable();
    let stays: Vec<usize> = (0..split.questions.len()).filter(|q| held.binary_search(q).is_err()).collect();
    let out = split.select(&held);
    *split = split.select(&stays);
    out
}

/// Which contexts stay together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Those of one title. Contexts without a title stay together if they are about the same paragraph or share a question.
    Article,
    /// Those that share twelve consecutive words, comparing only letters and digits: a paragraph, a sentence of it, and the
    /// tokenised paragraph.
    Paragraph,
}

/// The group of each context, as the index of one of the group's contexts.
pub fn groups(split: &Questions, by: By) -> Vec<usize> {
    let mut parent: Vec<usize> = (0..split.contexts.len()).collect();
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut join = |key: String, context: usize| match first.get(&key) {
        Some(&other) => {
            let (a, b) = (root(&mut parent, context), root(&mut parent, other));
            parent[a.max(b)] = a.min(b);
        }
        None => {
            first.insert(key, context);
        }
    };
    for (c, (context, title)) in split.contexts.iter().zip(&split.titles).enumerate() {
        if by == By::Article && !title.is_empty() {
            join(format!("title {title}"), c);
            continue;
        }
        let words = words(context);
        for run in words.windows(SHARED_WORDS.min(words.len()).max(1)) {
            join(format!("words {}", run.join(" ")), c);
        }
    }
    let untitled = |question: &&Question| split.titles[question.context].is_empty();
    for question in split.questions.iter().filter(|_| by == By::Article).filter(untitled) {
        join(format!("question {}", words(&question.question).join(" ")), question.context);
    }
    (0..parent.len()).map(|c| root(&mut parent, c)).collect()
}

/// The root of a tree; shortens the path on the way (union-find).
fn root(parent: &mut [usize], mut node: usize) -> usize {
    while parent[node] != node {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    node
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Answer;

    /// A split of `(title, context, question)`.
    fn split(entries: &[(&str, &str, &str)]) -> Questions {
        let mut split = Questions::default();
        for (i, (title, context, question)) in entries.iter().enumerate() {
            split.titles.push((*title).into());
            split.contexts.push((*context).into());
            let answers = vec![Answer { text: context[..1].into(), start: 0 }];
            split.questions.push(Question {
                id: i.to_string(),
                context: i,
                question: (*question).into(),
                answers,
            });
        }
        split
    }

    #[test]
    fn titles_name_articles_and_shared_text_joins_what_has_none() {
        let paragraph = "Eleven ships left the port at dawn, and nobody on the quay knew why. Rain fell.";
        let sentence = "eleven ships left the port at dawn , and nobody on the quay knew why .";
        let set = split(&[
            ("A", "one", "who?"),
            ("B", "two", "who?"),
            ("A", "three", "why?"),
            ("", paragraph, "How many ships?"),
            ("", "Something else.", "What?"),
            ("", sentence, "Where from?"),
            ("", "Short.", "how many ships ?"),
        ]);
        // The same question joins contexts without titles only.
        assert_eq!(groups(&set, By::Article), [0, 1, 0, 3, 4, 3, 3]);
        assert_eq!(groups(&set, By::Paragraph), [0, 1, 2, 3, 4, 3, 6]);
    }

    #[test]
    fn an_article_is_held_out_whole() {
        let titles: Vec<String> = (0..40).map(|i| format!("t{}", i % 10)).collect();
        let entries: Vec<(&str, &str, &str)> = titles.iter().map(|t| (t.as_str(), "text", "?")).collect();
        let mut rest = split(&entries);
        let ([out], how) = hold_out(&mut rest, [9], 3);
        assert_eq!(how, ", whole articles held out by seed 3");
        assert_eq!((out.questions.len(), rest.questions.len()), (12, 28));
        let names = |s: &Questions| s.titles.iter().cloned().collect::<HashSet<_>>();
        assert!(names(&out).is_disjoint(&names(&rest)));
        let again = |seed| hold_out(&mut split(&entries), [9], seed).0;
        assert_eq!(again(3)[0], out);
        assert_ne!(again(4)[0], out);
    }

    #[test]
    fn of_few_articles_whole_paragraphs_are_held_out() {
        // Each paragraph of a single article twice, as two contexts.
        let contexts: Vec<String> = (0..40).map(|i| format!("paragraph number {}", i / 2)).collect();
        let entries: Vec<(&str, &str, &str)> = contexts.iter().map(|c| ("A", c.as_str(), "?")).collect();
        let mut rest = split(&entries);
        let ([test, dev], how) = hold_out(&mut rest, [3, 3], 1);
        assert!(how.contains("whole paragraphs"), "{how}");
        let texts = [&test, &dev, &rest].map(|part| part.contexts.iter().collect::<HashSet<_>>());
        assert_eq!([&test, &dev, &rest].map(|part| part.questions.len()), [4, 4, 32]);
        assert_eq!(texts.each_ref().map(HashSet::len), [2, 2, 16]);
        assert_eq!(texts.iter().flatten().collect::<HashSet<_>>().len(), 20, "no paragraph is in two splits");
    }

    #[test]
    fn the_last_paragraph_stays() {
        let mut two = split(&[("A", "x", "?"), ("A", "y", "?"), ("A", "x", "what?")]);
        let ([test, dev], _) = hold_out(&mut two, [1, 1], 1);
        assert!(!test.questions.is_empty() && dev.questions.is_empty() && !two.questions.is_empty());
    }
}
