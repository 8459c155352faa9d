//! Scores by the number of clusters, or by any other parameter.

use std::time::Duration;

use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, PathElement, Text};
use plotters::prelude::DrawingBackend;
use plotters::series::{DashedLineSeries, LineSeries};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use super::axes::{Axes, Axis, BELOW, Chart, GREY, MARGIN, RED, is_drawable, range};
use super::canvas::Canvas;
use super::canvas::sealed::Picture;
use super::error::{Error, Result};
use super::options::{Frame, named_axes, options};
use super::text::{FONT, LABEL, anchored, fitted, titled};
use crate::Float;
use crate::selection::Sweep;

options! {
    /// Options of [`elbow`], [`silhouette_scores`] and [`scores`].
    CurveOptions, "800 x 500", {
        /// Whether to draw the times of the fits on a second axis, if they are known. Default: `true`.
        ///
        /// See [`elbow`] for an example.
        fit_times: bool = true,
    }
}

named_axes!(
    CurveOptions,
    "`number of clusters k`, and the name of the score"
);

/// More points than this are drawn as a line without dots.
const MOST_DOTS: usize = 500;

/// A score for each value of a parameter, optionally with errors, times and a mark.
///
/// # Example
/// ```
/// use std::time::Duration;
///
/// use centroid::plot::{self, Curve, CurveOptions};
///
/// let accuracy = [(10.0, 0.91), (30.0, 0.95), (90.0, 0.97), (120.0, 0.96)];
/// let curve = Curve::new(accuracy)
///     .errors([0.02, 0.01, 0.01, 0.01])
///     .times([1, 3, 8, 12].map(Duration::from_secs))
///     .marked(90.0, "best at k = 90");
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("grid.svg");
/// let options = CurveOptions::new().axes(["number of clusters k", "accuracy"]);
/// plot::scores(&path, &curve, options)?;
/// assert!(std::fs::read_to_string(&path)?.contains("best at k = 90"));
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
    /// A curve of pairs of value and score, in the order of the values.
    pub fn new(points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self {
            points: points.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Standard errors or deviations, one for each point. Each is drawn as a bar that extends by this much
    /// above and below the point.
    pub fn errors(mut self, errors: impl IntoIterator<Item = f64>) -> Self {
        self.errors = errors.into_iter().collect();
        self
    }

    /// The time that each point took, drawn on a second axis.
    pub fn times(mut self, times: impl IntoIterator<Item = Duration>) -> Self {
        self.times = times.into_iter().collect();
        self
    }

    /// Marks a value of the parameter with a dashed line and a text.
    pub fn marked(mut self, value: f64, text: impl Into<String>) -> Self {
        self.marked = Some((value, text.into()));
        self
    }

    /// The axis of the parameter, and the axis of the score with its errors.
    fn axes(&self, names: [String; 2]) -> Axes {
        let mark = self.marked.iter().map(|marked| marked.0);
        let values = self.points.iter().map(|point| point.0).chain(mark);
        let is_whole = values.clone().all(|value| value.fract() == 0.0);
        let ends = self.points.iter().enumerate().flat_map(|(index, point)| {
            let error = self.errors.get(index).copied().unwrap_or_default();
            [point.1 - error, point.1 + error]
        });
        Axes {
            x: match is_whole {
                true => Axis::whole(values, 15),
                false => Axis::new(range(values), 8),
            },
            y: Axis::new(range(ends), 8),
            names,
        }
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

/// Draws the inertia against the number of clusters. The elbow is marked, and the times of the fits are
/// drawn on a second axis.
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
/// let (elbow, scores) = (folder.path().join("elbow.svg"), folder.path().join("scores.svg"));
/// plot::elbow(&elbow, &sweep, plot::CurveOptions::new().fit_times(false))?;
/// plot::silhouette_scores(&scores, &sweep, plot::CurveOptions::new())?;
/// assert!(elbow.is_file() && scores.is_file());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// - [`Error::NothingToDraw`]: the sweep was stopped before its first fit.
/// - Those of [`save`](super::save).
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

/// Draws the mean silhouette against the number of clusters. The best is marked, and estimates have their
/// standard errors as bars.
///
/// See [`elbow`] for an example.
///
/// # Errors
/// - [`Error::NothingToDraw`]: the sweep has no silhouettes.
/// - Those of [`save`](super::save).
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

/// Draws any score against any parameter, such as inertias or silhouettes computed elsewhere, or the
/// accuracy of a pipeline.
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
    let names = || ["number of clusters k".to_owned(), score.to_owned()];
    let picture = CurvePicture {
        curve,
        with_times: options.fit_times && !curve.times.is_empty(),
        axes: curve.axes(options.frame.axes.clone().unwrap_or_else(names)),
        frame: options.frame,
    };
    canvas.draw(picture.frame.size.unwrap_or((800, 500)), &picture)
}

struct CurvePicture<'a> {
    curve: &'a Curve,
    with_times: bool,
    axes: Axes,
    frame: Frame,
}

impl CurvePicture<'_> {
    fn draw_curve<DB: DrawingBackend>(&self, chart: &mut Chart<'_, DB>) -> Result<()> {
        let color = self.frame.palette.rgb(0, 2);
        let points = &self.curve.points;
        for (&(x, y), &error) in points.iter().zip(&self.curve.errors) {
            let bar = PathElement::new([(x, y - error), (x, y + error)], color.stroke_width(1));
            chart.draw_series([bar])?;
        }
        let line = LineSeries::new(points.iter().copied(), color.stroke_width(2));
        chart.draw_series(line)?;
        let n_dots = if points.len() > MOST_DOTS {
            0
        } else {
            points.len()
        };
        let dots = points[..n_dots]
            .iter()
            .map(|&point| Circle::new(point, 4, color.filled()));
        chart.draw_series(dots)?;
        Ok(())
    }

    /// Draws the dashed line, with its text on the side that has more room.
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
        let area = chart.plotting_area();
        let (width, _) = area.dim_in_pixel();
        let text = fitted(text, LABEL, width / 2);
        let place = area.map_coordinate(&(*value, y.end));
        let base = area.get_base_pixel();
        let place = (place.0 - base.0 + shift, place.1 - base.1 + 6);
        let text = Text::new(text, place, anchored(LABEL, RED, anchor, VPos::Top));
        area.strip_coord_spec().draw(&text)?;
        Ok(())
    }

    /// The axis of the times, the times, and their unit.
    fn times(&self) -> (Axis, Vec<f64>, &'static str) {
        let times = &self.curve.times;
        let longest = times.iter().max().map_or(0.0, Duration::as_secs_f64);
        let (per_second, unit) = if longest < 0.1 {
            (1e3, "ms")
        } else {
            (1.0, "s")
        };
        let axis = Axis::new(0.0..(1.1 * per_second * longest).max(1e-6), 8);
        let times = times.iter().map(|time| per_second * time.as_secs_f64());
        (axis, times.collect(), unit)
    }
}

impl Picture for CurvePicture<'_> {
    fn least_size(&self) -> (u32, u32) {
        (260, 180)
    }

    fn paint<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<()> {
        let area = titled(area, &self.frame)?;
        if !self.with_times {
            let mut chart = self.axes.chart(&area)?;
            self.axes.draw(&mut chart)?;
            self.draw_curve(&mut chart)?;
            return self.draw_mark(&mut chart);
        }
        let (axis, times, unit) = self.times();
        let mut chart = ChartBuilder::on(&area)
            .margin(MARGIN)
            .x_label_area_size(BELOW)
            .y_label_area_size(self.axes.y.room())
            .right_y_label_area_size(axis.room())
            .build_cartesian_2d(self.axes.x.clone(), self.axes.y.clone())?
            .set_secondary_coord(self.axes.x.clone(), axis.clone());
        let times = self.curve.points.iter().map(|point| point.0).zip(times);
        chart.draw_secondary_series(DashedLineSeries::new(times, 3, 4, GREY.stroke_width(1)))?;
        let name = format!("time of the fit in {unit} (dashed)");
        let (_, height) = chart.plotting_area().dim_in_pixel();
        chart
            .configure_secondary_axes()
            .label_style((FONT, LABEL))
            .axis_desc_style((FONT, LABEL))
            .y_label_formatter(&|tick| axis.label(*tick))
            .y_desc(fitted(&name, LABEL, height))
            .draw()?;
        self.axes.draw(&mut chart)?;
        self.draw_curve(&mut chart)?;
        self.draw_mark(&mut chart)
    }
}
