use crate::data::DataError;
use std::fs;
use std::path::{Path, PathBuf};

const CONFIG: &str = "config.json";
pub(super) const WEIGHTS: &str = "model.safetensors";
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
}

/// Finds the configuration and the weights.
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
    let kind = fs::metadata(folder).map_err(|source| DataError::Read { path: folder.into(), source })?;
    if !kind.is_dir() {
        let expected = "the folder of a BERT model";
        let found = gradus_engine::files::name(kind.file_type()).into();
        return Err(refused(expected, found, "name the folder that holds config.json".into()));
    }
    let is_there = |name: &str| fs::symlink_metadata(folder.join(name)).is_ok();
    if !is_there(CONFIG) {
        let expected = "a folder with config.json, model.safetensors and tokenizer.json or vocab.txt";
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
    Ok(Files { config: folder.join(CONFIG), weights: folder.join(WEIGHTS) })
}

/// A path as an argument of a shell.
fn quoted_for_a_shell(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
