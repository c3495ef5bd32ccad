use gradus_kernels::philox::Stream;
use serde::{Deserialize, Serialize};

/// A source of independent random streams, drawn in program order.
///
/// Its whole state is two numbers, which a checkpoint stores. Every random operation takes its own [`Stream`] and
/// depends on no other source of randomness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rng {
    seed: u64,
    drawn: u64,
    #[serde(skip)]
    blank: bool,
}

impl Rng {
    /// A source with this seed.
    pub fn new(seed: u64) -> Self {
        Rng { seed, drawn: 0, blank: false }
    }

    /// No source: random tensors are zeros. Use it for a model whose parameters are read from a file right away, so that
    /// drawing them would be wasted.
    pub fn blank() -> Self {
        Rng { seed: 0, drawn: 0, blank: true }
    }

    /// Whether random tensors are zeros.
    pub(crate) fn is_blank(&self) -> bool {
        self.blank
    }

    /// How many streams were drawn so far.
    pub(crate) fn drawn(&self) -> u64 {
        self.drawn
    }

    /// Skips the next streams, which something else drew.
    pub(crate) fn skip(&mut self, streams: u64) {
        self.drawn += streams;
    }

    /// Whether both have the same seed.
    pub(crate) fn has_seed_of(&self, other: &Rng) -> bool {
        self.seed == other.seed
    }

    /// The next stream.
    pub fn stream(&mut self) -> Stream {
        let stream = Stream { seed: self.seed, stream: self.drawn };
        self.drawn += 1;
        stream
    }
}

/// Whether a forward pass is for training, with a source of randomness, or for evaluation.
#[derive(Debug)]
pub enum Mode<'a> {
    /// Dropout is on, averages are updated.
    Train(&'a mut Rng),
    /// Dropout is off, averages are not updated.
    Eval,
}

impl Mode<'_> {
    /// Whether this is training.
    pub fn is_train(&self) -> bool {
        matches!(self, Mode::Train(_))
    }

    /// The same mode for one more callee.
    pub fn again(&mut self) -> Mode<'_> {
        match self {
            Mode::Train(rng) => Mode::Train(rng),
            Mode::Eval => Mode::Eval,
        }
    }

    /// A stream for one random operation; `None` in evaluation.
    pub fn stream(&mut self) -> Option<Stream> {
        match self {
            Mode::Train(rng) => Some(rng.stream()),
            Mode::Eval => None,
        }
    }
}
