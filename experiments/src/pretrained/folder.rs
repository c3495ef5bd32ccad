use crate::data::{DataError, files};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

const CONFIG: &str = "config.json";
pub(super) const WEIGHTS: &str = "model.safetensors";
/// Where a vocabulary may be; the first is read if both are there.
const TOKENIZERS: [&str; 2] = ["tokenizer.json", "vocab.txt"];
/// Where `gradus train masked` writes a model, in the folder of its run.
pub const OF_RUN: &str = "pretrained";
const PICKLED: &str = "pytorch_model.bin";
/// Other forms of weights: the name of the file, and what it is.
const OTHERS: [(&str, &str); 4] = [
    ("model.safetensors.index.json", "weights in several files"),
    ("pytorch_model.bin.index.json", "weights of PyTorch in several files"),
    ("tf_model.h5", "weights of TensorFlow"),
    ("flax_model.msgpack", "weights of Flax"),
];

/// Python that writes the tensors of PyTorch's file to a safetensors file.
const CONVERT: &str = "import sys, torch, safetensors.torch as s; s.save_file({k: v.clone().contiguous() for k, v in \
                       torch.load(sys.argv[1], weights_only=True).items()}, sys.argv[2], {'format': 'pt'})";

/// The files of a model.
pub(super) struct Files {
    pub config: PathBuf,
    pub weights: PathBuf,
    /// That of the tokenizer.
    pub vocabulary: PathBuf,
}

/// Finds the configuration, the weights and the vocabulary.
///
/// # Errors
/// [`DataError`]: not a folder, a missing file, weights in another format.
pub(super) fn find(folder: &Path) -> Result<Files, DataError> {
    let refused = |expected: &str, found: String, advice: String| DataError::File {
        path: folder.into(),
        expected: expected.into(),
        found,
        advice,
    };
    let is_there = |name: &str| fs::symlink_metadata(folder.join(name)).is_ok();
    if let Some(run) = unfinished(folder).filter(|_| !is_there(CONFIG) || !is_there(WEIGHTS)) {
        let expected = "the model of a run of gradus train masked, which is written when training ends";
        let missing = if is_there(CONFIG) { WEIGHTS } else { CONFIG };
        let advice = format!("write it with: gradus train masked --out {} --resume", run.display());
        return Err(refused(expected, format!("no {missing}"), advice));
    }
    let kind = fs::metadata(folder).map_err(|source| DataError::Read { path: folder.into(), source })?;
    if !kind.is_dir() {
        let expected = "the folder of a BERT model";
        let found = gradus_engine::files::name(kind.file_type()).into();
        return Err(refused(expected, found, "name the folder that holds config.json".into()));
    }
    if !is_there(CONFIG) {
        let expected = "a folder with config.json, model.safetensors and tokenizer.json or vocab.txt";
        let of_run = folder.join(OF_RUN);
        if of_run.join(CONFIG).is_file() {
            let found = format!("the folder of a run, whose model is in {OF_RUN}/");
            return Err(refused(expected, found, format!("name the folder {}", of_run.display())));
        }
        return Err(refused(expected, "no config.json".into(), "name the folder of a BERT model".into()));
    }
    if !is_there(WEIGHTS) {
        let path = |name: &str| quoted_for_a_shell(&folder.join(name));
        let (found, advice) = if is_there(PICKLED) {
            let command = format!("python3 -c \"{CONVERT}\" {} {}", path(PICKLED), path(WEIGHTS));
            (format!("{PICKLED}, which can run programs when it is read"), format!("convert it: {command}"))
        } else {
            let other = OTHERS.iter().find(|(name, _)| is_there(name));
            let found = other.map_or("no such file".into(), |(name, what)| format!("{name}: {what}"));
            (found, "save the model with save_pretrained of transformers, in one file".into())
        };
        return Err(refused(WEIGHTS, found, advice));
    }
    let names = [CONFIG, WEIGHTS].into_iter().chain(TOKENIZERS).filter(|name| is_there(name));
    names.map(|name| folder.join(name)).try_for_each(|path| check_download(&path))?;
    // Without one, reading the tokenizer says what is missing.
    let vocabulary = TOKENIZERS.into_iter().find(|name| is_there(name)).unwrap_or_default();
    let [config, weights, vocabulary] = [CONFIG, WEIGHTS, vocabulary].map(|name| folder.join(name));
    Ok(Files { config, weights, vocabulary })
}

/// The run that writes this folder, if there is one.
fn unfinished(folder: &Path) -> Option<&Path> {
    let run = folder.parent().filter(|_| folder.ends_with(OF_RUN))?;
    let config = fs::read_to_string(run.join("config.toml")).ok()?;
    config.lines().any(|line| line == "task = \"masked\"").then_some(run)
}

/// Refuses a file that stands for another, which was not downloaded.
fn check_download(path: &Path) -> Result<(), DataError> {
    let mut start = vec![];
    let read = files::open(path)?.take(START).read_to_end(&mut start);
    read.map_err(|source| DataError::Read { path: path.into(), source })?;
    let text = String::from_utf8_lossy(&start).trim_start().to_lowercase();
    let [found, advice] = if text.starts_with("version https://git-lfs") {
        ["a pointer of Git LFS to it", "download the file itself, for example with: git lfs pull"]
    } else if text.starts_with("<!doctype html") || text.starts_with("<html") {
        ["an HTML page", "download the file itself, not the page that shows it"]
    } else {
        return Ok(());
    };
    let expected = "a file of a BERT model".into();
    Err(DataError::File { path: path.into(), expected, found: found.into(), advice: advice.into() })
}

/// How many bytes of a file tell what it is.
const START: u64 = 512;

/// A path as an argument of a shell.
fn quoted_for_a_shell(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
