use gradus_engine::Tensor;
use std::collections::HashMap;

/// The distinct words of a batch in the order in which they appear.
pub(super) struct Distinct {
    /// [W, longest], 0 past a word's end.
    pub(super) chars: Vec<i64>,
    /// The length of each word, at least 1.
    pub(super) lengths: Vec<i64>,
    /// The number of characters of the longest word.
    pub(super) longest: usize,
    /// For each position of the batch 1 + the index of its word, or 0 for padding.
    pub(super) rows: Vec<i64>,
}

impl Distinct {
    #[track_caller]
    pub(super) fn of(chars: &Tensor, lengths: &Tensor) -> Self {
        let (shape, c) = (chars.shape(), chars.dim(-1));
        assert!(shape.rank() == 3, "characters: ids must be [B, T, C], they are {shape:?}");
        assert_eq!(
            lengths.shape(),
            [shape[0], shape[1]].into(),
            "characters: there must be one length for each word of {shape:?}"
        );
        let (chars, lengths) = (chars.elements::<i64>(), lengths.elements::<i64>());
        let mut numbers: HashMap<&[i64], i64> = HashMap::new();
        let mut words: Vec<&[i64]> = vec![];
        let rows = lengths.iter().enumerate().map(|(place, &len)| {
            assert!(
                (0..=c as i64).contains(&len),
                "characters: length {len} of word {place} is outside 0..={c}"
            );
            if len == 0 {
                return 0;
            }
            let word = &chars[place * c..][..len as usize];
            *numbers.entry(word).or_insert_with(|| {
                words.push(word);
                words.len() as i64
            })
        });
        let rows = rows.collect();
        let longest = words.iter().map(|w| w.len()).max().unwrap_or(0);
        let mut padded = vec![0; words.len() * longest];
        for (to, word) in padded.chunks_mut(longest.max(1)).zip(&words) {
            to[..word.len()].copy_from_slice(word);
        }
        Distinct { chars: padded, lengths: words.iter().map(|w| w.len() as i64).collect(), longest, rows }
    }
}
