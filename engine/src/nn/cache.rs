use super::KeysValues;
use crate::{Device, Tensor};
use gradus_kernels::memory::Buffer;
use std::sync::Arc;

/// Keys and values [R, 2, N, d] of the places of texts, to which those of more places are added: a table for
/// [`cached_attention`](Tensor::cached_attention).
///
/// What is there stays where it is: if the memory is full it doubles, so that a row is copied once or twice in all. A clone shares the
/// memory until one of both grows.
#[derive(Clone, Debug)]
pub struct KeyValueCache {
    /// [C, 2, N, d], of which the first R rows are in use.
    table: Tensor,
    rows: usize,
}

impl KeyValueCache {
    /// A cache with the places of texts [B, T, ..]: place t of text b is row b · T + t.
    #[track_caller]
    pub fn new(texts: &KeysValues) -> Self {
        let table = texts.rows().detach().contiguous();
        KeyValueCache { rows: table.dim(0), table }
    }

    /// R.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The rows [R, 2, N, d].
    pub fn table(&self) -> Tensor {
        self.table.narrow(0, 0, self.rows)
    }

    /// Adds rows for the places of texts [B, T, ..], at the end in their order.
    ///
    /// # Panics
    /// If heads, their width, dtype or device differ.
    #[track_caller]
    pub fn append(&mut self, texts: &KeysValues) {
        let new = texts.rows().detach();
        let (from, to) = (new.shape(), self.table.shape());
        let same = from.with(0, 0) == to.with(0, 0) && new.kind() == self.table.kind();
        assert!(same, "cache: rows {from:?} of {} after {to:?} of {}", new.dtype(), self.table.dtype());
        let rows = self.rows + from[0];
        let fits = rows <= to[0] && self.table.count() == self.table.storage.len();
        if !fits || Arc::get_mut(&mut self.table.storage).is_none() {
            self.move_to(rows.max(2 * to[0]));
        }
        let memory = Arc::get_mut(&mut self.table.storage).expect("a fresh buffer is not shared");
        write(&new, memory, self.rows);
        self.rows = rows;
    }

    /// Copies the rows in use to memory for `capacity` of them.
    fn move_to(&mut self, capacity: usize) {
        let shape = self.table.shape().with(0, capacity);
        let mut memory = Buffer::for_overwrite(self.table.kind(), shape.count());
        write(&self.table(), &mut memory, 0);
        self.table = Tensor::from_buffer(memory, shape);
    }
}

/// Writes rows [M, 2, N, d] into the memory of a table, from row `first` on.
fn write(rows: &Tensor, memory: &mut Buffer, first: usize) {
    let shape = rows.shape();
    let width: usize = shape[1..].iter().product();
    let to = memory.dst_range(first * width, rows.count());
    let outcome = gradus_kernels::convert::copy_strided(&shape, rows.src(), rows.layout.strides(), to);
    crate::ops::ran("cache", rows.kind(), outcome);
}

/// The rows of a [`KeyValueCache`] in which sequences have their places, in order: sequences that grew from one share the rows of what
/// they have in common.
#[derive(Clone, Debug, Default)]
pub struct CachePlaces {
    of: Vec<Vec<i64>>,
    rows: usize,
}

impl CachePlaces {
    /// Those of `texts` texts of `places` places each, with which a cache begins.
    pub fn new(texts: usize, places: usize) -> Self {
        let row = |at: usize| at as i64;
        let of = (0..texts).map(|text| (text * places..(text + 1) * places).map(row).collect()).collect();
        CachePlaces { of, rows: texts * places }
    }

    /// The number of sequences.
    pub fn sequences(&self) -> usize {
        self.of.len()
    }

    /// T, the number of places of each sequence.
    pub fn len(&self) -> usize {
        self.of.first().map_or(0, Vec::len)
    }

    /// Whether the sequences have no place.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The i-th sequence becomes the one that was `parents[i]`-th, with a place at its end in the i-th of the rows that are added to
    /// the cache.
    ///
    /// # Panics
    /// If there is no such sequence.
    #[track_caller]
    pub fn grow(&mut self, parents: &[usize]) {
        let first = self.rows;
        let grown = |(i, &parent): (usize, &usize)| {
            let mut places = Vec::with_capacity(self.of[parent].len() + 1);
            places.extend(&self.of[parent]);
            places.push((first + i) as i64);
            places
        };
        self.of = parents.iter().enumerate().map(grown).collect();
        self.rows += parents.len();
    }

    /// As `i64` [N, T].
    pub fn tensor(&self, device: Device) -> Tensor {
        Tensor::from_slice(&self.of.concat(), [self.of.len(), self.len()]).to_device(device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DType, Rng};

    fn texts(b: usize, t: usize, rng: &mut Rng) -> KeysValues {
        KeysValues(Tensor::normal([b, t, 2, 3, 4], 0.0, 1.0, rng))
    }

    /// Rows stay in their order whatever the memory does, and a clone keeps its own.
    #[test]
    fn a_cache_holds_what_was_added() {
        let mut rng = Rng::new(1);
        let begun = texts(2, 3, &mut rng);
        let mut cache = KeyValueCache::new(&begun);
        let mut all = begun.0.to_vec::<f32>();
        let before = cache.clone();
        let (mut moves, mut at) = (0, cache.table.storage.address());
        for step in 0..40 {
            let new = texts(1 + step % 3, 1, &mut rng);
            cache.append(&new);
            all.extend(new.0.to_vec::<f32>());
            assert_eq!(cache.table().to_vec::<f32>(), all);
            let now = cache.table.storage.address();
            moves += usize::from(now != at);
            at = now;
        }
        assert_eq!((before.len(), cache.len(), moves), (6, 85, 4));
        assert_eq!(before.table().to_vec::<f32>(), begun.0.to_vec::<f32>());
        let mut other = cache.clone();
        other.append(&texts(1, 1, &mut rng));
        assert_eq!(cache.table().to_vec::<f32>(), all);
    }

    #[test]
    fn places_follow_the_parents() {
        let mut places = CachePlaces::new(2, 0);
        assert!(places.is_empty() && places.sequences() == 2);
        places.grow(&[0, 1]);
        places.grow(&[1, 1, 0]);
        places.grow(&[2, 0]);
        let found = places.tensor(Device::Cpu);
        assert_eq!((found.shape().to_vec(), found.dtype()), (vec![2, 3], DType::I64));
        assert_eq!(found.to_vec::<i64>(), [0, 4, 5, 1, 2, 6]);
        assert_eq!(CachePlaces::new(2, 2).tensor(Device::Cpu).to_vec::<i64>(), [0, 1, 2, 3]);
    }

    #[test]
    #[should_panic(expected = "cache: rows [1, 2, 3, 5] of f32 after [2, 2, 3, 4] of f32")]
    fn rows_of_another_width_are_a_bug() {
        let mut rng = Rng::new(1);
        let mut cache = KeyValueCache::new(&texts(2, 1, &mut rng));
        cache.append(&KeysValues(Tensor::normal([1, 1, 2, 3, 5], 0.0, 1.0, &mut rng)));
    }
}
