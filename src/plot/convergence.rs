//! The inertia by iteration.

use std::ops::ControlFlow;

use plotters::chart::SeriesLabelPosition;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, PathElement};
use plotters::prelude::DrawingBackend;
use plotters::series::LineSeries;
use plotters::style::{BLACK, Color, WHITE};

use super::axes::{Axes, Axis, is_drawable, range};
use super::canvas::Canvas;
use super::canvas::sealed::Picture;
use super::error::{Error, Result};
use super::options::{Frame, named_axes, options};
use super::text::{FONT, LABEL, fitted, titled};
use crate::Iteration;

options! {
    /// Options of [`convergence`].
    ConvergenceOptions, "800 x 500", {}
}

named_axes!(ConvergenceOptions, "`iteration` and `inertia`");

/// More groups than this have no legend, because it would cover the lines.
const MOST_NAMES: usize = 12;

/// The inertia of each iteration of each restart, recorded by an observer.
///
/// # Example
/// ```
/// use centroid::{FitOptions, KMeans, plot::History};
/// use ndarray::array;
///
/// let x = array![[0.0], [1.0], [8.0], [9.0]];
/// let mut history = History::new();
/// let mut observer = |iteration: &_| history.record(iteration);
/// let options = FitOptions::new().observer(&mut observer);
/// KMeans::new(2).n_init(3).fit_with(&x, options)?;
/// assert_eq!(history.restarts().len(), 3);
/// # Ok::<(), centroid::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    restarts: Vec<Vec<f64>>,
}

impl History {
    /// An empty history.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Records an iteration and lets the fit continue.
    pub fn record(&mut self, iteration: &Iteration) -> ControlFlow<()> {
        if iteration.index <= 1 || self.restarts.is_empty() {
            self.restarts.push(Vec::new());
        }
        if let Some(restart) = self.restarts.last_mut() {
            restart.push(iteration.inertia);
        }
        ControlFlow::Continue(())
    }

    /// The inertias of each restart, in the order in which they were recorded.
    #[must_use]
    pub fn restarts(&self) -> &[Vec<f64>] {
        &self.restarts
    }
}

/// Draws the inertia against the iteration: one line per restart, and one colour per group of restarts,
/// such as those with the same [`Init`](crate::Init).
///
/// A group is a name and its lines. A line is a list of inertias, starting with the first iteration, as in
/// [`History::restarts`]. A dot marks the end of each line.
///
/// # Example
/// ```
/// use centroid::plot::{self, ConvergenceOptions};
///
/// let (random, plus_plus) = (vec![vec![9.0, 5.0, 4.0], vec![8.0, 6.0, 5.5]], vec![vec![5.0, 4.0]]);
/// let groups = [("Random", &random[..]), ("PlusPlus", &plus_plus[..])];
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("lines.svg");
/// plot::convergence(&path, &groups, ConvergenceOptions::new())?;
/// assert!(std::fs::read_to_string(&path)?.contains("PlusPlus"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// - [`Error::NothingToDraw`]: there are no inertias.
/// - [`Error::NotDrawable`]: an inertia is not finite, or beyond 1e250. The index counts the inertias of
///   all lines.
/// - Those of [`save`](super::save).
pub fn convergence(
    canvas: impl Canvas,
    groups: &[(&str, &[Vec<f64>])],
    options: ConvergenceOptions,
) -> Result<()> {
    let mut inertias = groups.iter().flat_map(|group| group.1).flatten();
    if inertias.clone().next().is_none() {
        return Err(Error::NothingToDraw { what: "inertias" });
    }
    if let Some(index) = inertias.position(|&inertia| !is_drawable(inertia)) {
        let what = "inertia";
        return Err(Error::NotDrawable { what, index });
    }
    let names = || ["iteration".to_owned(), "inertia".to_owned()];
    let lines = || groups.iter().flat_map(|group| group.1);
    let longest = lines().map(Vec::len).max().unwrap_or(1);
    let lines = Lines {
        groups,
        axes: Axes {
            x: Axis::whole([1.0, longest as f64], 15),
            y: Axis::new(range(lines().flatten().copied()), 8),
            names: options.frame.axes.clone().unwrap_or_else(names),
        },
        frame: options.frame,
    };
    canvas.draw(lines.frame.size.unwrap_or((800, 500)), &lines)
}

struct Lines<'a> {
    groups: &'a [(&'a str, &'a [Vec<f64>])],
    axes: Axes,
    frame: Frame,
}

impl Picture for Lines<'_> {
    fn least_size(&self) -> (u32, u32) {
        (260, 180)
    }

    fn paint<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<()> {
        let area = titled(area, &self.frame)?;
        let mut chart = self.axes.chart(&area)?;
        self.axes.draw(&mut chart)?;
        let has_legend =
            self.groups.len() <= MOST_NAMES && self.groups.iter().any(|group| !group.0.is_empty());
        let (width, _) = chart.plotting_area().dim_in_pixel();
        for (index, (name, lines)) in self.groups.iter().enumerate() {
            let color = self.frame.palette.rgb(index, self.groups.len());
            let mut is_first = true;
            for line in lines.iter().filter(|line| !line.is_empty()) {
                let places = || (1..).map(f64::from).zip(line.iter().copied());
                let series = LineSeries::new(places(), color.mix(0.7).stroke_width(2));
                let drawn = chart.draw_series(series)?;
                if is_first && !name.is_empty() {
                    let name = fitted(name, LABEL, width / 3);
                    drawn.label(name).legend(move |(x, y)| {
                        PathElement::new([(x, y), (x + 18, y)], color.stroke_width(3))
                    });
                    is_first = false;
                }
                chart.draw_series(
                    places()
                        .last()
                        .map(|end| Circle::new(end, 3, color.filled())),
                )?;
            }
        }
        if has_legend {
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperRight)
                .background_style(WHITE.mix(0.85))
                .border_style(BLACK.mix(0.3))
                .label_font((FONT, LABEL))
                .draw()?;
        }
        Ok(())
    }
}
