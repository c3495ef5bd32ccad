use crate::invalid::{Checked, check, positive};
use crate::parameters::{conv1d, lstm, shapes, sum};
use serde::{Deserialize, Serialize};

/// The number of characters in a window of the CNN.
pub(super) const KERNEL: usize = 3;

/// How the characters of a word are combined into one vector, in addition to the word's own.
///
/// It is serialised as the keys `characters` (`none`, `cnn` or `lstm`) and, unless that is `none`, `char_embed_dim`,
/// `char_dim` and `char_max_len`; missing keys have their defaults: no characters, 30, 50, 20.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "characters", rename_all = "lowercase", from = "Keys")]
pub enum CharacterModel {
    /// Characters are not read.
    #[default]
    None,
    /// Convolution, ReLU and the maximum over the word. Source: Ma, Hovy, ACL 2016, section 2.1; Seo et al., ICLR
    /// 2017, section 2, layer 1.
    Cnn {
        /// D, the width of a character's vector.
        char_embed_dim: usize,
        /// E, the number of filters: the width of the vector from a word's characters.
        char_dim: usize,
        /// The number of characters kept of each word; the model itself reads words of any length.
        char_max_len: usize,
    },
    /// The last states of an LSTM from each side. Source: Lample et al., NAACL 2016, section 4.1.
    Lstm {
        /// D, the width of a character's vector.
        char_embed_dim: usize,
        /// E, the width of the vector from a word's characters; even, because half of it comes from each direction.
        char_dim: usize,
        /// The number of characters kept of each word; the model itself reads words of any length.
        char_max_len: usize,
    },
}

impl CharacterModel {
    /// E, the width that is added to the words' vectors.
    pub fn width(&self) -> usize {
        self.widths().map_or(0, |(_, width)| width)
    }

    /// The number of characters to keep of each word; `None` if none are read.
    pub fn max_len(&self) -> Option<usize> {
        match *self {
            Self::None => None,
            Self::Cnn { char_max_len, .. } | Self::Lstm { char_max_len, .. } => Some(char_max_len),
        }
    }

    /// D and E.
    pub(super) fn widths(&self) -> Option<(usize, usize)> {
        match *self {
            Self::None => None,
            Self::Cnn { char_embed_dim, char_dim, .. } | Self::Lstm { char_embed_dim, char_dim, .. } => {
                Some((char_embed_dim, char_dim))
            }
        }
    }

    pub(crate) fn check(&self) -> Checked {
        if let Some((char_embed_dim, char_dim)) = self.widths() {
            positive("char_embed_dim", char_embed_dim)?;
            positive("char_dim", char_dim)?;
            let even = char_dim.is_multiple_of(2) || !matches!(self, Self::Lstm { .. });
            check(even, "char_dim", "an even number, half for each direction of the LSTM", char_dim)?;
        }
        self.max_len().map_or(Ok(()), |len| positive("char_max_len", len))
    }

    pub(crate) fn parameters(&self, alphabet: usize) -> Option<u64> {
        let (d, encoder) = match *self {
            Self::None => return Some(0),
            Self::Cnn { char_embed_dim: d, char_dim, .. } => (d, conv1d(d, char_dim, KERNEL)),
            Self::Lstm { char_embed_dim: d, char_dim, .. } => (d, lstm(d, char_dim / 2, 1)),
        };
        sum([shapes(&[&[alphabet, d]]), encoder])
    }
}

/// The keys as a user may write them: unlike those of a tagged enum, all of them can be missing.
#[derive(Deserialize)]
#[serde(default)]
struct Keys {
    characters: Kind,
    char_embed_dim: usize,
    char_dim: usize,
    char_max_len: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    None,
    Cnn,
    Lstm,
}

impl Default for Keys {
    fn default() -> Self {
        Keys { characters: Kind::None, char_embed_dim: 30, char_dim: 50, char_max_len: 20 }
    }
}

impl From<Keys> for CharacterModel {
    fn from(Keys { characters, char_embed_dim, char_dim, char_max_len }: Keys) -> Self {
        match characters {
            Kind::None => Self::None,
            Kind::Cnn => Self::Cnn { char_embed_dim, char_dim, char_max_len },
            Kind::Lstm => Self::Lstm { char_embed_dim, char_dim, char_max_len },
        }
    }
}
