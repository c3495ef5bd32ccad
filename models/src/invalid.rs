//! Checks of the values of a configuration, beyond their types.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// A value of a configuration with which no model can be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The key, as it is serialised.
    pub key: &'static str,
    /// The condition on its value.
    pub expected: String,
    /// The value.
    pub found: String,
}

impl Display for Invalid {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.key, self.expected, self.found)
    }
}

impl Error for Invalid {}

pub(crate) type Checked = Result<(), Invalid>;

/// The largest number of layers of an LSTM. Each has a cost besides its parameters, which are counted elsewhere.
const LAYERS: usize = 1000;
/// The largest number of kernel sizes, for the same reason.
const KERNELS: usize = 100;
/// The largest number of words in a window; each text is padded for it.
const WINDOW: usize = 10_000;

pub(crate) fn check(
    holds: bool,
    key: &'static str,
    expected: impl Into<String>,
    found: impl ToString,
) -> Checked {
    if holds { Ok(()) } else { Err(Invalid { key, expected: expected.into(), found: found.to_string() }) }
}

pub(crate) fn positive(key: &'static str, value: usize) -> Checked {
    check(value > 0, key, "at least 1", value)
}

pub(crate) fn share(key: &'static str, value: f64) -> Checked {
    check((0.0..1.0).contains(&value), key, "at least 0 and below 1", value)
}

/// The keys of the words' vectors.
pub(crate) fn words(embed_dim: usize, embed_std: f64, embedding_dropout: f64) -> Checked {
    positive("embed_dim", embed_dim)?;
    check(embed_std.is_finite() && embed_std > 0.0, "embed_std", "a finite number above 0", embed_std)?;
    share("embedding_dropout", embedding_dropout)
}

pub(crate) fn layers(value: usize) -> Checked {
    check((1..=LAYERS).contains(&value), "layers", format!("from 1 to {LAYERS}"), value)
}

pub(crate) fn kernel_sizes(sizes: &[usize]) -> Checked {
    const KEY: &str = "kernel_sizes";
    let some = format!("from 1 to {KERNELS} sizes");
    check((1..=KERNELS).contains(&sizes.len()), KEY, some, format!("{} sizes", sizes.len()))?;
    let outside = sizes.iter().find(|size| !(1..=WINDOW).contains(*size));
    outside.map_or(Ok(()), |size| check(false, KEY, format!("sizes from 1 to {WINDOW}"), size))
}

/// Heads of self-attention over `width` features, which is a sum or product of sizes and may exceed 64 bits.
pub(crate) fn attention_heads(heads: usize, width: u128) -> Checked {
    check(
        heads == 0 || width.is_multiple_of(heads as u128),
        "attention_heads",
        format!("0 or a divisor of {width}, the width that it attends over"),
        heads,
    )
}
