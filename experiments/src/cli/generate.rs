use super::DeviceArgs;
use crate::commands::{self, Generate};
use clap::Args;
use gradus_models::Sampling;
use std::path::PathBuf;

/// Continue a text with a trained language model, token by token.
#[derive(Args)]
#[command(
    after_help = "The prompt is printed, then each token as soon as it is drawn; subwords that are parts of characters wait for the rest \
                  of the character. The same seed gives the same text, on every device up to rounding.\n\nAn LSTM remembers the whole \
                  text. A Transformer sees at most as many tokens as data.stretch had in training: of a longer prompt the last ones; when \
                  its text has grown to that length, it goes on from the second half of it.\n\nIn JSON, \"tokens\" has each drawn token \
                  with the logarithm of its probability to the model, before the temperature and the choice of the likeliest \
                  tokens.\n\nExamples:\n  gradus generate runs/a --prompt 'the market' --tokens 50\n  \
                  gradus generate runs/a --temperature 0.8 --top-k 40 --top-p 0.95 --seed 7 --json < prompt.txt"
)]
pub(super) struct GenerateArgs {
    /// The folder of the run.
    run: PathBuf,
    /// The text to continue; it may be empty [default: standard input, without its last line end].
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    prompt: Option<String>,
    /// The number of tokens to add.
    #[arg(long, value_name = "N", default_value_t = 100, allow_negative_numbers = true)]
    tokens: usize,
    /// What logits are divided by: below 1, likely tokens become likelier.
    #[arg(long, value_name = "T", default_value_t = 1.0, allow_negative_numbers = true)]
    temperature: f64,
    /// Draw among the K likeliest tokens; 0 means all.
    #[arg(long, value_name = "K", default_value_t = 0, allow_negative_numbers = true)]
    top_k: usize,
    /// Draw among the likeliest tokens, as few as have the probability P together; 1 means all.
    #[arg(long, value_name = "P", default_value_t = 1.0, allow_negative_numbers = true)]
    top_p: f64,
    /// The seed of the draws.
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true)]
    seed: u64,
    /// Print one JSON object when all tokens are drawn.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: DeviceArgs,
}

impl GenerateArgs {
    pub fn run(self) -> anyhow::Result<()> {
        let GenerateArgs { run, prompt, tokens, temperature, top_k, top_p, seed, json, place } = self;
        let (place, threads) = place.place();
        let sampling = Sampling { temperature, top_k, top_p };
        commands::generate(Generate { run, prompt, tokens, sampling, seed, json, place, threads })
    }
}
