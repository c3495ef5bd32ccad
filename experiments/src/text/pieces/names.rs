use serde::{Deserialize, Serialize};

/// The names of the special pieces, under the keys that `special_tokens_map.json` and `tokenizer_config.json` have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Names {
    /// Padding.
    pub pad_token: String,
    /// A word that the pieces cannot spell.
    pub unk_token: String,
    /// The start of a text; its vector stands for the whole.
    pub cls_token: String,
    /// The end of a text, and of the first of two.
    pub sep_token: String,
    /// What stands for a piece that is to be predicted.
    pub mask_token: String,
}

impl Default for Names {
    fn default() -> Self {
        let [pad_token, unk_token, cls_token, sep_token, mask_token] =
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(String::from);
        Names { pad_token, unk_token, cls_token, sep_token, mask_token }
    }
}

impl Names {
    /// In the order of BERT's vocabulary.
    pub fn all(&self) -> [String; 5] {
        self.keyed().map(|(_, name)| name.clone())
    }

    fn keyed(&self) -> [(&'static str, &String); 5] {
        [
            ("pad_token", &self.pad_token),
            ("unk_token", &self.unk_token),
            ("cls_token", &self.cls_token),
            ("sep_token", &self.sep_token),
            ("mask_token", &self.mask_token),
        ]
    }
}

/// The ids of the special pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Special {
    /// Padding.
    pub pad: u32,
    /// A word that the pieces cannot spell.
    pub unk: u32,
    /// The start of a text.
    pub cls: u32,
    /// The end of a text, and of the first of two.
    pub sep: u32,
    /// What stands for a piece that is to be predicted.
    pub mask: u32,
}

impl Special {
    /// The ids of `names`; else the key and the name of the first that has none.
    pub(super) fn find(
        names: &Names,
        id: impl Fn(&str) -> Option<u32>,
    ) -> Result<Self, (&'static str, &str)> {
        let [pad, unk, cls, sep, mask] =
            names.keyed().map(|(key, name)| id(name).ok_or((key, name.as_str())));
        Ok(Special { pad: pad?, unk: unk?, cls: cls?, sep: sep?, mask: mask? })
    }

    /// Whether an id is that of a special piece.
    pub fn has(&self, id: u32) -> bool {
        [self.pad, self.unk, self.cls, self.sep, self.mask].contains(&id)
    }
}
