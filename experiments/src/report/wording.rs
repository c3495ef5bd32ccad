//! Sentences shared by both formats of the report.

use super::Report;
use super::appendix::duration;
use super::section::Section;
use super::study::DataSource;
use super::table::{Entry, Table};
use super::verdict::Verdict;

pub(super) const TITLE: &str = "Optimization strategies for NLP: which claims hold";

/// The introduction of the report.
pub(super) fn opening(report: &Report) -> Vec<String> {
    let runs = report.runs;
    let mut sentences = vec![
        format!(
            "Made from {runs} result file{}, {} of training and evaluation in all; no number here comes from anywhere else.",
            if runs == 1 { "" } else { "s" },
            duration(report.seconds)
        ),
        "A claim is judged by comparing means over seeds. A comparison is held, or contradicted, where the difference \
         exceeds the least significant one at 95%: t · s · √(1/n + 1/m), with the spread s pooled over the cells of the \
         row, or of the column where rows are compared, and Student's t at its degrees of freedom. A claim held if all its comparisons did, did not hold if one is \
         contradicted, and is undecided otherwise; with one seed there is no spread, and nothing is decided. The rule \
         makes no allowance for the many comparisons of a table, nor for how the test examples were drawn."
            .into(),
    ];
    sentences.extend(report.machines.iter().map(|machine| format!("Ran on {machine}.")));
    sentences
}

/// What is missing from the whole report.
pub(super) fn gaps(report: &Report) -> Vec<String> {
    let mut sentences = Vec::new();
    if !report.not_run.is_empty() {
        let names: Vec<&str> = report.not_run.iter().map(|study| study.name).collect();
        sentences.push(format!("No result yet: {}.", names.join(", ")));
    }
    if !report.strays.is_empty() {
        sentences.push(format!("Left out, as no study asks for them: {}.", report.strays.join(", ")));
    }
    sentences
}

impl Section {
    /// Such as `Table 10: Regularisation of the BiLSTM classifier`.
    pub fn heading(&self) -> String {
        format!("{}: {}", self.study.source, self.study.title)
    }

    /// Such as `quick, generated data`.
    pub fn scope(&self) -> Option<String> {
        let data = |source| match source {
            DataSource::Embedded => "generated data",
            DataSource::Real => "real data",
        };
        self.setting.map(|(scale, source)| format!("{scale}, {}", data(source)))
    }

    /// Such as `16 of 16 runs`.
    pub fn progress(&self) -> String {
        format!("{} of {} runs", self.planned - self.missing.len(), self.planned)
    }

    /// The verdict, if there is a claim.
    pub fn verdict(&self) -> Option<Verdict> {
        self.judgement.as_ref().map(|judgement| judgement.verdict)
    }
}

/// The verdict on each claim.
pub(super) fn overview_table(report: &Report) -> Table {
    let row = |section: &Section| {
        let texts =
            [section.heading(), section.scope()?, section.progress(), section.verdict()?.words().into()];
        Some(texts.map(Entry::new).to_vec())
    };
    let head = ["Study", "Scale and data", "Runs", "Verdict"].map(String::from).to_vec();
    Table { caption: String::new(), head, rows: report.sections.iter().filter_map(row).collect() }
}
