//! Holds out questions by whole articles: two paragraphs of one article, or two sentences of one paragraph, reveal too much
//! about each other to be in two splits.

use crate::data::{Questions, split::shuffle};
use std::collections::HashMap;

/// Two contexts without a title that share this many consecutive words count as one article.
const SHARED_WORDS: usize = 12;

/// Removes articles, drawn by `seed`, from `split` until at least `questions` questions are held out, and returns them. The
/// last article always remains. The others keep their order.
///
/// An article has a title. Contexts without a title belong to the same article if they share twelve consecutive words or a
/// question, comparing only letters and digits: a paragraph, a sentence of it, and the tokenised paragraph stay together.
pub fn hold_out_articles(split: &mut Questions, questions: usize, seed: u64) -> Questions {
    let article = articles(split);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); split.contexts.len()];
    for (q, question) in split.questions.iter().enumerate() {
        members[article[question.context]].push(q);
    }
    members.retain(|m| !m.is_empty());
    shuffle(&mut members, seed, u64::MAX);
    let (mut held, mut left) = (Vec::new(), members.len());
    for article in &members {
        if held.len() >= questions || left <= 1 {
            break;
        }
        held.extend(article);
        left -= 1;
    }
    held.sort_unstable();
    let stays: Vec<usize> = (0..split.questions.len()).filter(|q| held.binary_search(q).is_err()).collect();
    let out = split.select(&held);
    *split = split.select(&stays);
    out
}

/// The article of each context, as the index of one of the article's contexts.
pub fn articles(split: &Questions) -> Vec<usize> {
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
        if !title.is_empty() {
            join(format!("title {title}"), c);
            continue;
        }
        let words = words(context);
        for run in words.windows(SHARED_WORDS.min(words.len()).max(1)) {
            join(format!("words {}", run.join(" ")), c);
        }
    }
    for question in split.questions.iter().filter(|q| split.titles[q.context].is_empty()) {
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
    use crate::data::questions::{Answer, Question};
    use std::collections::HashSet;

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
        assert_eq!(articles(&set), [0, 1, 0, 3, 4, 3, 3]);
    }

    #[test]
    fn an_article_is_held_out_whole() {
        let titles: Vec<String> = (0..40).map(|i| format!("t{}", i % 10)).collect();
        let entries: Vec<(&str, &str, &str)> = titles.iter().map(|t| (t.as_str(), "text", "?")).collect();
        let mut rest = split(&entries);
        let out = hold_out_articles(&mut rest, 9, 3);
        assert_eq!((out.questions.len(), rest.questions.len()), (12, 28));
        let names = |s: &Questions| s.titles.iter().cloned().collect::<HashSet<_>>();
        assert!(names(&out).is_disjoint(&names(&rest)));
        let again = |seed| hold_out_articles(&mut split(&entries), 9, seed);
        assert_eq!(again(3), out);
        assert_ne!(again(4), out);
    }

    #[test]
    fn the_last_article_stays() {
        let mut one = split(&[("A", "x", "?"), ("A", "y", "?")]);
        assert!(hold_out_articles(&mut one, 1, 1).questions.is_empty());
        assert_eq!(one.questions.len(), 2);
    }
}
