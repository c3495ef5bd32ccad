use super::threads;
use crate::commands::{self, Reproduce};
use crate::studies::Scale;
use clap::Args;
use std::path::PathBuf;

/// Run the paper's studies and write a report.
#[derive(Args)]
#[command(
    after_help = "Trains only the runs that have no result file yet. You can stop the command at any time and start it again: an \
                  interrupted run resumes from its last complete epoch, or from the step at which Ctrl-C stopped it. Its \
                  checkpoint is in OUT/working until it is finished.\n\nExamples:\n  gradus reproduce --scale standard \
                  --dry-run\n  gradus reproduce table10 attention --data DIR --scale standard --jobs 2"
)]
pub(super) struct ReproduceArgs {
    /// Names of studies (gradus list prints them) [default: all].
    studies: Vec<String>,
    /// The size of the runs: smoke, quick, standard or full.
    #[arg(long, default_value = "quick", value_parser = |s: &str| s.parse::<Scale>())]
    scale: Scale,
    /// The folder of the real data sets; without it, generated data sets are used.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The folder for the results and the report.
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// A setting for all runs on which it has an effect; may be repeated for other keys.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// The device: cpu, cuda, cuda:N, or cuda-emulated in a build with the feature cuda-emulator.
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// The number of threads; 0 means one per core. Results do not depend on it.
    #[arg(long, default_value_t = 0, value_parser = threads)]
    threads: usize,
    /// The number of runs to train at once; they share the threads. Results do not depend on it.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: u16,
    /// Print which runs would be trained and an estimate of the time; write nothing.
    #[arg(long)]
    dry_run: bool,
}

impl ReproduceArgs {
    pub fn run(self) -> anyhow::Result<()> {
        let ReproduceArgs { studies, scale, data, out, sets, device, threads, jobs, dry_run } = self;
        let jobs = usize::from(jobs);
        let (announced, device) = (false, device.filter(|device| !device.is_empty()));
        commands::reproduce(&Reproduce {
            studies,
            scale,
            data,
            out,
            sets,
            device,
            threads,
            jobs,
            dry_run,
            announced,
        })
    }
}

/// What `gradus` does without a command, after saying so.
pub(super) fn without_a_command() -> anyhow::Result<()> {
    commands::reproduce(&Reproduce {
        studies: vec![],
        scale: Scale::Quick,
        data: None,
        out: "results".into(),
        sets: vec![],
        device: None,
        threads: 0,
        jobs: 1,
        dry_run: false,
        announced: true,
    })
}
