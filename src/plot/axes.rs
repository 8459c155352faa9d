//! The parts that pictures with axes share.

use std::ops::Range;

use ndarray::{ArrayRef1, ArrayRef2};
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::drawing::DrawingArea;
use plotters::prelude::{Cartesian2d, DrawingBackend};
use plotters::style::{BLACK, IntoFont, RGBColor, TextStyle, WHITE};

use super::canvas::FONT;
use super::error::{Error, Result};
use super::options::Frame;
use crate::Float;

/// Heights of text, in pixels of a line.
pub(super) const LABEL: u32 = 16;
pub(super) const TITLE: u32 = 20;

/// The grey of what should not be looked at first.
pub(super) const GREY: RGBColor = RGBColor(110, 110, 110);
/// The red of lines that mark a value.
pub(super) const RED: RGBColor = RGBColor(0xc0, 0x1c, 0x28);

/// A linear axis, and where its ticks are.
///
/// NOTE: plotters' own finds its ticks by adding steps until the end is reached, which takes forever
/// where a step is lost in rounding.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    range: Range<f64>,
    ticks: Vec<f64>,
}

impl Axis {
    /// About so many ticks, at 1, 2 or 5 times a power of ten.
    pub(super) fn new(range: Range<f64>, n_ticks: usize) -> Self {
        let ticks = ticks(&range, n_ticks, 0.0);
        Self { range, ticks }
    }

    /// Ticks at whole numbers alone.
    pub(super) fn whole(range: Range<f64>, n_ticks: usize) -> Self {
        let ticks = ticks(&range, n_ticks, 1.0);
        Self { range, ticks }
    }

    /// These ticks.
    pub(super) fn with_ticks(range: Range<f64>, ticks: Vec<f64>) -> Self {
        Self { range, ticks }
    }
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        let part = (value - self.range.start) / (self.range.end - self.range.start);
        let place = f64::from(first) + part * f64::from(last - first);
        // `as` keeps to the range of i32.
        place.round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

/// A chart with an axis each way.
pub(super) type Chart<'a, DB> = ChartContext<'a, DB, Cartesian2d<Axis, Axis>>;

/// Text in black, centred at its place both ways.
pub(super) fn centred(size: u32) -> TextStyle<'static> {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    let style = (FONT, size).into_font().color(&BLACK);
    style.pos(Pos::new(HPos::Center, VPos::Center))
}

/// The white area, below the title if there is one.
pub(super) fn titled<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    frame: &Frame,
) -> Result<DrawingArea<DB, Shift>> {
    area.fill(&WHITE)?;
    if frame.title.is_empty() {
        return Ok(area.clone());
    }
    Ok(area.titled(&frame.title, (FONT, TITLE).into_font())?)
}

/// A chart of this range, with room for the labels of both axes, not drawn yet.
pub(super) fn chart<'a, DB: DrawingBackend>(
    area: &'a DrawingArea<DB, Shift>,
    x: Axis,
    y: Axis,
) -> Result<Chart<'a, DB>> {
    let mut builder = ChartBuilder::on(area);
    builder
        .margin(12)
        .x_label_area_size(46)
        .y_label_area_size(64);
    Ok(builder.build_cartesian_2d(x, y)?)
}

/// The axes with their labels and what they show, over what was drawn before.
pub(super) fn draw_axes<DB: DrawingBackend>(
    chart: &mut Chart<'_, DB>,
    names: &[String; 2],
) -> Result<()> {
    let mut mesh = chart.configure_mesh();
    mesh.disable_mesh()
        .label_style((FONT, LABEL))
        .axis_desc_style((FONT, LABEL))
        .x_label_formatter(&|value| number(*value))
        .y_label_formatter(&|value| number(*value))
        .x_desc(&names[0])
        .y_desc(&names[1])
        .draw()?;
    Ok(())
}

/// Multiples of a round step, of at least this size.
fn ticks(range: &Range<f64>, n_ticks: usize, least_step: f64) -> Vec<f64> {
    let rough = (range.end - range.start) / n_ticks.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    let step = round.into_iter().find(|&step| step >= rough);
    let step = step.unwrap_or(rough).max(least_step);
    let (first, last) = ((range.start / step).ceil(), (range.end / step).floor());
    // `as` keeps to the range of i64, and there are not many of a step that is not too small.
    let n = (last - first) as i64;
    (0..=n).map(|tick| (first + tick as f64) * step).collect()
}

/// A number as an axis shows it: short, and powers of ten where zeros would fill the margin.
pub(super) fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-3..1e5).contains(&magnitude) {
        let text = format!("{value:.3e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mantissa = trimmed(mantissa);
        return format!("{mantissa}e{exponent}");
    }
    let text = format!("{value:.4}");
    match trimmed(&text) {
        // Of a tick at zero, which rounding misses.
        "-0" => "0".to_owned(),
        short => short.to_owned(),
    }
}

/// A decimal number without zeros that say nothing.
fn trimmed(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

/// The range of values, with some air around them, and never so narrow that ticks would coincide.
pub(super) fn range(values: impl IntoIterator<Item = f64>) -> Range<f64> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values {
        low = low.min(value);
        high = high.max(value);
    }
    if low > high {
        return 0.0..1.0;
    }
    let magnitude = low.abs().max(high.abs());
    let narrowest = if magnitude < SMALLEST {
        1.0
    } else {
        1e-6 * magnitude
    };
    let air = (0.05 * (high - low)).max(narrowest);
    low - air..high + air
}

/// Values that axes can show, other than 0. Coordinates are found by dividing by their range.
const SMALLEST: f64 = 1e-250;
const LARGEST: f64 = 1e250;

/// Whether axes can show a value.
pub(super) fn is_drawable(value: f64) -> bool {
    value.abs() <= LARGEST
}

/// # Errors
/// [`Error::NothingToDraw`], or [`crate::Error::NotFinite`] and [`crate::Error::TooLarge`] within
/// [`Error::Data`].
pub(super) fn check_rows<F: Float>(x: &ArrayRef2<F>, what: &'static str) -> Result<()> {
    if x.is_empty() {
        return Err(Error::NothingToDraw { what });
    }
    for ((row, column), value) in x.indexed_iter() {
        if !value.is_finite() {
            return Err(crate::Error::NotFinite { row, column }.into());
        }
        if !is_drawable(value.to_f64()) {
            return Err(crate::Error::TooLarge { row, column }.into());
        }
    }
    Ok(())
}

/// # Errors
/// [`Error::DoesNotFit`].
pub(super) fn check_labels(labels: &ArrayRef1<usize>, points: usize) -> Result<()> {
    check_count("labels", labels.len(), "points", points)
}

/// # Errors
/// [`Error::DoesNotFit`].
pub(super) fn check_count(
    what: &'static str,
    found: usize,
    rows: &'static str,
    expected: usize,
) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::DoesNotFit {
        what,
        found,
        rows,
        expected,
    })
}

/// # Errors
/// [`crate::Error::DimensionMismatch`] within [`Error::Data`].
pub(super) fn check_features(found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(crate::Error::DimensionMismatch { expected, found }.into())
}

/// How many clusters there are at least, if there is this largest label.
pub(super) fn n_clusters(labels: &ArrayRef1<usize>) -> usize {
    labels
        .iter()
        .max()
        .map_or(0, |&label| label.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (-2.5, "-2.5"),
            (0.30000000000000004, "0.3"),
            (1e-17, "1e-17"),
            (20_000.0, "20000"),
            (1_250_000.0, "1.25e6"),
            (-3e-5, "-3e-5"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(ticks(&(-0.1..1.0), 5, 0.0), [0.0, 0.5, 1.0]);
        assert_eq!(ticks(&(1.8..7.2), 10, 1.0), [2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(
            ticks(&(0.0..35.0), 8, 0.0),
            [0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0]
        );
        for range in [1e16 - 1e10..1e16 + 1e10, -1e250..1e250, 1e-250..3e-250] {
            let ticks = ticks(&range, 8, 0.0);
            assert!((2..=9).contains(&ticks.len()), "{ticks:?}");
            let is_within = |tick: &f64| (range.start..=range.end).contains(tick);
            assert!(ticks.iter().all(is_within), "{ticks:?}");
        }
    }

    #[test]
    fn ranges_hold_their_values_and_are_never_empty() {
        for values in [
            vec![],
            vec![0.0],
            vec![1e16, 1e16 + 2.0],
            vec![-1e250, 1e250],
            vec![5e-324],
            vec![3.0, 4.0],
        ] {
            let range = range(values.iter().copied());
            assert!(
                range.end - range.start > 1e-7 * range.end.abs(),
                "{range:?}"
            );
            assert!(
                values.iter().all(|value| range.contains(value)),
                "{range:?}"
            );
        }
    }
}
