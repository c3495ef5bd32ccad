//! Explanations: how much each word contributes to an output of a trained model.
//!
//! A method treats a model as a function F of the vectors x \[T, D\] of a text's words ([`Explained`]) and gives each word a
//! number, its attribution. All methods that need a baseline use the same one, x′: the vectors of as many unknown words; for a
//! model of pieces, of as many masked pieces.
//!
//! | file | holds |
//! | --- | --- |
//! | `explained` | the trait [`Explained`]; F and its gradients in batches; [`log_odds`] |
//! | `gradient_input` | x · ∂F/∂x |
//! | `integrated` | integrated gradients |
//! | `occlusion` | the change of F without one word |
//! | `attention` | attention maps; the mean attention to each word |
//! | `rollout` | attention through all layers |
//! | `faithfulness` | deletion and insertion: how fast the probability falls or rises when words are removed or added in the order of a method |
//! | `agreement` | the rank correlation of two methods |
//! | `explanation` | all of this for one output, [`explain`] |
//! | `terminal`, `page`, `json` | an explanation for a terminal, as an HTML page, as JSON |

mod agreement;
mod attention;
mod explained;
mod explanation;
mod faithfulness;
mod gradient_input;
mod integrated;
mod json;
mod occlusion;
mod page;
mod rollout;
mod terminal;
#[cfg(test)]
mod tests;

pub use attention::AttentionMap;
pub use explained::{Explained, Which, log_odds, log_odds_of_any};
pub use explanation::{Areas, Attribution, Control, Explanation, control, explain};
pub use json::json;
pub use page::page;
pub use terminal::terminal;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Gradient × input.
    Gradient,
    /// Integrated gradients.
    Integrated,
    /// Occlusion.
    Occlusion,
    /// The mean attention of the last layer.
    Attention,
    /// Attention rollout.
    Rollout,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 5] =
        [Method::Gradient, Method::Integrated, Method::Occlusion, Method::Attention, Method::Rollout];

    /// Its name, as in `--method NAME`.
    pub fn name(self) -> &'static str {
        match self {
            Method::Gradient => "gradient",
            Method::Integrated => "integrated",
            Method::Occlusion => "occlusion",
            Method::Attention => "attention",
            Method::Rollout => "rollout",
        }
    }

    /// Whether it reads the weights of self-attention.
    pub fn needs_attention(self) -> bool {
        match self {
            Method::Attention | Method::Rollout => true,
            Method::Gradient | Method::Integrated | Method::Occlusion => false,
        }
    }
}
