//! The log of a run, `metrics.jsonl`.

use crate::data::error::quoted;
use crate::data::limits::Limit;
use crate::data::{DataError, files};
use crate::run::{Metric, StepLoss};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The completed epochs of a run, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// The epochs.
    pub epochs: Vec<Logged>,
}

/// A logged epoch.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logged {
    /// The number of the epoch, from 1.
    pub epoch: u64,
    /// Number of steps at its end.
    pub step: u64,
    /// Mean training loss over its examples.
    pub train_loss: f64,
    /// Metrics on the development split; `None` for one that is not a number.
    pub dev: BTreeMap<String, Option<f64>>,
}

/// A line of the file.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Epoch(Logged),
    Step(StepLoss),
}

impl Log {
    /// Reads the file of a run's folder; a run that has not logged anything has no epochs.
    ///
    /// # Errors
    /// A file that cannot be read, a line that is neither a step nor an epoch, or epochs out of order.
    pub fn read(folder: &Path) -> Result<Log, DataError> {
        let path = folder.join("metrics.jsonl");
        if !path.exists() {
            return Ok(Log::default());
        }
        let text = files::read_text(&path, Limit::Log)?;
        let mut log = Log::default();
        for (i, line) in text.lines().enumerate() {
            let fault = |expected: &str| DataError::Line {
                path: path.clone(),
                line: i + 1,
                expected: expected.into(),
                found: quoted(line),
                advice: "the file was changed after training; continue the run with gradus train TASK --out RUN --resume, which rewrites it",
            };
            match serde_json::from_str(line) {
                Ok(Line::Step(StepLoss { .. })) => {}
                Ok(Line::Epoch(epoch)) => {
                    if log.epochs.last().is_some_and(|last| last.epoch >= epoch.epoch) {
                        return Err(fault("a later epoch than the previous one"));
                    }
                    log.epochs.push(epoch);
                }
                Err(_) => return Err(fault("a JSON object of a step or of an epoch")),
            }
        }
        Ok(log)
    }

    /// The best epoch by a metric; the first if several are equal, since the run keeps its parameters.
    pub fn best(&self, metric: &Metric) -> Option<&Logged> {
        let value = |epoch: &Logged| epoch.metric(metric.name).unwrap_or(f64::NAN);
        let mut epochs = self.epochs.iter();
        let first = epochs.next()?;
        let better = |best, epoch| if metric.is_better(value(epoch), value(best)) { epoch } else { best };
        Some(epochs.fold(first, better))
    }
}

impl Logged {
    /// A metric on the development split, if it is a number.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.dev.get(name).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Better, Unit};
    use proptest::prelude::*;
    use std::fs;

    fn read(text: &str) -> Result<Log, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("metrics.jsonl"), text).unwrap();
        Log::read(folder.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn epochs_stand_between_steps() {
        let log = read(
            "{\"step\":1,\"loss\":0.7}\n{\"epoch\":1,\"step\":2,\"train_loss\":0.6,\"dev\":{\"f1\":0.5}}\n\
             {\"step\":3,\"loss\":0.4}\n{\"epoch\":2,\"step\":4,\"train_loss\":0.3,\"dev\":{\"f1\":null}}\n",
        );
        let epochs = log.unwrap().epochs;
        assert_eq!(epochs.iter().map(|e| (e.epoch, e.train_loss)).collect::<Vec<_>>(), [(1, 0.6), (2, 0.3)]);
        assert_eq!(
            [epochs[0].metric("f1"), epochs[1].metric("f1"), epochs[0].metric("em")],
            [Some(0.5), None, None]
        );
    }

    #[test]
    fn any_finite_loss_is_read() {
        let log = read(
            "{\"step\":1,\"loss\":-1.7976931348623157e308}\n{\"epoch\":1,\"step\":1,\"train_loss\":3e38,\"dev\":{}}\n",
        );
        assert_eq!(log.unwrap().epochs[0].train_loss, 3e38);
    }

    #[test]
    fn the_best_epoch_is_the_first_of_the_best() {
        let epoch = |epoch, f1: Option<f64>| Logged {
            epoch,
            step: epoch,
            train_loss: 1.0,
            dev: BTreeMap::from([("f1".to_owned(), f1)]),
        };
        let log = Log {
            epochs: vec![epoch(1, None), epoch(2, Some(0.5)), epoch(3, Some(0.8)), epoch(4, Some(0.8))],
        };
        let best = |metric| log.best(&metric).map(|epoch| epoch.epoch);
        assert_eq!(best(Metric::share("f1")), Some(3));
        assert_eq!(best(Metric { name: "f1", better: Better::Smaller, unit: Unit::Plain }), Some(2));
        assert_eq!(Log::default().best(&Metric::share("f1")), None);
    }

    #[test]
    fn what_is_no_log_is_refused_with_its_line() {
        let epoch =
            |n: u64, loss: &str| format!("{{\"epoch\":{n},\"step\":2,\"train_loss\":{loss},\"dev\":{{}}}}\n");
        for (text, line, expected) in [
            ("{\"step\":1}\n".to_owned(), 1, "a JSON object of a step or of an epoch"),
            (epoch(1, "0.5") + "nonsense\u{1b}[31m", 2, "found 'nonsense\\u{1b}[31m'"),
            (epoch(2, "0.5") + &epoch(2, "0.4"), 2, "a later epoch"),
            (epoch(1, "1e999"), 1, "a JSON object"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(
                error.contains(&format!("metrics.jsonl, line {line}: ")) && error.contains(expected),
                "{error}"
            );
        }
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(Log::read(empty.path()).unwrap(), Log::default());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_log_or_an_error(bytes: Vec<u8>) {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("metrics.jsonl"), bytes).unwrap();
            let _ = Log::read(folder.path());
        }
    }
}
