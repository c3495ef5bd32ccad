//! What the command line asks for.

use crate::Failure;
use std::path::PathBuf;

const USAGE: &str =
    "expected --device cuda|cuda:N|cuda-emulated, --out FOLDER, --only NAME, --small or --find";

/// The command line.
#[derive(Debug)]
pub struct Options {
    /// The device's name.
    pub device: String,
    /// The folder of the results files.
    pub out: PathBuf,
    /// Only rows with this in their name; nothing is written then.
    pub only: String,
    /// Sizes that the emulator can do.
    pub small: bool,
    /// Only lists what the machine has, and times nothing.
    pub find: bool,
}

impl Options {
    /// From the words behind the program's name.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let results = concat!(env!("CARGO_MANIFEST_DIR"), "/../benches/results");
        let mut options = Options {
            device: "cuda".into(),
            out: results.into(),
            only: String::new(),
            small: false,
            find: false,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value: {USAGE}"));
            match word.as_str() {
                "--device" => options.device = value()?,
                "--out" => options.out = value()?.into(),
                "--only" => options.only = value()?,
                "--small" => options.small = true,
                "--find" => options.find = true,
                _ => return Err(format!("{word} is no option: {USAGE}").into()),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(String::from)).map_err(|why| why.to_string())
    }

    #[test]
    fn options_are_understood_or_named() {
        let options = parsed("--only gemm --small --out here").expect("all of them are options");
        assert_eq!((options.only.as_str(), options.small, options.find), ("gemm", true, false));
        assert_eq!((options.out, options.device.as_str()), (PathBuf::from("here"), "cuda"));
        assert!(parsed("--out").unwrap_err().starts_with("--out needs a value"));
        assert!(parsed("--fast").unwrap_err().starts_with("--fast is no option"));
    }
}
