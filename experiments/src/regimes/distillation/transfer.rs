use crate::config::{Config, TaskKeys};
use crate::data::error::listed;
use crate::data::limits::Limit;
use crate::data::{DataError, atomic, files};
use crate::run::{RunError, RunFolder};
use gradus_engine::Tensor;
use gradus_engine::state::{StateDict, read_tensors, write_tensors};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// The files of a student's run: the texts of the transfer set without labels, one on each line, and the teacher's outputs.
pub const FILES: [&str; 2] = ["transfer.jsonl", "teacher.safetensors"];

/// The transfer set of a student's run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transfer<T> {
    /// The examples without labels, which come after those of the training split.
    pub unlabelled: Vec<T>,
    /// The teacher's outputs, K numbers for each row; the task says what a row is.
    pub outputs: Vec<f32>,
}

/// The name of the outputs in their file.
const OUTPUTS: &str = "outputs";

impl<T: Serialize + DeserializeOwned> Transfer<T> {
    /// Writes the files.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), RunError> {
        let mut lines = String::new();
        for example in &self.unlabelled {
            lines += &serde_json::to_string(example).expect("examples are made of text");
            lines.push('\n');
        }
        atomic::write(&folder.join(FILES[0]), lines.as_bytes())?;
        let outputs = Tensor::from_slice(&self.outputs, [self.outputs.len()]);
        let tensors: StateDict = [(OUTPUTS.to_owned(), outputs)].into_iter().collect();
        Ok(write_tensors(&folder.join(FILES[1]), &tensors, "")?)
    }

    /// Reads the files; `numbers` says how many outputs the teacher has for such examples without labels.
    ///
    /// # Errors
    /// Files that are missing or damaged.
    pub fn load(folder: &Path, numbers: impl FnOnce(&[T]) -> usize) -> Result<Self, RunError> {
        let [texts, path] = FILES.map(|name| folder.join(name));
        let damaged = |path: &Path, reason: String| RunError::Damaged { path: path.into(), reason };
        let unlabelled: Vec<T> = files::read_text(&texts, Limit::Text)?
            .lines()
            .map(|line| serde_json::from_str(line).map_err(|error| damaged(&texts, error.to_string())))
            .collect::<Result<_, _>>()?;
        let (tensors, _) = read_tensors(&path)?;
        let found = tensors.get(OUTPUTS).filter(|found| found.dtype() == gradus_engine::DType::F32);
        let found = found.ok_or_else(|| damaged(&path, "it does not hold the teacher's outputs".into()))?;
        let outputs: Vec<f32> = found.to_vec();
        let expected = numbers(&unlabelled);
        if outputs.len() != expected {
            let reason = format!("it holds {} outputs, the examples have {expected}", outputs.len());
            return Err(damaged(&path, reason));
        }
        Ok(Transfer { unlabelled, outputs })
    }
}

/// The run of a teacher for a student of a task with these labels; `tasks` are the keys of all tasks.
///
/// # Errors
/// A folder that is not that of a finished run of the task, or was changed; other labels.
pub fn teacher(
    folder: &Path,
    tasks: &[TaskKeys],
    task: &str,
    labels: &[String],
) -> Result<(RunFolder, Config), RunError> {
    let run = RunFolder(folder.into());
    let config = run.config(tasks)?;
    let refused = |expected: String, found: String| {
        let shown = folder.display();
        Err(RunError::Settings(format!("loss.teacher = {shown}: expected {expected}, found {found}")))
    };
    if config.task != task {
        return refused(
            format!("a run of gradus train {task}"),
            format!("one of gradus train {}", config.task),
        );
    }
    let on = run.trained_on()?;
    run.check_files(&on)?;
    if on.labels != labels {
        return refused(format!("a run with the labels of the data, {}", listed(labels)), listed(&on.labels));
    }
    Ok((run, config))
}

/// The lines of a file that are not empty.
///
/// # Errors
/// A file that cannot be read, or has no text.
pub fn unlabelled(path: &Path) -> Result<Vec<String>, DataError> {
    let text = files::read_text(path, Limit::Text)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let texts: Vec<String> = lines.map(String::from).collect();
    match texts.is_empty() {
        false => Ok(texts),
        true => Err(DataError::File {
            path: path.into(),
            expected: "a text on each line".into(),
            found: "no text".into(),
            advice: "name another file with --set loss.unlabelled=FILE, or leave it out".into(),
        }),
    }
}
