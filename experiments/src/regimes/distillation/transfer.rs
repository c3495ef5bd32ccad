use super::LAYERS;
use super::keys::{FromTeacher, TEACHER, UNLABELLED_ENCODING};
use crate::config::{Config, TaskKeys};
use crate::data::error::{listed, quoted};
use crate::data::files::FileReader;
use crate::data::formats::lines::lines;
use crate::data::formats::structured;
use crate::data::limits::Limit;
use crate::data::{DataError, atomic, files};
use crate::run::{RunError, RunFolder, TrainedOn, View, interrupted};
use crate::text::batches;
use gradus_engine::Tensor;
use gradus_engine::state::{StateDict, read_tensors, write_tensors};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::path::Path;

/// The files of a student's run: the texts of the transfer set without labels, one on each line, and the teacher's outputs.
pub const FILES: [&str; 2] = ["transfer.jsonl", "teacher.safetensors"];

/// The files of a student's run of which a trained model needs none: training alone reads them.
pub const OF_TRAINING: [&str; 3] = [FILES[0], FILES[1], LAYERS];

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

    /// Reads the files; none if one of them is missing, as in the folder of a run that is not trained further. `numbers` says how many outputs the teacher has for such examples without labels.
    ///
    /// # Errors
    /// Files that are damaged.
    pub fn load(folder: &Path, numbers: impl FnOnce(&[T]) -> usize) -> Result<Option<Self>, RunError> {
        let [texts, path] = FILES.map(|name| folder.join(name));
        if [&texts, &path].iter().any(|path| fs::symlink_metadata(path).is_err()) {
            return Ok(None);
        }
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
        Ok(Some(Transfer { unlabelled, outputs }))
    }
}

/// The finished run of a task in the folder that a key names; `tasks` are the keys of all tasks.
///
/// # Errors
/// A folder that is not that of a run of the task, or was changed.
pub fn finished_run(
    key: &str,
    folder: &Path,
    tasks: &[TaskKeys],
    task: &str,
) -> Result<(RunFolder, Config, TrainedOn), RunError> {
    let run = RunFolder(folder.into());
    let config = run.config(tasks).map_err(|error| match error {
        RunError::Settings(what) => RunError::Settings(format!("{key}: {what}")),
        other => other,
    })?;
    if config.task != task {
        let (expected, found) =
            (format!("a run of gradus train {task}"), format!("one of gradus train {}", config.task));
        return Err(refused(key, folder, &expected, &found));
    }
    let on = run.trained_on()?;
    run.check_needed(&on, &OF_TRAINING)?;
    Ok((run, config, on))
}

fn refused(key: &str, folder: &Path, expected: &str, found: &str) -> RunError {
    RunError::Settings(format!("{key} = {}: expected {expected}, found {found}", folder.display()))
}

/// The run of a teacher for a student of a task with these labels; `tasks` are the keys of all tasks.
///
/// # Errors
/// As [`finished_run`]; other labels.
pub fn teacher(
    folder: &Path,
    tasks: &[TaskKeys],
    task: &str,
    labels: &[String],
) -> Result<(RunFolder, Config), RunError> {
    let (run, config, on) = finished_run(TEACHER, folder, tasks, task)?;
    if on.labels != labels {
        let expected = format!("a run with the labels of the data, {}", listed(labels));
        return Err(refused(TEACHER, folder, &expected, &listed(&on.labels)));
    }
    Ok((run, config))
}

/// Texts that a teacher reads together.
const BATCH: usize = 64;

/// What a teacher says of texts of these lengths, one row for each, with its progress on standard error.
///
/// # Errors
/// Ctrl-C.
pub fn said(
    lengths: &[usize],
    mut of: impl FnMut(&[usize]) -> Vec<Vec<f32>>,
) -> Result<Vec<Vec<f32>>, RunError> {
    let (view, mut done) = (View::new("the teacher"), 0);
    let shown = |batch: &[usize]| {
        let rows = of(batch);
        done += batch.len();
        view.read(done, lengths.len());
        rows
    };
    let rows = batches::each_until(lengths, BATCH, interrupted, shown);
    rows.ok_or(RunError::Interrupted { step: 0, resume: None })
}

/// The texts without labels that the keys name; none if they name no file.
///
/// # Errors
/// A file that cannot be read, is in another encoding, has no text, or lacks the column.
pub fn unlabelled<O>(keys: &FromTeacher<O>) -> Result<Vec<String>, RunError> {
    let Some(path) = &keys.unlabelled else { return Ok(vec![]) };
    let column = keys.unlabelled_column.as_str();
    if let Some(extension) = structured::extension(path).filter(|_| column.is_empty()) {
        return Err(RunError::Data(DataError::File {
            path: path.into(),
            expected: "a text on each line".into(),
            found: format!("the name of a .{extension} file"),
            advice: "name the column of the texts with --set loss.unlabelled_column=NAME; if each line is a text, name the file .txt"
                .into(),
        }));
    }
    let text = FileReader::default().read(path, keys.unlabelled_encoding).map_err(advised)?.text;
    let texts: Vec<String> = match column {
        "" => lines(&text).map(|(_, line)| line.into()).collect(),
        _ => in_column(&text, column, path)?,
    };
    let texts: Vec<String> =
        texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).map(String::from).collect();
    match texts.is_empty() {
        false => Ok(texts),
        true => Err(RunError::Data(DataError::File {
            path: path.into(),
            expected: "a text on each line".into(),
            found: "no text".into(),
            advice: "name another file with --set loss.unlabelled=FILE, or leave it out".into(),
        })),
    }
}

/// An error of reading this file. Where its advice is a flag for the encoding, which is that of the files with labels, it names the
/// key of this file.
fn advised(fault: DataError) -> RunError {
    const FLAG: &str = "--encoding";
    let Some(advice) = fault.advice().filter(|advice| advice.contains(FLAG)) else { return fault.into() };
    let message = fault.to_string();
    let said = message.strip_suffix(advice).unwrap_or_default();
    let with_value = advice.replace(&format!("{FLAG} "), &format!("--set {UNLABELLED_ENCODING}="));
    RunError::Settings(format!("{said}{}", with_value.replace(FLAG, UNLABELLED_ENCODING)))
}

/// The texts of a column of a table, whose first line names the columns, with tabs, commas, semicolons or vertical bars between
/// them. With tabs, quotation marks are part of the text.
fn in_column(text: &str, column: &str, path: &Path) -> Result<Vec<String>, DataError> {
    let head = lines(text).map(|(_, line)| line).find(|line| !line.trim().is_empty()).unwrap_or("");
    let named = |name: &str| name.trim().trim_matches('"') == column;
    let separator = ['\t', ',', ';', '|'].into_iter().find(|separator| head.split(*separator).any(named));
    let Some(separator) = separator else {
        return Err(DataError::Line {
            path: path.into(),
            line: 1,
            expected: format!("the name {} among those of the columns", quoted(column)),
            found: quoted(head),
            advice: "set loss.unlabelled_column to one of them, or leave it out if each line is a text",
        });
    };
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(separator as u8)
        .quoting(separator != '\t')
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
        .into_records();
    let missing = |line: u64, found: String| DataError::Line {
        path: path.into(),
        line: line as usize,
        expected: format!("the column {}", quoted(column)),
        found,
        advice: "give each line as many columns as the first one",
    };
    let place = rows.next().and_then(Result::ok).and_then(|names| names.iter().position(named));
    let place = place.ok_or_else(|| missing(1, quoted(head)))?;
    let field = |row: Result<csv::StringRecord, csv::Error>| match row {
        Ok(row) => {
            let line = row.position().map_or(0, csv::Position::line);
            let found =
                || missing(line, quoted(&row.iter().collect::<Vec<_>>().join(&separator.to_string())));
            row.get(place).map(String::from).ok_or_else(found)
        }
        Err(error) => Err(missing(error.position().map_or(0, csv::Position::line), error.to_string())),
    };
    rows.map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Distillation, OneWay};
    use super::*;
    use crate::data::files::Encoding;

    #[test]
    fn texts_have_an_encoding_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("more.txt");
        let Distillation::From(keys) = Distillation::example(OneWay {}) else { unreachable!() };
        let of = |bytes: &[u8], unlabelled_encoding: Encoding| {
            std::fs::write(&path, bytes).unwrap();
            unlabelled(&FromTeacher { unlabelled: Some(path.clone()), unlabelled_encoding, ..keys.clone() })
                .map_err(|error| error.to_string())
        };
        let bytes: Vec<u8> = "un café fermé\r".repeat(8).chars().map(|c| c as u8).collect();
        assert_eq!(of(&bytes, Encoding::Windows1252).unwrap(), ["un café fermé"; 8]);
        for (bytes, encoding, advice) in [
            (&bytes[..], Encoding::Utf8, "read it with --set loss.unlabelled_encoding=windows-1252"),
            (b"caf\xFF\xFF", Encoding::Gb18030, "of the file with loss.unlabelled_encoding, or convert"),
            (b"\xEF\xBB\xBFa", Encoding::Latin1, "utf-8, which needs no loss.unlabelled_encoding"),
        ] {
            let error = of(bytes, encoding).unwrap_err();
            assert!(error.starts_with(&path.display().to_string()) && error.contains(advice), "{error}");
            assert!(!error.contains("--encoding"), "{error}");
        }
        // No advice about the encoding of what is no text.
        assert!(of(b"PK\x03\x04", Encoding::Utf8).unwrap_err().contains("expected text, found an archive"));
    }

    #[test]
    fn texts_are_lines_or_a_column() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("more.tsv");
        std::fs::write(&path, "label\tsentence\n1\ta fine cast\r\n\n0\t \n0\tdull\n").unwrap();
        let Distillation::From(keys) = Distillation::example(OneWay {}) else { unreachable!() };
        let of = |column: &str, path: &Path| {
            let unlabelled_column = column.to_owned();
            unlabelled(&FromTeacher { unlabelled: Some(path.into()), unlabelled_column, ..keys.clone() })
                .map_err(|error| error.to_string())
        };
        assert_eq!(of("sentence", &path).unwrap(), ["a fine cast", "dull"]);
        let error = of("", &path).unwrap_err();
        assert!(
            error.contains("more.tsv: expected a text on each line, found the name of a .tsv file"),
            "{error}"
        );
        let plain = folder.path().join("more.txt");
        std::fs::write(&plain, "a fine cast\n\n dull\n").unwrap();
        assert_eq!(of("", &plain).unwrap(), ["a fine cast", "dull"]);
        for table in [
            "label;sentence\n1;a fine; cast\n0;dull\n",
            "id,\"sentence\"\n1,\"a fine, \"\"cast\"\"\"\n2,dull\n",
        ] {
            std::fs::write(&plain, table).unwrap();
            let expected =
                if table.contains(';') { ["a fine", "dull"] } else { ["a fine, \"cast\"", "dull"] };
            assert_eq!(of("sentence", &plain).unwrap(), expected, "{table}");
        }
        let error = of("text", &path).unwrap_err();
        assert!(error.contains("more.tsv, line 1: expected the name 'text'"), "{error}");
        std::fs::write(&path, "label\tsentence\n1\n").unwrap();
        let error = of("sentence", &path).unwrap_err();
        assert!(error.contains("line 2: expected the column 'sentence', found '1'"), "{error}");
        std::fs::write(&path, "label\tsentence\n1\t\n").unwrap();
        assert!(of("sentence", &path).unwrap_err().contains("found no text"));
    }
}
