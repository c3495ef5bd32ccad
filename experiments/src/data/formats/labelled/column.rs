//! Detects which of two columns holds the labels, by its values.

use super::{DataError, Places, Row, Source, looks::is_blank, quoted};
use std::collections::HashMap;

/// With fewer rows, the repetition of values proves nothing.
pub(super) const FEW: usize = 20;

/// What the values of a column are like; empty ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) count: usize,
    pub(super) distinct: usize,
    /// How many values occur once.
    pub(super) once: usize,
    /// Characters of the longest value, at most [`LONG`].
    longest: usize,
    spaces: bool,
    integers: bool,
}

/// A longer value is no label, in characters.
const LONG: usize = 60;

impl Column {
    pub(super) fn of<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let mut column = Column { integers: true, ..Column::default() };
        for value in values.filter(|value| !is_blank(value)) {
            *counts.entry(value).or_default() += 1;
            column.count += 1;
        }
        for (value, &count) in &counts {
            column.distinct += 1;
            column.once += usize::from(count == 1);
            column.longest = column.longest.max(value.chars().take(LONG + 1).count());
            column.spaces |= value.contains(char::is_whitespace);
            column.integers &= value.parse::<i64>().is_ok();
        }
        column
    }

    /// Whether there are two rows for each value, or too few rows to ask.
    pub(super) fn repeats(&self) -> bool {
        self.count < FEW || self.distinct * 2 <= self.count
    }

    /// Whether it looks like the first words of free text: many occur once. Of the labels of a training set few do.
    pub(super) fn is_prose(&self) -> bool {
        self.count >= FEW && self.once > 2 && self.once * 4 > self.distinct
    }

    /// Whether it could be labels.
    fn could_be_labels(&self) -> bool {
        let repeats_or_is_short = !self.spaces || self.distinct * 2 <= self.count;
        self.count > 0 && self.longest <= LONG && self.repeats() && repeats_or_is_short
    }
}

/// Which of two columns is the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    First,
    Last,
    Both,
    Neither,
}

impl Which {
    fn of(first: &Column, last: &Column) -> Self {
        match (first.could_be_labels(), last.could_be_labels()) {
            (true, false) => Which::First,
            (false, true) => Which::Last,
            (false, false) => Which::Neither,
            // A few values for many: no text is known by several labels.
            (true, true) if first.distinct * 2 <= last.distinct => Which::First,
            (true, true) if last.distinct * 2 <= first.distinct => Which::Last,
            (true, true) if first.integers != last.integers => match first.integers {
                true => Which::First,
                false => Which::Last,
            },
            (true, true) => Which::Both,
        }
    }

    /// Of rows that were read with the label first.
    pub(super) fn of_rows(rows: &[Row]) -> Self {
        Which::of(
            &Column::of(rows.iter().map(|row| row.label.as_str())),
            &Column::of(rows.iter().map(|row| row.text.as_str())),
        )
    }

    /// The places of text and label.
    ///
    /// # Errors
    /// [`DataError::Line`] if it is not decided.
    pub(super) fn places(self, source: &Source<'_>, rows: &[Row]) -> Result<Places, DataError> {
        let found = match self {
            Which::First => return Ok(Places { text: 1, label: 0, columns: 2 }),
            Which::Last => return Ok(Places { text: 0, label: 1, columns: 2 }),
            Which::Both => "two that could both be the label",
            Which::Neither => "none whose values are short and repeat as labels do",
        };
        let example = |row: &Row| format!("{} and {}", quoted(&row.label), quoted(&row.text));
        let examples: Vec<String> = rows.iter().take(2).map(example).collect();
        let found = format!("{found}: {}", examples.join(", then "));
        Err(source.fault(rows.first().map_or(1, |row| row.line), "one column of labels", found, GIVE))
    }
}

const GIVE: &str =
    "name the column of the labels with --label-column 1 or 2, or give --format tab, space or csv";
