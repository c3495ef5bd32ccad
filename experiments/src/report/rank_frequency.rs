//! Plots the word counts of a corpus over their rank, with logarithmic axes and Zipf's law for comparison.

use plotters::prelude::*;

use super::error::ReportError;
use super::plots::{GRID, INK, LEGEND, PALETTE, SIZE, drawn, legend, text};

/// Maximum number of points per curve: more would enlarge the file without a visible difference.
const POINTS_PER_CURVE: usize = 400;

/// Counts by rank, and the Zipf line `f(r) = f(1) / r` of the first curve. Each curve is a name and counts in
/// descending order.
///
/// # Errors
/// [`ReportError::Plot`] if the plotting library fails.
pub fn rank_frequency(name: &str, curves: &[(String, Vec<usize>)]) -> Result<String, ReportError> {
    drawn(name, |area| {
        let mut names: Vec<&str> = curves.iter().map(|(name, _)| name.as_str()).collect();
        names.push("f(1) / rank");
        let (left, right) = area.split_horizontally(SIZE.0 - LEGEND);
        legend(&right, &names, false)?;
        let ranks = curves.iter().map(|(_, counts)| counts.len()).max().unwrap_or(0).max(2) as f64;
        let most =
            curves.iter().filter_map(|(_, counts)| counts.first()).max().map_or(2, |&most| most.max(2));
        let mut chart = ChartBuilder::on(&left)
            .margin(14)
            .x_label_area_size(50)
            .y_label_area_size(80)
            .build_cartesian_2d((1.0..ranks).log_scale(), (1.0..1.2 * most as f64).log_scale())?;
        chart
            .configure_mesh()
            .x_desc("rank")
            .y_desc("count")
            .max_light_lines(0)
            .axis_style(INK)
            .bold_line_style(GRID)
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| format!("{y:.0}"))
            .label_style(text(17))
            .axis_desc_style(text(18))
            .draw()?;
        let colour = |i: usize| PALETTE[i % PALETTE.len()];
        for (i, (_, counts)) in curves.iter().enumerate() {
            let points = shown(counts.len()).map(|rank| (rank as f64, counts[rank - 1] as f64));
            chart.draw_series(LineSeries::new(points, colour(i).stroke_width(2)))?;
        }
        if let Some(&first) = curves.first().and_then(|(_, counts)| counts.first()) {
            let last = ranks.min(first as f64);
            let line = [(1.0, first as f64), (last, first as f64 / last)];
            chart.draw_series(LineSeries::new(line, colour(curves.len()).stroke_width(1)))?;
        }
        Ok(())
    })
}

/// Ranks from 1 to n; if there are too many, a selection in equal steps of the logarithm.
fn shown(n: usize) -> impl Iterator<Item = usize> {
    let steps = POINTS_PER_CURVE.min(n);
    let mut last = 0;
    (1..=steps).filter_map(move |i| {
        let rank = (n as f64).powf(i as f64 / steps as f64).floor() as usize;
        // For low ranks, a step is less than one rank: each rank is shown once.
        let rank = rank.max(last + 1).min(n);
        let fresh = rank > last;
        last = rank;
        fresh.then_some(rank)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_rise_from_one_to_the_last() {
        for n in [0, 1, 2, 399, 400, 401, 30_000] {
            let ranks: Vec<usize> = shown(n).collect();
            assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]) && ranks.len() <= POINTS_PER_CURVE, "{n}");
            assert_eq!(
                (ranks.first(), ranks.last()),
                (Some(&1).filter(|_| n > 0), Some(&n).filter(|_| n > 0))
            );
        }
    }

    #[test]
    fn a_law_of_zipf_is_a_straight_line_at_the_law() {
        let counts: Vec<usize> = (1..=1000).map(|rank| 1_000_000 / rank).collect();
        let svg = rank_frequency("p", &[("train".into(), counts)]).unwrap();
        let lines: Vec<Vec<(f64, f64)>> = svg
            .split("<polyline")
            .skip(1)
            .filter(|line| line.contains("#0072B2") || line.contains("#D55E00"))
            .map(|line| {
                let points = line.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
                let pair = |p: &str| {
                    let (x, y) = p.split_once(',').unwrap();
                    (x.parse().unwrap(), y.parse().unwrap())
                };
                points.split_whitespace().map(pair).collect()
            })
            .collect();
        let [curve, law] = &lines[..] else { panic!("expected two lines, found {}", lines.len()) };
        assert_eq!((curve.first(), curve.last()), (law.first(), law.last()));
        assert!(svg.contains("rank") && svg.contains("count") && svg.contains("f(1) / rank"));
    }

    #[test]
    fn no_word_and_one_word_are_drawn_as_well() {
        assert!(rank_frequency("p", &[("train".into(), vec![])]).is_ok());
        assert!(rank_frequency("p", &[("train".into(), vec![1]), ("dev".into(), vec![])]).is_ok());
    }
}
