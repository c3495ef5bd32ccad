use super::{Reproduce, plan};
use crate::config::Config;
use crate::report::DataStatistics;
use crate::report::study::{Measure, Study};
use crate::tasks;
use crate::text::Frequencies;
use std::collections::BTreeMap;

/// Writes the divergences between the sets of the studies that compare sets into the statistics of these sets, unless they are
/// there.
///
/// # Errors
/// Faults of data or settings; a folder that cannot be written.
pub(super) fn write(ask: &Reproduce, studies: &[&Study]) -> anyhow::Result<()> {
    let compares = |study: &&&Study| study.measures.iter().any(|m| matches!(m, Measure::Gap(_)));
    for study in studies.iter().filter(compares) {
        let mut sets: BTreeMap<String, Config> = BTreeMap::new();
        for run in study.runs(ask.scale, ask.source()) {
            let config = plan::config(ask, &run)?;
            sets.entry(config.data_name()).or_insert(config);
        }
        of_sets(ask, &sets)?;
    }
    Ok(())
}

fn of_sets(ask: &Reproduce, sets: &BTreeMap<String, Config>) -> anyhow::Result<()> {
    let file = |name: &String| ask.out.join("data").join(format!("{name}.json"));
    let all: Vec<DataStatistics> =
        sets.keys().map(|name| DataStatistics::read(&file(name))).collect::<Result<_, _>>()?;
    let has_all =
        |of: &DataStatistics| sets.keys().all(|name| *name == of.name || of.divergence.contains_key(name));
    if all.iter().all(has_all) {
        return Ok(());
    }
    let words = |config: &Config| {
        let [train, ..] = tasks::of(config).describe(config, ask.data.as_deref())?.splits;
        Ok(Frequencies::count(train.words.iter().flatten()))
    };
    let words: Vec<Frequencies> = sets.values().map(words).collect::<anyhow::Result<_>>()?;
    for (i, mut of) in all.into_iter().enumerate() {
        for (j, name) in sets.keys().enumerate().filter(|(j, _)| *j != i) {
            let bits = words[i].divergence(&words[j]);
            of.divergence.extend(bits.map(|bits| (name.clone(), bits)));
        }
        of.write(&ask.out)?;
    }
    Ok(())
}
