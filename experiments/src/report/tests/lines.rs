//! Metrics as lines, along the numbers of trials or of rows.

use super::super::study::*;
use super::super::*;
use super::made::{PLAIN, cell, made_of};
use crate::run::{Better, Metric, Unit};

const PERPLEXITY: Metric = Metric { name: "perplexity", better: Better::Smaller, unit: Unit::Plain };
const ACCURACY: Measure = Measure::Test(Metric::share("accuracy"));
const CONTEXTS: [usize; 3] = [16, 64, 256];

const fn within(tokens: usize) -> Trial {
    Trial::Within { tokens, limit: 9 }
}

static STUDIES: &[Study] = &[
    Study {
        name: "contexts",
        title: "Contexts",
        measures: &[Measure::Trial(within(256), PERPLEXITY)],
        shows: Shows::Within(&[PERPLEXITY], "tokens that the model sees"),
        plan: |scale, _| {
            let of = |column| cell("Text", column, "books", scale).tried(CONTEXTS.map(within));
            ["a", "b"].map(of).to_vec()
        },
        ..PLAIN
    },
    Study {
        name: "shares",
        title: "Shares",
        rows: "dropout",
        measures: &[ACCURACY],
        shows: Shows::Along,
        plan: |scale, _| ["0", "0.3", "0.6"].map(|row| cell(row, "a", "books", scale)).to_vec(),
        ..PLAIN
    },
];

#[test]
fn a_column_is_a_line_and_the_floor_another() {
    let folder = tempfile::tempdir().unwrap();
    for study in STUDIES {
        for run in study.runs(Scale::Quick, DataSource::Embedded) {
            let mut result = made_of(study, &run, Scale::Quick, DataSource::Embedded);
            for tokens in CONTEXTS.into_iter().filter(|_| study.name == "contexts") {
                let numbers = [("perplexity", 1e3 / tokens as f64), ("floor", 3.0)];
                let numbers = numbers.map(|(name, number)| (name.to_owned(), number)).into();
                result.trials.insert(within(tokens).name(), numbers);
            }
            result.write(folder.path()).unwrap();
        }
    }
    let report = Report::read(folder.path(), STUDIES).unwrap();
    let [contexts, shares] = &report.sections[..] else { panic!("sections") };
    let names = |section: &Section| section.plots.iter().map(|plot| plot.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(contexts)[0], "contexts-quick-embedded-lines-1");
    let svg = &contexts.plots[0].svg;
    assert_eq!(svg.matches("<polyline").count() - contexts_axes(svg), 3, "a, b and the floor");
    assert!(["\nfloor\n", "\n16\n", "\n256\n"].iter().all(|text| svg.contains(text)), "{svg}");
    assert_eq!(contexts.tables[1].head, ["Data set", "16", "64", "256"]);
    let floors =
        contexts.tables.iter().find(|table| table.caption.contains("no model can go under")).unwrap();
    assert_eq!(
        floors.rows[0].iter().map(|entry| entry.main.as_str()).collect::<Vec<_>>()[1..],
        ["3.00 ± 0.00"; 3]
    );
    assert_eq!(names(shares), ["shares-quick-embedded-accuracy"]);
    let svg = &shares.plots[0].svg;
    assert!(svg.contains("\ndropout\n") && svg.contains("\n0.3\n"), "{svg}");
    assert!(shares.plots[0].caption.starts_with("Test accuracy, %: mean of the seeds"));
}

/// The lines of a plot that are axes and their marks: those in the colour of text.
fn contexts_axes(svg: &str) -> usize {
    svg.lines().filter(|line| line.contains("<polyline") && line.contains("#24292F")).count()
}
