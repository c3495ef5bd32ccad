//! Trees that distances of words describe.

/// The edges of the minimum spanning tree of some of n words, from their distances n × n: pairs (i, j) with i < j, sorted.
/// Of equal distances, that of the first word counts.
///
/// Takes O(n²). Source: Prim, "Shortest connection networks and some generalizations", 1957; for words, Hewitt, Manning 2019,
/// section 4.1.
///
/// # Panics
/// If the lengths do not agree.
#[track_caller]
pub fn spanning_tree(distances: &[f64], chosen: &[bool]) -> Vec<(usize, usize)> {
    let n = chosen.len();
    assert!(distances.len() == n * n, "spanning tree: {} distances of {n} words", distances.len());
    let mut outside: Vec<usize> = (0..n).filter(|&word| chosen[word]).collect();
    if outside.is_empty() {
        return vec![];
    }
    let first = outside.remove(0);
    // The word inside that is nearest to each word outside.
    let mut nearest = vec![first; n];
    let mut edges = vec![];
    let length = |i: usize, j: usize| distances[i * n + j];
    while !outside.is_empty() {
        let best = (0..outside.len()).min_by(|&a, &b| {
            let [a, b] = [outside[a], outside[b]];
            length(nearest[a], a).total_cmp(&length(nearest[b], b))
        });
        let word = outside.remove(best.unwrap_or(0));
        let inside = nearest[word];
        edges.push((word.min(inside), word.max(inside)));
        for &other in &outside {
            if length(word, other) < length(nearest[other], other) {
                nearest[other] = word;
            }
        }
    }
    edges.sort_unstable();
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Tree;
    use proptest::prelude::*;

    #[test]
    fn words_that_are_not_chosen_have_no_edge() {
        let distances = [0.0, 1.0, 5.0, 1.0, 0.0, 1.0, 5.0, 1.0, 0.0];
        assert_eq!(spanning_tree(&distances, &[true; 3]), [(0, 1), (1, 2)]);
        assert_eq!(spanning_tree(&distances, &[true, false, true]), [(0, 2)]);
        assert_eq!(spanning_tree(&distances, &[false, true, false]), []);
        assert_eq!(spanning_tree(&[], &[]), []);
    }

    proptest! {
        /// The distances of a tree give it back.
        #[test]
        fn a_tree_is_found_from_its_distances(heads in prop::collection::vec(0usize..100, 0..12)) {
            // Each word but the first depends on an earlier one.
            let heads = heads.iter().enumerate().map(|(i, head)| Some(head % (i + 1)));
            let tree = Tree::new([None].into_iter().chain(heads).collect()).unwrap();
            let distances: Vec<f64> = tree.distances().into_iter().map(|d| d as f64).collect();
            let mut edges: Vec<_> = tree.edges().map(|(i, j)| (i.min(j), i.max(j))).collect();
            edges.sort_unstable();
            prop_assert_eq!(spanning_tree(&distances, &vec![true; tree.len()]), edges);
        }
    }
}
