//! Plots as SVG: curves with a band of the spread, and dots with error bars.
//!
//! All colours are defined here and written as attributes in upper-case hexadecimal, so that the page's style sheet can
//! replace those of text, grid and background in dark mode.

use std::error::Error;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::error::ReportError;

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(0x24, 0x29, 0x2F);
/// Lines behind the data.
pub(super) const GRID: RGBColor = RGBColor(0xE1, 0xE5, 0xEA);
/// The background.
pub(super) const GROUND: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
/// Colours that people with any type of colour vision can tell apart (Okabe and Ito 2008).
pub(super) const PALETTE: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x56, 0xB4, 0xE9),
];
pub(super) const SIZE: (u32, u32) = (860, 400);
pub(super) const LEGEND: u32 = 180;

pub(super) type Drawn = Result<(), Box<dyn Error + Send + Sync>>;
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The x axis of [`curves`].
#[derive(Clone, Copy, Debug)]
pub struct Axis<'a> {
    /// What the numbers are.
    pub label: &'a str,
    /// Whether each mark is twice the one before; all numbers are then above 0.
    pub doubles: bool,
}

impl<'a> Axis<'a> {
    /// An axis of equal steps.
    pub fn linear(label: &'a str) -> Self {
        Axis { label, doubles: false }
    }

    /// Where a number stands.
    fn place(self, x: f64) -> f64 {
        if self.doubles { x.log2() } else { x }
    }

    /// The number at a mark of an axis of this length.
    fn mark(self, place: f64, length: f64) -> String {
        match self.doubles {
            true => format!("{:.0}", place.exp2()),
            false if length < 3.0 => format!("{place:.1}"),
            false => format!("{place:.0}"),
        }
    }
}

/// A line of [`curves`]: at each x, the mean, minimum and maximum over the seeds.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Name in the legend.
    pub name: String,
    /// `(x, mean, minimum, maximum)`, in order of x.
    pub points: Vec<(f64, f64, f64, f64)>,
}

/// A position on the x axis of [`dots`], with one dot for each column.
#[derive(Clone, Debug)]
pub struct Group {
    /// Label below the axis.
    pub name: String,
    /// The columns; `None` leaves a gap.
    pub dots: Vec<Option<Dot>>,
}

/// A mean with its error bar.
#[derive(Clone, Debug)]
pub struct Dot {
    /// The mean.
    pub mean: f64,
    /// Half the length of the bar.
    pub spread: f64,
    /// The individual values.
    pub values: Vec<f64>,
    /// The paper's number, drawn as a diamond.
    pub paper: Option<f64>,
}

/// Curves over a common x axis.
///
/// # Errors
/// [`ReportError::Plot`] where the plotting library fails.
pub fn curves(name: &str, x: Axis, y: &str, curves: &[Curve]) -> Result<String, ReportError> {
    let placed = |curve: &Curve| Curve {
        name: curve.name.clone(),
        points: curve.points.iter().map(|p| (x.place(p.0), p.1, p.2, p.3)).collect(),
    };
    let curves: Vec<Curve> = curves.iter().map(placed).collect();
    drawn(name, |area| {
        let names: Vec<&str> = curves.iter().map(|curve| curve.name.as_str()).collect();
        let (left, right) = area.split_horizontally(SIZE.0 - LEGEND);
        legend(&right, &names, false)?;
        let points = || curves.iter().flat_map(|curve| &curve.points);
        let xs = range(points().map(|p| p.0), 0.0);
        let ys = range(points().flat_map(|p| [p.2, p.3]), 0.04);
        let mut chart = ChartBuilder::on(&left)
            .margin(14)
            .x_label_area_size(50)
            .y_label_area_size(68)
            .build_cartesian_2d(xs.0..xs.1, ys.0..ys.1)?;
        chart
            .configure_mesh()
            .x_desc(x.label)
            .y_desc(y)
            .x_labels(if xs.1 - xs.0 < 3.0 { 8 } else { (xs.1 - xs.0).min(7.0) as usize + 1 })
            .y_labels(7)
            .max_light_lines(0)
            .axis_style(INK)
            .bold_line_style(GRID)
            .x_label_formatter(&|mark| x.mark(*mark, xs.1 - xs.0))
            .y_label_formatter(&|y| if ys.1 - ys.0 < 0.1 { format!("{y:.4}") } else { format!("{y:.2}") })
            .label_style(text(17))
            .axis_desc_style(text(18))
            .draw()?;
        for (curve, color) in curves.iter().zip(PALETTE.iter().cycle()) {
            let above = curve.points.iter().map(|p| (p.0, p.3));
            let below = curve.points.iter().rev().map(|p| (p.0, p.2));
            let band: Vec<(f64, f64)> = above.chain(below).collect();
            chart.draw_series(std::iter::once(Polygon::new(band, color.mix(0.14))))?;
        }
        for (curve, color) in curves.iter().zip(PALETTE.iter().cycle()) {
            let mean = curve.points.iter().map(|p| (p.0, p.1));
            chart.draw_series(LineSeries::new(mean, color.stroke_width(2)))?;
            // A line of a single point is invisible.
            if let [(x, y, ..)] = curve.points[..] {
                chart.draw_series(std::iter::once(Circle::new((x, y), 4, color.filled())))?;
            }
        }
        Ok(())
    })
}

/// Dots with error bars, in groups along the x axis; each group has a dot for every column.
///
/// # Errors
/// [`ReportError::Plot`] where the plotting library fails.
pub fn dots(name: &str, y: &str, columns: &[&str], groups: &[Group]) -> Result<String, ReportError> {
    drawn(name, |area| {
        let all = || groups.iter().flat_map(|group| group.dots.iter().flatten());
        let with_paper = all().any(|dot| dot.paper.is_some());
        let (left, right) = area.split_horizontally(SIZE.0 - LEGEND);
        legend(&right, columns, with_paper)?;
        let reach = |dot: &Dot| {
            let bar = [dot.mean - dot.spread, dot.mean + dot.spread];
            bar.into_iter().chain(dot.values.iter().copied()).chain(dot.paper).collect::<Vec<_>>()
        };
        let ys = range(all().flat_map(reach), 0.08);
        let mut chart = ChartBuilder::on(&left)
            .margin(14)
            .x_label_area_size(38)
            .y_label_area_size(68)
            .build_cartesian_2d(-0.5..groups.len() as f64 - 0.5, ys.0..ys.1)?;
        // The x axis has no numeric labels: the names of the groups are drawn below it.
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(0)
            .y_desc(y)
            .y_labels(7)
            .max_light_lines(0)
            .axis_style(INK)
            .bold_line_style(GRID)
            .label_style(text(17))
            .axis_desc_style(text(18))
            .y_label_formatter(&|y| if ys.1 - ys.0 < 3.0 { format!("{y:.2}") } else { format!("{y:.1}") })
            .draw()?;
        for (i, group) in groups.iter().enumerate() {
            let (x, bottom) = chart.backend_coord(&(i as f64, ys.0));
            let below = text(18).pos(Pos::new(HPos::Center, VPos::Top));
            area.draw(&Text::new(group.name.clone(), (x, bottom + 10), below))?;
            for (j, dot) in group.dots.iter().enumerate() {
                let Some(dot) = dot else { continue };
                let place = (j as f64 + 0.5) / columns.len() as f64 - 0.5;
                let x = i as f64 + 0.72 * place;
                let color = PALETTE[j % PALETTE.len()];
                let at = |y: f64| chart.backend_coord(&(x, y));
                for line in error_bar(at(dot.mean - dot.spread), at(dot.mean + dot.spread)) {
                    area.draw(&PathElement::new(line, color.stroke_width(2)))?;
                }
                for value in &dot.values {
                    let (x, y) = at(*value);
                    area.draw(&Circle::new((x + 11, y), 2, color.mix(0.55).filled()))?;
                }
                chart.draw_series(std::iter::once(Circle::new((x, dot.mean), 5, color.filled())))?;
                if let Some(paper) = dot.paper {
                    let (x, y) = chart.backend_coord(&(x, paper));
                    area.draw(&diamond(x, y, color))?;
                }
            }
        }
        Ok(())
    })
}

/// A vertical line with caps at its ends.
fn error_bar(low: (i32, i32), high: (i32, i32)) -> [Vec<(i32, i32)>; 3] {
    let cap = |(x, y): (i32, i32)| vec![(x - 5, y), (x + 5, y)];
    [vec![low, high], cap(low), cap(high)]
}

fn diamond(x: i32, y: i32, color: RGBColor) -> PathElement<(i32, i32)> {
    let around = [(x, y - 6), (x + 6, y), (x, y + 6), (x - 6, y), (x, y - 6)];
    PathElement::new(around.to_vec(), color.stroke_width(2))
}

pub(super) fn legend(area: &Area, names: &[&str], with_paper: bool) -> Drawn {
    let beside = text(17).pos(Pos::new(HPos::Left, VPos::Center));
    let line = |i: usize| 26 + 24 * i as i32;
    for (i, name) in names.iter().enumerate() {
        let y = line(i);
        area.draw(&Rectangle::new([(6, y - 5), (20, y + 5)], PALETTE[i % PALETTE.len()].filled()))?;
        area.draw(&Text::new((*name).to_owned(), (28, y), beside.clone()))?;
    }
    if with_paper {
        let y = line(names.len());
        area.draw(&diamond(13, y, INK))?;
        area.draw(&Text::new("the paper".to_owned(), (28, y), beside))?;
    }
    Ok(())
}

pub(super) fn text(size: i32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

pub(super) fn drawn(name: &str, draw: impl FnOnce(&Area) -> Drawn) -> Result<String, ReportError> {
    let mut svg = String::new();
    let result = {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let filled = area.fill(&GROUND).map_err(Into::into);
        filled.and_then(|()| draw(&area)).and_then(|()| area.present().map_err(Into::into))
    };
    match result {
        Ok(()) => Ok(svg),
        Err(error) => Err(ReportError::Plot { name: name.into(), message: error.to_string() }),
    }
}

/// Minimum and maximum with a margin on both sides; the range is never empty.
pub(super) fn range(values: impl Iterator<Item = f64>, margin: f64) -> (f64, f64) {
    let (least, largest) = values.fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(x), b.max(x)));
    if least > largest {
        return (0.0, 1.0);
    }
    let width = largest - least;
    let pad = if width > 0.0 { margin * width } else { 0.5 };
    (least - pad, largest + pad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(mean: f64, paper: Option<f64>) -> Option<Dot> {
        Some(Dot { mean, spread: 0.5, values: vec![mean - 0.4, mean + 0.4], paper })
    }

    #[test]
    fn text_reaches_the_picture() {
        let points = (0..50).map(|i| (f64::from(i), 1.0 / f64::from(i + 1), 0.0, 1.0)).collect();
        let svg =
            curves("p", Axis::linear("step"), "loss", &[Curve { name: "Adam & co".into(), points }]).unwrap();
        for word in ["step", "loss", "Adam &amp; co", "<polygon", "<polyline"] {
            assert!(svg.contains(word), "{word}");
        }
        assert!(svg.contains("#24292F") && svg.contains("#FFFFFF"), "the style sheet looks for these");
    }

    #[test]
    fn marks_are_numbers_of_the_axis() {
        let points = [16.0, 64.0, 256.0].map(|x| (x, 2.0, 2.0, 2.0)).to_vec();
        let shown = |axis, points: &[(f64, f64, f64, f64)]| {
            curves("p", axis, "loss", &[Curve { name: "a".into(), points: points.to_vec() }]).unwrap()
        };
        let doubling = shown(Axis { label: "tokens", doubles: true }, &points);
        let marks = ["16", "32", "64", "128", "256"].map(|mark| format!("\n{mark}\n"));
        assert!(marks.iter().all(|mark| doubling.contains(mark)), "{doubling}");
        let shares: Vec<_> = points.iter().map(|p| (p.0 / 512.0, p.1, p.2, p.3)).collect();
        assert!(shown(Axis::linear("dropout"), &shares).contains("\n0.3\n"));
    }

    #[test]
    fn a_gap_draws_nothing_and_the_paper_a_diamond() {
        let circles = |dots| {
            let svg = dots_of(dots);
            (svg.matches("<circle").count(), svg.contains("the paper"))
        };
        assert_eq!(circles(vec![dot(80.0, None), dot(81.0, None)]), (6, false));
        assert_eq!(circles(vec![dot(80.0, Some(82.0)), None]), (3, true));
        assert_eq!(circles(vec![None, None]), (0, false));
    }

    fn dots_of(dots: Vec<Option<Dot>>) -> String {
        super::dots("p", "accuracy", &["a", "b"], &[Group { name: "IMDB".into(), dots }]).unwrap()
    }

    #[test]
    fn a_range_is_never_empty() {
        assert_eq!(range(std::iter::empty(), 0.1), (0.0, 1.0));
        assert_eq!(range([3.0].into_iter(), 0.1), (2.5, 3.5));
        assert_eq!(range([0.0, 10.0].into_iter(), 0.1), (-1.0, 11.0));
    }
}
