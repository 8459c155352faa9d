//! Axes, and the checks that pictures share.

use std::ops::Range;

use ndarray::{ArrayRef1, ArrayRef2};
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::drawing::DrawingArea;
use plotters::prelude::{Cartesian2d, DrawingBackend};
use plotters::style::RGBColor;

use super::error::{Error, Result};
use super::text::{FONT, LABEL, fitted, width_of};
use crate::Float;

/// The grey of secondary lines and text.
pub(super) const GREY: RGBColor = RGBColor(110, 110, 110);
/// The red of lines that mark a value.
pub(super) const RED: RGBColor = RGBColor(0xc0, 0x1c, 0x28);

/// A linear axis with its ticks.
///
/// NOTE: the axis of plotters adds steps until it reaches the end of the range. It never returns if a step
/// is lost in rounding.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    range: Range<f64>,
    ticks: Vec<f64>,
    labels: Vec<String>,
}

impl Axis {
    /// An axis with about `n_ticks` ticks, whose distance is 1, 2 or 5 times a power of ten.
    pub(super) fn new(range: Range<f64>, n_ticks: usize) -> Self {
        let (step, ticks) = ticks(&range, n_ticks, 0.0);
        let labels = labels(&ticks, step);
        Self {
            range,
            ticks,
            labels,
        }
    }

    /// An axis of integers, with ticks only at integers between the smallest and the largest value.
    pub(super) fn whole(values: impl IntoIterator<Item = f64>, n_ticks: usize) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        let first = values.iter().copied().fold(f64::INFINITY, f64::min);
        let last = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let range = range(values);
        let (step, mut ticks) = ticks(&range, n_ticks, 1.0);
        ticks.retain(|tick| (first..=last).contains(tick));
        let labels = labels(&ticks, step);
        Self {
            range,
            ticks,
            labels,
        }
    }

    /// An axis with the given ticks and labels.
    pub(super) fn with_ticks(
        range: Range<f64>,
        ticks: impl IntoIterator<Item = (f64, String)>,
    ) -> Self {
        let (ticks, labels) = ticks.into_iter().unzip();
        Self {
            range,
            ticks,
            labels,
        }
    }

    /// The label of a tick.
    pub(super) fn label(&self, tick: f64) -> String {
        let place = self.ticks.iter().position(|&own| own == tick);
        place.map_or(String::new(), |place| self.labels[place].clone())
    }

    /// The width of a vertical axis in pixels, with its labels and its name.
    pub(super) fn room(&self) -> u32 {
        let widths = self.labels.iter().map(|label| width_of(label, LABEL));
        widths.max().unwrap_or(0) + 36
    }
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        let part = (value - self.range.start) / (self.range.end - self.range.start);
        let place = f64::from(first) + part * f64::from(last - first);
        // NOTE: `as` clamps to the range of i32.
        place.round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

/// A chart with a horizontal and a vertical axis.
pub(super) type Chart<'a, DB> = ChartContext<'a, DB, Cartesian2d<Axis, Axis>>;

/// Both axes and their names.
#[derive(Clone, Debug)]
pub(super) struct Axes {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) names: [String; 2],
}

/// The margin around a chart, and the height of its horizontal axis, in pixels.
pub(super) const MARGIN: u32 = 12;
pub(super) const BELOW: u32 = 46;

impl Axes {
    /// Axes whose ranges contain all places.
    pub(super) fn around(
        places: impl Iterator<Item = (f64, f64)> + Clone,
        names: [String; 2],
    ) -> Self {
        Self {
            x: Axis::new(range(places.clone().map(|place| place.0)), 8),
            y: Axis::new(range(places.map(|place| place.1)), 8),
            names,
        }
    }

    /// An empty chart, with room for the labels and names of the axes.
    pub(super) fn chart<'a, DB: DrawingBackend>(
        &self,
        area: &'a DrawingArea<DB, Shift>,
    ) -> Result<Chart<'a, DB>> {
        let chart = ChartBuilder::on(area)
            .margin(MARGIN)
            .x_label_area_size(BELOW)
            .y_label_area_size(self.y.room())
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        Ok(chart)
    }

    /// Draws the axes with their labels and names, on top of everything drawn before.
    pub(super) fn draw<DB: DrawingBackend>(&self, chart: &mut Chart<'_, DB>) -> Result<()> {
        let (width, height) = chart.plotting_area().dim_in_pixel();
        let mut mesh = chart.configure_mesh();
        mesh.disable_mesh()
            .label_style((FONT, LABEL))
            .axis_desc_style((FONT, LABEL))
            .x_label_formatter(&|tick| self.x.label(*tick))
            .y_label_formatter(&|tick| self.y.label(*tick))
            .x_desc(fitted(&self.names[0], LABEL, width))
            .y_desc(fitted(&self.names[1], LABEL, height))
            .draw()?;
        Ok(())
    }
}

/// The distance between ticks, at least `least_step`, and the ticks at its multiples.
fn ticks(range: &Range<f64>, n_ticks: usize, least_step: f64) -> (f64, Vec<f64>) {
    let rough = (range.end - range.start) / n_ticks.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    let step = round.into_iter().find(|&step| step >= rough);
    let step = step.unwrap_or(rough).max(least_step);
    let (first, last) = ((range.start / step).ceil(), (range.end / step).floor());
    // NOTE: `as` clamps to the range of i64. The step is wide enough that there are few ticks.
    let n = (last - first) as i64;
    let ticks = (0..=n).map(|tick| (first + tick as f64) * step);
    (step, ticks.collect())
}

/// Labels that differ wherever ticks do: with as many digits as the step needs, and in scientific notation
/// where zeros would fill the margin.
fn labels(ticks: &[f64], step: f64) -> Vec<String> {
    let largest = ticks.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    let place = |value: f64| value.log10().floor() as i32;
    // With half a step more, because the logarithm of a power of ten may be rounded down.
    let last_digit = place(1.5 * step);
    let label = |&tick: &f64| {
        // Rounding may leave the tick at zero slightly off.
        if tick.abs() < 0.5 * step {
            return "0".to_owned();
        }
        let first_digit = place(tick.abs());
        let text =
            if largest < 1e5 && step >= 1e-4 || (last_digit >= 0 && first_digit - last_digit > 3) {
                format!("{tick:.*}", usize::try_from(-last_digit).unwrap_or(0))
            } else {
                let digits = usize::try_from(first_digit - last_digit).unwrap_or(0);
                format!("{tick:.digits$e}")
            };
        match text.split_once('e') {
            Some((mantissa, exponent)) => format!("{}e{exponent}", trimmed(mantissa)),
            None => trimmed(&text).to_owned(),
        }
    };
    ticks.iter().map(label).collect()
}

/// A decimal number without trailing zeros.
fn trimmed(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

/// The range of values with a margin, always wide enough that ticks do not coincide.
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
        1e-10 * magnitude
    };
    let air = (0.05 * (high - low)).max(narrowest);
    low - air..high + air
}

/// The magnitudes that axes can show, apart from 0. Coordinates are divided by the range of the values.
const SMALLEST: f64 = 1e-250;
const LARGEST: f64 = 1e250;

/// Whether axes can show a value.
pub(super) fn is_drawable(value: f64) -> bool {
    value.abs() <= LARGEST
}

/// # Errors
/// [`Error::NothingToDraw`], or [`crate::Error::NotFinite`] and [`crate::Error::TooLarge`] within
/// [`Error::Data`].
pub(super) fn check_rows<F: Float>(
    argument: &'static str,
    what: &'static str,
    x: &ArrayRef2<F>,
) -> Result<()> {
    if x.is_empty() {
        return Err(Error::NothingToDraw { what });
    }
    for ((row, column), value) in x.indexed_iter() {
        if !value.is_finite() {
            return Err(crate::Error::NotFinite {
                argument,
                row,
                column,
            }
            .into());
        }
        if !is_drawable(value.to_f64()) {
            return Err(too_large(argument, row, column));
        }
    }
    Ok(())
}

/// A value that cannot be drawn.
pub(super) fn too_large(argument: &'static str, row: usize, column: usize) -> Error {
    crate::Error::TooLarge {
        argument,
        row,
        column,
    }
    .into()
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
pub(super) fn check_features(argument: &'static str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(crate::Error::DimensionMismatch {
        argument,
        expected,
        found,
    }
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_within_the_range() {
        let at = |range: Range<f64>, n, least| ticks(&range, n, least).1;
        assert_eq!(at(-0.1..1.0, 5, 0.0), [0.0, 0.5, 1.0]);
        assert_eq!(at(1.8..7.2, 10, 1.0), [2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(at(0.0..35.0, 4, 0.0), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!(Axis::whole([1.0, 40.0], 15).ticks[0], 5.0);
        for range in [1e16 - 1e10..1e16 + 1e10, -1e250..1e250, 1e-250..3e-250] {
            let ticks = at(range.clone(), 8, 0.0);
            assert!((2..=9).contains(&ticks.len()), "{ticks:?}");
            let is_within = |tick: &f64| (range.start..=range.end).contains(tick);
            assert!(ticks.iter().all(is_within), "{ticks:?}");
        }
    }

    #[test]
    fn labels_are_short_and_differ_between_ticks() {
        for (range, n, expected) in [
            (-0.1..1.0, 6, &["0", "0.2", "0.4", "0.6", "0.8", "1"][..]),
            (-3.0..3.0, 3, &["-2", "0", "2"]),
            (0.0..2.5e6, 3, &["0", "1e6", "2e6"]),
            (1.2e6..1.5e6, 3, &["1.2e6", "1.3e6", "1.4e6", "1.5e6"]),
            (0.0..9e-6, 2, &["0", "5e-6"]),
            (900.0..12_000.0, 3, &["5000", "10000"]),
        ] {
            assert_eq!(Axis::new(range, n).labels, expected);
        }
        for (start, span) in [
            (1.7e9, 1e3),
            (1.0, 1e-4),
            (123_400.0, 300.0),
            (-1e16, 1e10),
            (5.0, 1e-9),
            (-4e-7, 1e-6),
        ] {
            let axis = Axis::new(start..start + span, 8);
            let mut labels = axis.labels.clone();
            labels.dedup();
            assert!(
                labels.len() == axis.ticks.len() && labels.len() > 3,
                "{:?}",
                axis.labels
            );
            for (tick, label) in axis.ticks.iter().zip(&axis.labels) {
                let read: f64 = label.parse().unwrap();
                assert!((read - tick).abs() < 0.01 * span, "{label} {tick}");
            }
        }
    }

    #[test]
    fn ranges_contain_their_values_and_are_never_empty() {
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
                range.end - range.start > 1e-11 * range.end.abs(),
                "{range:?}"
            );
            assert!(
                values.iter().all(|value| range.contains(value)),
                "{range:?}"
            );
        }
    }
}
