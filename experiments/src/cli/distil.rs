use super::advice::{as_settings, key_of};
use crate::commands::{self, Distil};
use crate::config::ConfigError;
use crate::data::DataError;
use crate::run::RunError;
use clap::Args;
use std::path::PathBuf;

/// Train a student on what a trained run, its teacher, says of the texts.
#[derive(Args)]
#[command(
    after_help = "The student is a run like any other, with the data of its teacher and the key loss.teacher: continue it with gradus train \
                  TASK --out DIR --resume, and measure it with gradus evaluate and gradus compare.\n\nExamples:\n  \
                  gradus distil runs/bert --student bilstm --out runs/small --set model.hidden_dim=64\n  \
                  gradus distil runs/bert --student textcnn --set loss.objective=logits --set loss.copies=10 --out runs/cnn\n  \
                  gradus distil runs/bert --student bert --set loss.objective=hidden --set model.num_hidden_layers=2 --set optimizer.lr=1e-3 --out \
                  runs/tiny"
)]
pub(super) struct DistilArgs {
    /// The folder of the teacher's run.
    teacher: PathBuf,
    /// The model of the student.
    #[arg(long, value_name = "NAME")]
    student: String,
    /// The folder for the student's run.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the run in that folder.
    #[arg(long)]
    overwrite: bool,
    /// The folder of the real data sets [default: the one that the teacher used, else the environment variable GRADUS_DATA].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Another training file with the same labels, or the new place of the teacher's.
    #[arg(long, value_name = "FILE")]
    train: Option<String>,
    /// The same for the development file.
    #[arg(long, value_name = "FILE")]
    dev: Option<String>,
    /// The same for the test file.
    #[arg(long, value_name = "FILE")]
    test: Option<String>,
    /// The seed for the initial weights, dropout and the order of the examples.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<String>,
    /// The number of threads; 0 means one per core. Results do not depend on it.
    #[arg(long, value_name = "N")]
    threads: Option<String>,
    /// The device: cpu, cuda, cuda:N, or cuda-emulated in a build with the feature cuda-emulator.
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// The precision of matrix products on a CUDA device: f32 (the default), tf32, bf16 (if the flag has no value) or f16.
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "bf16")]
    precision: Option<String>,
    /// A setting, such as loss.objective=logits; may be repeated for other keys. A key that has no effect on this run is an error.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
}

/// The flags of `gradus train` that this command has, too, except `--data`.
const OWN: [&str; 7] = ["train", "dev", "test", "seed", "threads", "device", "precision"];

impl DistilArgs {
    pub fn run(self) -> anyhow::Result<()> {
        let Self {
            teacher,
            student,
            out,
            overwrite,
            data,
            train,
            dev,
            test,
            seed,
            threads,
            device,
            precision,
            sets,
        } = self;
        let values = [train, dev, test, seed, threads, device, precision];
        let given = OWN.iter().zip(values).filter_map(|(flag, value)| Some((*flag, key_of(flag)?, value?)));
        let mut flags = vec![(format!("model.name={student}"), format!("--student {student}"))];
        flags.extend(given.map(|(flag, key, value)| (format!("{key}={value}"), format!("--{flag} {value}"))));
        let sets = flags[1..].iter().map(|(setting, _)| setting.clone()).chain(sets).collect();
        let distilled = commands::distil(&Distil { teacher, student, out, overwrite, sets, data });
        distilled.map_err(|error| match error.downcast::<ConfigError>() {
            Ok(error) => error.of_flags(&flags).into(),
            Err(error) => advised_in_settings(error),
        })
    }
}

/// An error of the data, whose advice names flags of `gradus train`, with the keys instead of those that this command lacks.
fn advised_in_settings(error: anyhow::Error) -> anyhow::Error {
    let Some(RunError::Data(fault)) = error.downcast_ref() else { return error };
    let message = fault.to_string();
    let advice = match fault {
        DataError::EmptySplit { .. } | DataError::Settings { .. } => message.as_str(),
        _ => fault.advice().unwrap_or_default(),
    };
    let said = message.strip_suffix(advice).unwrap_or_default();
    let own: Vec<&str> = OWN.into_iter().chain(["data"]).collect();
    let other = as_settings(advice, &own);
    if other == advice { error } else { anyhow::Error::msg(format!("{said}{other}")) }
}
