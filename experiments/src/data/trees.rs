//! Dependency trees, and sentences that have one.

use std::collections::VecDeque;
use std::fmt;

/// A sentence of a treebank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// At least one word, as in the file.
    pub words: Vec<String>,
    /// The universal part of speech of each word (UPOS).
    pub pos: Vec<String>,
    /// The tag of each word in the tag set of its language (XPOS).
    pub tags: Vec<String>,
    /// The heads.
    pub tree: Tree,
    /// The relation of each word to its head (DEPREL).
    pub relations: Vec<String>,
}

/// A dependency tree over the words 0, 1, … of a sentence: each but the root has a head, and no word is above itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    heads: Vec<Option<usize>>,
}

/// Why heads are no tree; words are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTree {
    /// There is no word.
    Empty,
    /// The head of this word is none of the words.
    OutOfRange(usize),
    /// Both words are roots.
    TwoRoots(usize, usize),
    /// This word is above itself; so is some word wherever there is no root.
    Cycle(usize),
}

impl fmt::Display for NoTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoTree::Empty => write!(f, "no word"),
            NoTree::OutOfRange(word) => write!(f, "the head of word {} is out of range", word + 1),
            NoTree::TwoRoots(one, other) => write!(f, "two roots, the words {} and {}", one + 1, other + 1),
            NoTree::Cycle(word) => write!(f, "a cycle through word {}", word + 1),
        }
    }
}

impl Tree {
    /// The tree with these heads, none for the root. Takes O(T) for T words.
    ///
    /// # Errors
    /// [`NoTree`], for the first word that is at fault.
    pub fn new(heads: Vec<Option<usize>>) -> Result<Tree, NoTree> {
        let n = heads.len();
        if n == 0 {
            return Err(NoTree::Empty);
        }
        if let Some(word) = heads.iter().position(|head| head.is_some_and(|head| head >= n)) {
            return Err(NoTree::OutOfRange(word));
        }
        let mut roots = (0..n).filter(|&word| heads[word].is_none());
        if let (Some(one), Some(other)) = (roots.next(), roots.next()) {
            return Err(NoTree::TwoRoots(one, other));
        }
        // The number of the climb in which each word was met first.
        let mut met = vec![usize::MAX; n];
        for start in 0..n {
            let mut at = start;
            while met[at] == usize::MAX {
                met[at] = start;
                match heads[at] {
                    Some(head) => at = head,
                    None => break,
                }
            }
            if met[at] == start && heads[at].is_some() {
                return Err(NoTree::Cycle(at));
            }
        }
        Ok(Tree { heads })
    }

    /// The number of words, at least one.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// The head of each word, none for the root.
    pub fn heads(&self) -> &[Option<usize>] {
        &self.heads
    }

    /// The root.
    pub fn root(&self) -> usize {
        self.heads.iter().position(Option::is_none).unwrap_or(0)
    }

    /// The edges between a word and its head, as (word, head), in the order of the words.
    pub fn edges(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.heads.iter().enumerate().filter_map(|(word, head)| Some((word, (*head)?)))
    }

    /// The number of edges between each word and the root.
    pub fn depths(&self) -> Vec<usize> {
        self.from(&self.neighbours(), self.root())
    }

    /// The number of edges on the path between each pair of words: T² numbers, row by row.
    pub fn distances(&self) -> Vec<usize> {
        let neighbours = self.neighbours();
        (0..self.len()).flat_map(|word| self.from(&neighbours, word)).collect()
    }

    fn neighbours(&self) -> Vec<Vec<usize>> {
        let mut neighbours = vec![vec![]; self.len()];
        for (word, head) in self.edges() {
            neighbours[word].push(head);
            neighbours[head].push(word);
        }
        neighbours
    }

    /// The distance of each word from one of them.
    fn from(&self, neighbours: &[Vec<usize>], start: usize) -> Vec<usize> {
        let mut distances = vec![usize::MAX; self.len()];
        distances[start] = 0;
        let mut waiting = VecDeque::from([start]);
        while let Some(word) = waiting.pop_front() {
            for &next in &neighbours[word] {
                if distances[next] == usize::MAX {
                    distances[next] = distances[word] + 1;
                    waiting.push_back(next);
                }
            }
        }
        distances
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From heads as CoNLL-U writes them: 0 for the root, else the number of a word from 1.
    fn tree(heads: &[usize]) -> Result<Tree, NoTree> {
        Tree::new(heads.iter().map(|head| head.checked_sub(1)).collect())
    }

    #[test]
    fn depths_and_distances_are_those_of_the_paths() {
        // 3 is the root; 2 and 5 depend on it, 1 on 2, 4 on 5.
        let tree = tree(&[2, 3, 0, 5, 3]).unwrap();
        assert_eq!((tree.root(), tree.len()), (2, 5));
        assert_eq!(tree.depths(), [2, 1, 0, 2, 1]);
        assert_eq!(tree.edges().collect::<Vec<_>>(), [(0, 1), (1, 2), (3, 4), (4, 2)]);
        let rows: Vec<Vec<usize>> = tree.distances().chunks(5).map(<[usize]>::to_vec).collect();
        assert_eq!(
            rows,
            [[0, 1, 2, 4, 3], [1, 0, 1, 3, 2], [2, 1, 0, 2, 1], [4, 3, 2, 0, 1], [3, 2, 1, 1, 0]]
        );
        assert_eq!(tree.distances()[2 * 5..3 * 5], tree.depths());
    }

    #[test]
    fn what_is_no_tree_is_said() {
        for (heads, fault, says) in [
            (&[][..], NoTree::Empty, "no word"),
            (&[1], NoTree::Cycle(0), "a cycle through word 1"),
            (&[0, 3], NoTree::OutOfRange(1), "the head of word 2 is out of range"),
            (&[2, 0, 0], NoTree::TwoRoots(1, 2), "two roots, the words 2 and 3"),
            (&[2, 1, 0], NoTree::Cycle(0), "a cycle through word 1"),
            (&[0, 2, 1], NoTree::Cycle(1), "a cycle through word 2"),
            (&[2, 3, 1], NoTree::Cycle(0), "a cycle through word 1"),
            (&[0, 4, 2, 3], NoTree::Cycle(1), "a cycle through word 2"),
        ] {
            assert_eq!(tree(heads), Err(fault), "{heads:?}");
            assert_eq!(fault.to_string(), says);
        }
    }

    proptest! {
        /// Checked against climbing from every word.
        #[test]
        fn heads_are_a_tree_if_every_word_reaches_the_root(heads in prop::collection::vec(0usize..8, 1..8)) {
            let n = heads.len();
            let reaches = |start: usize| {
                let mut at = start;
                (0..=n).any(|_| {
                    let done = heads[at] == 0;
                    at = heads[at].saturating_sub(1).min(n - 1);
                    done
                })
            };
            let right = heads.iter().all(|&head| head <= n) && heads.iter().filter(|&&head| head == 0).count() == 1
                && (0..n).all(reaches);
            let found = tree(&heads);
            prop_assert_eq!(found.is_ok(), right);
            if let Ok(tree) = found {
                let (depths, distances) = (tree.depths(), tree.distances());
                for (word, head) in tree.edges() {
                    prop_assert_eq!(depths[word], depths[head] + 1);
                    for other in 0..n {
                        prop_assert_eq!(distances[word * n + other], distances[other * n + word]);
                        prop_assert_eq!(distances[word * n + other].abs_diff(distances[head * n + other]), 1);
                    }
                }
            }
        }
    }
}
