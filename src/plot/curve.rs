//! Scores over the number of clusters, or over any parameter.

use std::time::Duration;

use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, PathElement, Text};
use plotters::prelude::DrawingBackend;
use plotters::series::{DashedLineSeries, LineSeries};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont};

use super::axes::{
    Axis, Chart, GREY, LABEL, RED, chart, draw_axes, is_drawable, number, range, titled,
};
use super::canvas::sealed::Picture;
use super::canvas::{Canvas, FONT};
use super::error::{Error, Result};
use super::options::{Frame, options};
use crate::Float;
use crate::selection::Sweep;

options! {
    /// Options of [`elbow`], [`silhouette_scores`] and [`scores`].
    CurveOptions, 800 x 500, {
        /// What the axes show. Default: the number of clusters k, and the score.
        axes: Option<[String; 2]> = None,
        /// Whether to draw the times of the fits on a second axis, if they are known. Default: `true`.
        fit_times: bool = true,
    }
}

/// A score for each value of a parameter, with what is known beside it.
///
/// # Example
/// ```
/// use centroid::plot::{self, Curve, CurveOptions};
///
/// let accuracy = [(10.0, 0.91), (30.0, 0.95), (90.0, 0.97), (120.0, 0.96)];
/// let curve = Curve::new(accuracy).errors([0.02, 0.01, 0.01, 0.01]).marked(90.0, "best at k = 90");
/// let folder = tempfile::tempdir()?;
/// let axes = Some(["number of clusters k".to_owned(), "accuracy".to_owned()]);
/// plot::scores(folder.path().join("grid.svg"), &curve, CurveOptions::new().axes(axes))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Curve {
    points: Vec<(f64, f64)>,
    errors: Vec<f64>,
    times: Vec<Duration>,
    marked: Option<(f64, String)>,
}

impl Curve {
    /// Pairs of value and score, in the order of the values.
    pub fn new(points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self {
            points: points.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Standard errors or deviations, one for each point: drawn as bars of that length both ways.
    pub fn errors(mut self, errors: impl IntoIterator<Item = f64>) -> Self {
        self.errors = errors.into_iter().collect();
        self
    }

    /// The time that each point took: drawn on a second axis.
    pub fn times(mut self, times: impl IntoIterator<Item = Duration>) -> Self {
        self.times = times.into_iter().collect();
        self
    }

    /// Marks a value by a dashed line, with its text.
    pub fn marked(mut self, value: f64, text: impl Into<String>) -> Self {
        self.marked = Some((value, text.into()));
        self
    }

    /// # Errors
    /// [`Error::NothingToDraw`], [`Error::NotDrawable`], [`Error::DoesNotFit`].
    fn check(&self) -> Result<()> {
        let n = self.points.len();
        if n == 0 {
            return Err(Error::NothingToDraw { what: "scores" });
        }
        let fits = |what, found| {
            let expected = n;
            let rows = "scores";
            Err(Error::DoesNotFit {
                what,
                found,
                rows,
                expected,
            })
        };
        if ![0, n].contains(&self.errors.len()) {
            return fits("errors", self.errors.len());
        }
        if ![0, n].contains(&self.times.len()) {
            return fits("times", self.times.len());
        }
        let error = |index: usize| self.errors.get(index).copied().unwrap_or_default();
        let is_bad = |(index, point): (usize, &(f64, f64))| {
            !(is_drawable(point.0) && is_drawable(point.1) && is_drawable(error(index)))
        };
        let bad = self.points.iter().enumerate().position(is_bad);
        let what = "score";
        if let Some(index) = bad {
            return Err(Error::NotDrawable { what, index });
        }
        match self.marked {
            Some((value, _)) if !is_drawable(value) => Err(Error::NotDrawable {
                what: "marked value",
                index: 0,
            }),
            _ => Ok(()),
        }
    }
}

/// Draws the inertia over the number of clusters, with the knee marked, and the times of the fits on a
/// second axis.
///
/// # Example
/// ```
/// use centroid::selection::{SweepOptions, sweep};
/// use centroid::{KMeans, datasets::make_blobs, plot};
/// use ndarray::array;
///
/// let (x, _) = make_blobs(300, &array![[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], &[1.0], 7)?;
/// let sweep = sweep(&KMeans::new(2), &x, 1..=8, SweepOptions::new())?;
/// let folder = tempfile::tempdir()?;
/// plot::elbow(folder.path().join("elbow.svg"), &sweep, plot::CurveOptions::new())?;
/// plot::silhouette_scores(folder.path().join("scores.svg"), &sweep, plot::CurveOptions::new())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::NothingToDraw`] for a sweep that was ended before its first fit; those of [`save`](super::save).
pub fn elbow<F: Float>(canvas: impl Canvas, sweep: &Sweep<F>, options: CurveOptions) -> Result<()> {
    let entries = sweep.entries();
    let point = |entry: &crate::selection::SweepEntry<F>| (entry.n_clusters as f64, entry.inertia);
    let mut curve =
        Curve::new(entries.iter().map(point)).times(entries.iter().map(|entry| entry.fit_time));
    if let Some(knee) = sweep.elbow() {
        curve = curve.marked(knee as f64, format!("elbow at k = {knee}"));
    }
    draw(canvas, &curve, options, "inertia")
}

/// Draws the mean silhouette over the number of clusters, with the best marked, and the standard errors
/// of estimates as bars.
///
/// See [`elbow`] for an example.
///
/// # Errors
/// [`Error::NothingToDraw`] for a sweep without silhouettes; those of [`save`](super::save).
pub fn silhouette_scores<F: Float>(
    canvas: impl Canvas,
    sweep: &Sweep<F>,
    options: CurveOptions,
) -> Result<()> {
    let scored = || {
        let entries = sweep.entries().iter();
        entries.filter_map(|entry| Some((entry, entry.silhouette?)))
    };
    let mut curve = Curve::new(scored().map(|(entry, score)| (entry.n_clusters as f64, score)));
    let errors: Option<Vec<f64>> = scored().map(|(entry, _)| entry.silhouette_error).collect();
    curve = curve.errors(errors.unwrap_or_default());
    if let Some(best) = sweep.best_silhouette() {
        curve = curve.marked(best as f64, format!("best at k = {best}"));
    }
    draw(canvas, &curve, options, "mean silhouette")
}

/// Draws any score over any parameter: inertias and silhouettes found elsewhere, the accuracy of a
/// pipeline.
///
/// See [`Curve`] for an example.
///
/// # Errors
/// - [`Error::NothingToDraw`]: the curve has no points.
/// - [`Error::DoesNotFit`]: there are errors or times, but not one for each point.
/// - [`Error::NotDrawable`]: a number is not finite, or beyond 1e250.
/// - Those of [`save`](super::save).
pub fn scores(canvas: impl Canvas, curve: &Curve, options: CurveOptions) -> Result<()> {
    draw(canvas, curve, options, "score")
}

fn draw(canvas: impl Canvas, curve: &Curve, options: CurveOptions, score: &str) -> Result<()> {
    curve.check()?;
    let axes = options
        .axes
        .unwrap_or_else(|| ["number of clusters k".to_owned(), score.to_owned()]);
    let picture = CurvePicture {
        curve,
        with_times: options.fit_times && !curve.times.is_empty(),
        axes,
        frame: options.frame,
    };
    canvas.draw(picture.frame.size, &picture)
}

struct CurvePicture<'a> {
    curve: &'a Curve,
    with_times: bool,
    axes: [String; 2],
    frame: Frame,
}

impl CurvePicture<'_> {
    /// The axis of the parameter, and that of the score with its errors.
    fn ranges(&self) -> (Axis, Axis) {
        let points = &self.curve.points;
        let mark = self.curve.marked.iter().map(|marked| marked.0);
        let values = points.iter().map(|point| point.0).chain(mark);
        let is_whole = points.iter().all(|point| point.0.fract() == 0.0);
        let x = range(values);
        let x = if is_whole {
            Axis::whole(x, 15)
        } else {
            Axis::new(x, 8)
        };
        let ends = points.iter().enumerate().flat_map(|(index, point)| {
            let error = self.curve.errors.get(index).copied().unwrap_or_default();
            [point.1 - error, point.1 + error]
        });
        (x, Axis::new(range(ends), 8))
    }

    fn draw_curve<DB: DrawingBackend>(&self, chart: &mut Chart<'_, DB>) -> Result<()> {
        let color = self.frame.palette.rgb(0, 2);
        let points = &self.curve.points;
        for (&(x, y), &error) in points.iter().zip(&self.curve.errors) {
            let bar = PathElement::new([(x, y - error), (x, y + error)], color.stroke_width(1));
            chart.draw_series([bar])?;
        }
        let line = LineSeries::new(points.iter().copied(), color.stroke_width(2));
        chart.draw_series(line)?;
        let dots = points
            .iter()
            .map(|&point| Circle::new(point, 4, color.filled()));
        chart.draw_series(dots)?;
        Ok(())
    }

    /// The dashed line, and its text on the side that has room.
    fn draw_mark<DB: DrawingBackend>(&self, chart: &mut Chart<'_, DB>) -> Result<()> {
        let Some((value, text)) = &self.curve.marked else {
            return Ok(());
        };
        let (x, y) = (chart.x_range(), chart.y_range());
        let ends = [(*value, y.start), (*value, y.end)];
        chart.draw_series(DashedLineSeries::new(ends, 6, 4, RED.stroke_width(2)))?;
        let is_left = *value > 0.5 * (x.start + x.end);
        let (anchor, shift) = if is_left {
            (HPos::Right, -8)
        } else {
            (HPos::Left, 8)
        };
        let style = (FONT, LABEL)
            .into_font()
            .color(&RED)
            .pos(Pos::new(anchor, VPos::Top));
        let area = chart.plotting_area();
        let place = area.map_coordinate(&(*value, y.end));
        let base = area.get_base_pixel();
        let place = (place.0 - base.0 + shift, place.1 - base.1 + 6);
        area.strip_coord_spec()
            .draw(&Text::new(text.clone(), place, style))?;
        Ok(())
    }
}

impl Picture for CurvePicture<'_> {
    fn least_size(&self) -> (u32, u32) {
        (260, 180)
    }

    fn paint<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<()> {
        let area = titled(area, &self.frame)?;
        let (x, y) = self.ranges();
        if !self.with_times {
            let mut chart = chart(&area, x, y)?;
            draw_axes(&mut chart, &self.axes)?;
            self.draw_curve(&mut chart)?;
            return self.draw_mark(&mut chart);
        }
        let longest = self
            .curve
            .times
            .iter()
            .max()
            .map_or(0.0, Duration::as_secs_f64);
        let (per_second, unit) = if longest < 0.1 {
            (1e3, "ms")
        } else {
            (1.0, "s")
        };
        let times = self
            .curve
            .times
            .iter()
            .map(|time| per_second * time.as_secs_f64());
        let second = Axis::new(0.0..(1.1 * per_second * longest).max(1e-6), 8);
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .x_label_area_size(46)
            .y_label_area_size(64)
            .right_y_label_area_size(64)
            .build_cartesian_2d(x.clone(), y)?
            .set_secondary_coord(x, second);
        let times = self.curve.points.iter().map(|point| point.0).zip(times);
        chart.draw_secondary_series(DashedLineSeries::new(times, 3, 4, GREY.stroke_width(1)))?;
        chart
            .configure_secondary_axes()
            .label_style((FONT, LABEL))
            .y_label_formatter(&|value| number(*value))
            .axis_desc_style((FONT, LABEL))
            .y_desc(format!("time of the fit in {unit} (dashed)"))
            .draw()?;
        draw_axes(&mut chart, &self.axes)?;
        self.draw_curve(&mut chart)?;
        self.draw_mark(&mut chart)
    }
}
