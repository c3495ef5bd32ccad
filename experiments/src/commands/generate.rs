//! `gradus generate`: a text that a language model continues.

use super::trained::{Place, Trained};
use super::{print, with_threads};
use crate::data::limits::Limit;
use crate::data::shown::terminal;
use crate::run::{Continued, NOT_FINITE, Wanted};
use anyhow::{Context, anyhow, bail};
use gradus_engine::Stream;
use gradus_models::Sampling;
use serde_json::json;
use std::io::{IsTerminal, Read, Write, stderr, stdin, stdout};
use std::path::PathBuf;

/// The arguments of `gradus generate`.
pub struct Generate {
    /// The run's folder.
    pub run: PathBuf,
    /// The text to continue; none for that of standard input.
    pub prompt: Option<String>,
    /// The number of tokens to add.
    pub tokens: usize,
    /// How they are drawn.
    pub sampling: Sampling,
    /// The seed of the draws.
    pub seed: u64,
    /// Whether to print JSON.
    pub json: bool,
    /// The device.
    pub place: Place,
    /// Number of threads; 0 means one per core.
    pub threads: usize,
}

/// Prints the prompt and, as they are drawn, the tokens that follow it; or all of it as a JSON object.
///
/// # Errors
/// A folder without a run, or a run of another task; values with which no token can be drawn; a prompt that is no text; outputs of the model
/// that are not finite.
pub fn generate(ask: Generate) -> anyhow::Result<()> {
    with_threads(ask.threads, || generated(ask))
}

fn generated(ask: Generate) -> anyhow::Result<()> {
    if let Some(fault) = ask.sampling.fault() {
        bail!("expected {fault}");
    }
    let trained = Trained::open(&ask.run, &ask.place)?;
    let job = trained.prepare(Wanted::Nothing(trained.on.name.clone(), trained.on.labels.clone()))?;
    let learner = trained.learner(job.as_ref())?;
    // A run of another task is refused before standard input is read.
    let of_run = |fault: String| anyhow!("{}: {fault}", ask.run.display());
    learner.continued("").map_err(of_run)?;
    let prompt = ask.prompt.clone().map_or_else(piped, Ok)?.replace("\r\n", "\n");
    let mut text = learner.continued(&prompt).map_err(of_run)?;
    if let Some(cut) = text.cut() {
        let _ = writeln!(stderr(), "note: {cut}");
    }
    match ask.json {
        true => as_json(&ask, &prompt, &mut *text),
        false => as_text(&ask, &prompt, &mut *text),
    }
}

/// Standard input, without its last line end.
fn piped() -> anyhow::Result<String> {
    const NAME: &str = "standard input";
    let (mut bytes, most) = (vec![], Limit::Result.bytes());
    stdin().lock().take(most + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {NAME}"))?;
    if bytes.len() as u64 > most {
        bail!(
            "{NAME}: expected a prompt of at most {} MB, found a longer one; give its end alone",
            most >> 20
        );
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        anyhow!("{NAME}: expected a prompt in UTF-8, found other bytes: {}", error.utf8_error())
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.strip_suffix('\n').unwrap_or(text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// The sequence of random numbers from which tokens are drawn.
const DRAWS: u64 = 0x6765_6e65_7261_7465;

/// Draws the tokens, one after the other. `each` gets a token, its log p and the bytes that it adds.
fn draw(
    ask: &Generate,
    text: &mut dyn Continued,
    mut each: impl FnMut(String, f32, Vec<u8>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let stream = Stream { seed: ask.seed, stream: DRAWS };
    for step in 0..ask.tokens as u64 {
        // A row with NaN has NaN as its smallest element.
        if !text.log_p().min(-1).item().is_finite() {
            bail!("{NOT_FINITE}");
        }
        let [a, b, ..] = stream.block(step);
        let u = (u64::from(a) << 32 | u64::from(b)) >> 11;
        let token = ask.sampling.draw(text.log_p(), u as f64 / (1u64 << 53) as f64);
        let (shown, log_p) = (text.shown(token), text.log_p().narrow(0, token, 1).item() as f32);
        each(shown, log_p, text.push(token))?;
    }
    Ok(())
}

fn as_text(ask: &Generate, prompt: &str, text: &mut dyn Continued) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    let escapes = out.is_terminal();
    let mut write = |text: &str| {
        // What a terminal would act on is escaped, but for line ends.
        let lines = text.split('\n').map(|line| if escapes { terminal(line) } else { line.into() });
        let text = lines.collect::<Vec<_>>().join("\n");
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write to standard output")
    };
    write(prompt)?;
    let mut whole = Characters::default();
    draw(ask, text, |_, _, bytes| write(&whole.add(&bytes)))?;
    write(&(whole.rest() + "\n"))
}

fn as_json(ask: &Generate, prompt: &str, text: &mut dyn Continued) -> anyhow::Result<()> {
    let (mut tokens, mut added) = (vec![], vec![]);
    draw(ask, text, |token, log_p, bytes| {
        tokens.push(json!({ "token": token, "log_p": log_p }));
        added.extend(bytes);
        Ok(())
    })?;
    let continuation = String::from_utf8_lossy(&added);
    let found = json!({ "prompt": prompt, "continuation": continuation, "seed": ask.seed, "tokens": tokens });
    print(&format!("{found}\n"))
}

/// The end of bytes in UTF-8 that is a part of a character.
#[derive(Default)]
struct Characters(Vec<u8>);

impl Characters {
    /// The characters that are whole with more bytes; U+FFFD for what can be no part of one.
    fn add(&mut self, bytes: &[u8]) -> String {
        self.0.extend(bytes);
        let mut whole = String::new();
        let mut rest = std::mem::take(&mut self.0);
        loop {
            match std::str::from_utf8(&rest) {
                Ok(text) => return whole + text,
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    whole += &String::from_utf8_lossy(valid);
                    let Some(wrong) = error.error_len() else {
                        self.0 = after.to_vec();
                        return whole;
                    };
                    whole.push(char::REPLACEMENT_CHARACTER);
                    rest = after[wrong..].to_vec();
                }
            }
        }
    }

    /// U+FFFD for a part of a character that is left.
    fn rest(self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_character_is_written_when_it_is_whole() {
        let mut characters = Characters::default();
        let parts: Vec<String> = "aé猫".bytes().map(|byte| characters.add(&[byte])).collect();
        assert_eq!(parts, ["a", "", "é", "", "", "猫"]);
        assert_eq!(characters.add(&[0xe7, 0x8c]), "");
        assert_eq!(characters.add(b"b"), "\u{fffd}b");
        assert_eq!(characters.add(&[0xff, 0xe7]), "\u{fffd}");
        assert_eq!(characters.rest(), "\u{fffd}");
    }

    proptest! {
        #[test]
        fn parts_are_the_whole(bytes: Vec<u8>, size in 1usize..5) {
            let mut characters = Characters::default();
            let parts: String = bytes.chunks(size).map(|part| characters.add(part)).collect();
            prop_assert_eq!(parts + &characters.rest(), String::from_utf8_lossy(&bytes));
        }
    }
}
