use super::with_threads;
use crate::config::{self, Config};
use crate::data::{Classification, Split};
use crate::paper::{self, DataSource, Run, Scale, Study};
use crate::report::{
    self, DataStatistics, DataUsed, Machine, RunResult, SCHEMA, STATISTICS_SCHEMA, SplitStatistics,
};
use crate::text::Vocabulary;
use crate::train::{Prepared, TrainError, View, Where, interrupted, prepare, run, tokeniser};
use anyhow::Context;
use gradus_engine::memory;
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;

/// What `gradus reproduce` was asked.
pub struct Reproduce {
    /// Names of studies; none means all.
    pub studies: Vec<String>,
    /// How large.
    pub scale: Scale,
    /// The folder of real data; without it the generated corpora are used.
    pub data: Option<PathBuf>,
    /// The results folder.
    pub out: PathBuf,
    /// Settings over those of every run, `key=value`.
    pub sets: Vec<String>,
    /// Threads; 0 takes one for each core.
    pub threads: usize,
}

/// Runs whatever result is missing, then builds the report from the result files.
///
/// # Errors
/// A name that is no study, data that is missing, Ctrl-C; results that are there stay.
pub fn reproduce(ask: &Reproduce) -> anyhow::Result<()> {
    let studies: Vec<&Study> = match ask.studies.is_empty() {
        true => paper::all().iter().collect(),
        false => ask.studies.iter().map(|name| paper::find(name)).collect::<Result<_, _>>()?,
    };
    let source = if ask.data.is_some() { DataSource::Real } else { DataSource::Embedded };
    let runs: Vec<Run> = studies.iter().flat_map(|s| s.runs(ask.scale, source)).collect();
    with_threads(ask.threads, || {
        let mut work = Work { ask, source, done: HashMap::new(), prepared: None };
        // What stands already may answer a run of another study, too.
        for run in &runs {
            work.take(run)?;
        }
        for (i, run) in runs.iter().enumerate() {
            work.run(run, i + 1, runs.len())?;
        }
        Ok(())
    })?;
    let built = report::build(&ask.out)?;
    println!("{}", built.markdown.display());
    println!("{}", built.html.display());
    Ok(())
}

struct Work<'a> {
    ask: &'a Reproduce,
    source: DataSource,
    /// Results by their whole configuration.
    done: HashMap<String, RunResult>,
    /// The data of the last run, which the next often shares.
    prepared: Option<(String, Prepared)>,
}

impl Work<'_> {
    fn config(&self, run: &Run) -> anyhow::Result<Config> {
        let mut sets = run.assignments();
        sets.extend(self.ask.sets.iter().cloned());
        config::load(None, &sets).with_context(|| format!("{}, {}, {}", run.study, run.row, run.column))
    }

    /// Notes the result of a run if its file is there and answers it.
    fn take(&mut self, run: &Run) -> anyhow::Result<bool> {
        let path = self.ask.out.join(run.file());
        if !path.exists() {
            return Ok(false);
        }
        let config = value(&self.config(run)?);
        let result = RunResult::read(&path)?;
        let answers = result.answers(run, self.ask.scale, self.source, &config);
        if answers {
            self.done.insert(key(&config), result);
        }
        Ok(answers)
    }

    fn run(&mut self, planned: &Run, i: usize, n: usize) -> anyhow::Result<()> {
        if self.take(planned)? {
            return Ok(());
        }
        if interrupted() {
            return Err(TrainError::Interrupted { step: 0, resume: None }.into());
        }
        let config = self.config(planned)?;
        let title =
            format!("[{i}/{n}] {} {} {} seed {}", planned.study, planned.row, planned.column, planned.seed);
        let result = match self.done.get(&key(&value(&config))) {
            // The same configuration in another table: a run depends on nothing else.
            Some(known) => RunResult {
                study: planned.study.into(),
                row: planned.row.into(),
                column: planned.column.into(),
                ..known.clone()
            },
            None => self.train(planned, &config, &title)?,
        };
        result.write(&self.ask.out)?;
        self.done.insert(key(&result.config), result);
        Ok(())
    }

    fn train(&mut self, planned: &Run, config: &Config, title: &str) -> anyhow::Result<RunResult> {
        let wanted = format!("{:?}", config.data);
        if self.prepared.as_ref().is_none_or(|(have, _)| *have != wanted) {
            self.prepared = None;
            let prepared = prepare(config, self.ask.data.as_deref())?;
            self.describe(config)?;
            self.prepared = Some((wanted, prepared));
        }
        let Some((_, data)) = &self.prepared else { unreachable!("reproduce: the data was just prepared") };
        memory::reset_peak();
        let began = std::time::Instant::now();
        let trained =
            run(config, data, Where::Memory, &View::new(title)).with_context(|| title.to_owned())?;
        let progress = trained.progress;
        Ok(RunResult {
            schema: SCHEMA,
            study: planned.study.into(),
            row: planned.row.into(),
            column: planned.column.into(),
            scale: self.ask.scale,
            source: self.source,
            seed: planned.seed,
            config: value(config),
            data: used(data),
            machine: Machine::here(gradus_engine::instruction_set()),
            parameters: trained.parameters,
            seconds: began.elapsed().as_secs_f64(),
            tokens_per_second: progress.speed(),
            peak_memory_bytes: Some(memory::usage().peak as u64),
            best_epoch: progress.best.map_or(0, |(epoch, _)| epoch),
            dev: trained.dev,
            test: trained.test,
            steps: progress.steps,
            epochs: progress.epochs,
        })
    }

    /// Writes the statistics of a data set, as it is without the limits of a run.
    fn describe(&self, config: &Config) -> anyhow::Result<()> {
        let mut whole = config.clone();
        (whole.data.train_limit, whole.data.dev_limit, whole.data.test_limit, whole.data.max_len) =
            (0, 0, 0, 0);
        let set = crate::train::dataset(&whole, self.ask.data.as_deref())?;
        let path = self.ask.out.join("data").join(format!("{}.json", set.name));
        let known = path.exists() && DataStatistics::read(&path)?.checksum == set.checksum;
        if !known {
            statistics(&set, &whole, self.source).write(&self.ask.out)?;
        }
        Ok(())
    }
}

fn used(data: &Prepared) -> DataUsed {
    let count = |split: Split| data.split(split).ids.len() as u64;
    DataUsed {
        name: data.set.name.clone(),
        checksum: data.set.checksum.clone(),
        note: data.set.note.clone(),
        train: count(Split::Train),
        dev: count(Split::Dev),
        test: count(Split::Test),
        labels: data.set.labels.len() as u64,
        vocabulary: data.vocabulary.len() as u64,
    }
}

fn statistics(set: &Classification, config: &Config, source: DataSource) -> DataStatistics {
    let tokeniser = tokeniser(config);
    let words = |split: Split| -> Vec<Vec<String>> {
        set.split(split).iter().map(|e| tokeniser.words(&e.text)).collect()
    };
    let part = |split: Split| {
        let words = words(split);
        SplitStatistics {
            examples: words.len() as u64,
            tokens: words.iter().map(|w| w.len() as u64).sum(),
            longest: words.iter().map(|w| w.len() as u64).max().unwrap_or(0),
            label_counts: set.label_counts(split).into_iter().map(|n| n as u64).collect(),
        }
    };
    let distinct = Vocabulary::count(words(Split::Train).iter().flatten(), 1, usize::MAX).len() as u64;
    DataStatistics {
        schema: STATISTICS_SCHEMA,
        name: set.name.clone(),
        source,
        language: "English".into(),
        task: "Text Classification".into(),
        checksum: set.checksum.clone(),
        note: set.note.clone(),
        labels: set.labels.clone(),
        // PAD and UNK are no words of the text.
        vocabulary: distinct - 2,
        train: part(Split::Train),
        dev: part(Split::Dev),
        test: part(Split::Test),
    }
}

fn value(config: &Config) -> Value {
    serde_json::to_value(config).expect("a configuration is made of numbers and text")
}

/// A configuration as text, without the number of threads, on which results do not depend.
fn key(config: &Value) -> String {
    let mut config = config.clone();
    if let Value::Object(keys) = &mut config {
        keys.remove("threads");
    }
    config.to_string()
}
