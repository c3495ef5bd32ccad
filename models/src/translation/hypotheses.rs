use gradus_engine::nn::{CachePlaces, DecoderPlaces};
use gradus_engine::{DType, Device, Tensor};

/// Where the hypotheses of a search have their own places, and those of their sources: no keys and values move if a search exchanges,
/// doubles or drops hypotheses.
pub(super) struct Hypotheses {
    own: CachePlaces,
    /// The source of each hypothesis.
    sources: Vec<usize>,
    /// The number of tokens of each source, and S.
    lengths: Vec<usize>,
    longest: usize,
    /// The places of each hypothesis's source [N, S], −1 past its end.
    memory: Tensor,
}

impl Hypotheses {
    /// An empty hypothesis for each source, with these numbers of tokens `i64` [B] of at most S.
    pub fn new(lengths: &Tensor, longest: usize) -> Self {
        let device = lengths.device();
        let lengths: Vec<usize> = lengths
            .to_vec::<i64>()
            .into_iter()
            .map(|n| usize::try_from(n).unwrap_or(0).min(longest))
            .collect();
        let sources: Vec<usize> = (0..lengths.len()).collect();
        let memory = places(&sources, &lengths, longest, device);
        Hypotheses { own: CachePlaces::new(sources.len(), 0), sources, lengths, longest, memory }
    }

    /// The i-th becomes the one that was `parents[i]`-th, with another place.
    #[track_caller]
    pub fn grow(&mut self, parents: &[usize]) {
        self.own.grow(parents);
        let sources: Vec<usize> = parents.iter().map(|&parent| self.sources[parent]).collect();
        // A beam that stays among the hypotheses of its source reads the same memory.
        if sources != self.sources {
            self.memory = places(&sources, &self.lengths, self.longest, self.memory.device());
            self.sources = sources;
        }
    }

    /// T, the number of places of each hypothesis.
    pub fn len(&self) -> usize {
        self.own.len()
    }

    /// The places of their sources [N, S].
    pub fn memory(&self) -> &Tensor {
        &self.memory
    }

    /// Of weights [N, S] those of the real tokens of each hypothesis's source.
    pub fn of_sources(&self, weights: &Tensor) -> Vec<Vec<f32>> {
        let weights = weights.to_dtype(DType::F32).to_vec::<f32>();
        let rows = weights.chunks(self.longest.max(1)).zip(&self.sources);
        rows.map(|(row, &source)| row[..self.lengths[source]].to_vec()).collect()
    }

    /// Their own places, and those of their sources.
    pub fn places(&self) -> DecoderPlaces {
        DecoderPlaces { own: self.own.tensor(self.memory.device()), memory: self.memory.clone() }
    }
}

fn places(sources: &[usize], lengths: &[usize], longest: usize, device: Device) -> Tensor {
    let of = |&source: &usize| {
        let place = move |at| if at < lengths[source] { (source * longest + at) as i64 } else { -1 };
        (0..longest).map(place)
    };
    let all: Vec<i64> = sources.iter().flat_map(of).collect();
    Tensor::from_slice(&all, [sources.len(), longest]).to_device(device)
}
