//! A matrix of numbers as a plot of coloured squares.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::error::ReportError;
use super::plots::{GROUND, INK, PALETTE, SIZE, drawn, range, text};

/// The space for the names of the rows, and for those of the columns.
const NAMES: i32 = 190;
const HEADS: i32 = 56;
/// From this number of columns on, numbers do not fit into the squares.
const MOST_NUMBERS: usize = 17;

/// One line of [`heat_map`]: the name of the row, and a value for each column; `None` leaves a gap.
pub(super) type Row = (String, Vec<Option<f64>>);

/// Squares whose colour is the deeper the larger the number, which `show` writes into them.
///
/// # Errors
/// [`ReportError::Plot`] where the plotting library fails.
pub(super) fn heat_map(
    name: &str,
    columns: &[String],
    rows: &[Row],
    show: impl Fn(f64) -> String,
) -> Result<String, ReportError> {
    let (least, largest) = range(rows.iter().flat_map(|(_, values)| values.iter().copied().flatten()), 0.0);
    let (wide, tall) = (SIZE.0 as i32 - NAMES - 20, SIZE.1 as i32 - HEADS - 14);
    let across = |i: usize| NAMES + wide * i as i32 / columns.len().max(1) as i32;
    let down = |i: usize| HEADS + tall * i as i32 / rows.len().max(1) as i32;
    let size = if columns.len() > 8 { 12 } else { 16 };
    drawn(name, |area| {
        let right = text(size + 1).pos(Pos::new(HPos::Right, VPos::Center));
        let middle = Pos::new(HPos::Center, VPos::Center);
        for (j, column) in columns.iter().enumerate() {
            // Neighbouring names may be longer than their squares: every second one stands higher.
            let y = HEADS - if j % 2 == 0 { 12 } else { 32 };
            let x = (across(j) + across(j + 1)) / 2;
            area.draw(&Text::new(column.clone(), (x, y), text(size).pos(middle)))?;
        }
        for (i, (row, values)) in rows.iter().enumerate() {
            let y = (down(i) + down(i + 1)) / 2;
            area.draw(&Text::new(row.clone(), (NAMES - 8, y), right.clone()))?;
            for (j, value) in values.iter().enumerate() {
                let Some(value) = value else { continue };
                let share = (value - least) / (largest - least);
                let corners = [(across(j) + 1, down(i) + 1), (across(j + 1) - 1, down(i + 1) - 1)];
                area.draw(&Rectangle::new(corners, PALETTE[0].mix(0.06 + 0.94 * share).filled()))?;
                if columns.len() < MOST_NUMBERS {
                    let color = if share > 0.55 { &GROUND } else { &INK };
                    let x = (across(j) + across(j + 1)) / 2;
                    area.draw(&Text::new(show(*value), (x, y), text(size).color(color).pos(middle)))?;
                }
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_a_square_and_a_gap_has_none() {
        let rows = [
            ("books".to_owned(), vec![Some(81.0), None]),
            ("a & b".to_owned(), vec![Some(70.0), Some(75.5)]),
        ];
        let heads = ["books".to_owned(), "dvd".to_owned()];
        let svg = heat_map("p", &heads, &rows, |x| format!("{x:.1}")).unwrap();
        // The background is a rectangle too.
        assert_eq!(svg.matches("<rect").count(), 1 + 3);
        for text in ["81.0", "70.0", "75.5", "dvd", "a &amp; b"] {
            assert!(svg.contains(text), "{text}");
        }
    }
}
