use super::threads;
use crate::commands::{self, Reproduce};
use crate::studies::Scale;
use clap::Args;
use std::path::PathBuf;

/// Run the studies of the paper and write a report.
#[derive(Args)]
#[command(
    after_help = "Runs only what has no result file yet, and continues a run that was stopped, from the last epoch that was \
                  whole or from where Ctrl-C stopped it: it can be stopped at any moment and started again. A run that is \
                  under way keeps its checkpoint in OUT/working.\n\nExamples:\n  gradus reproduce --scale standard \
                  --dry-run\n  gradus reproduce table10 attention --data DIR --scale standard --jobs 2"
)]
pub(super) struct ReproduceArgs {
    /// Studies, as gradus list names them; all if none is given.
    studies: Vec<String>,
    /// How large: smoke, quick, standard or full.
    #[arg(long, default_value = "quick", value_parser = |s: &str| s.parse::<Scale>())]
    scale: Scale,
    /// The folder of the real data sets; without it generated corpora are used.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where results and report are written.
    #[arg(long, value_name = "DIR", default_value = "results")]
    out: PathBuf,
    /// A setting for every run on which it has an effect; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Where to compute: cpu, cuda, cuda:N, or cuda-emulated in a build with that feature.
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Threads; 0 is one for each core. Results do not depend on it.
    #[arg(long, default_value_t = 0, value_parser = threads)]
    threads: usize,
    /// Runs at once, each with its share of the threads. Results do not depend on it.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: u16,
    /// Print which runs would be trained and how long they should take, and write nothing.
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

/// What `gradus` alone does; it says so first.
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
