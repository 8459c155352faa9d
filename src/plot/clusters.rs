//! Points coloured by label.

use std::collections::BTreeMap;

use ndarray::{ArrayRef1, ArrayRef2};
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;

use super::axes::{Axes, check_features, check_labels, check_rows};
use super::canvas::Canvas;
use super::canvas::sealed::Picture;
use super::dots::{Dot, draw_centroids, draw_dots, draw_numbers};
use super::error::Result;
use super::options::{Frame, named_axes, options};
use super::principal::Plane;
use super::text::titled;
use crate::Float;

options! {
    /// Options of [`clusters`].
    ClustersOptions, "800 x 600", {}
}

named_axes!(
    ClustersOptions,
    "`feature 0` and `feature 1`. Principal directions keep their own names"
);

/// Draws rows as dots, coloured by label, with numbered discs at the centroids.
///
/// `x` is `n x d`, `labels` has `n` entries, `centroids` is `k x d`. Rows of more than two features are
/// projected onto their first two principal directions, which the axes then name. These directions are
/// found from at most 5,000 evenly spaced rows. Rows of one feature are drawn with their label as the
/// vertical coordinate. Without centroids, each label is written at the mean of its dots.
///
/// More than 5,000 rows are drawn as one image of pixels, also in an SVG. This keeps the file below 2 MB at
/// the default size, for any number of rows.
///
/// # Cost
/// One pass over the rows. For more than two features, up to 60 passes over 5,000 of them.
///
/// # Example
/// ```
/// use centroid::{KMeans, datasets::make_blobs, plot};
/// use ndarray::array;
///
/// let (x, _) = make_blobs(300, &array![[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], &[1.0], 7)?;
/// let model = KMeans::new(3).fit(&x)?;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("blobs.svg");
/// let options = plot::ClustersOptions::new()
///     .size(600, 400)
///     .title("three blobs")
///     .axes(["width", "height"])
///     .palette(plot::Palette::custom([[200, 0, 0], [0, 120, 0], [0, 0, 200]]));
/// plot::clusters(&path, &x, &model.labels(), Some(&*model.centroids()), options)?;
/// assert!(std::fs::read_to_string(&path)?.contains("three blobs"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// - [`Error::DoesNotFit`](super::Error::DoesNotFit): there is not one label for each row.
/// - [`Error::NothingToDraw`](super::Error::NothingToDraw): there are no rows or no features.
/// - [`Error::Data`](super::Error::Data): the centroids have another number of features than the rows, or
///   a value is not finite or beyond 1e250.
/// - Those of [`save`](super::save).
pub fn clusters<F: Float>(
    canvas: impl Canvas,
    x: &ArrayRef2<F>,
    labels: &ArrayRef1<usize>,
    centroids: Option<&ArrayRef2<F>>,
    options: ClustersOptions,
) -> Result<()> {
    check_rows("x", "rows", x)?;
    check_labels(labels, x.nrows())?;
    if let Some(centroids) = centroids {
        check_rows("centroids", "centroids", centroids)?;
        check_features("centroids", centroids.ncols(), x.ncols())?;
    }
    let size = options.frame.size.unwrap_or((800, 600));
    canvas.draw(size, &Scatter::new(x, labels, centroids, options.frame))
}

/// The picture: dots, marks and numbers at their places.
struct Scatter {
    dots: Vec<Dot>,
    centroids: Vec<(f64, f64)>,
    means: Vec<(usize, (f64, f64))>,
    axes: Axes,
    frame: Frame,
}

impl Scatter {
    fn new<F: Float>(
        x: &ArrayRef2<F>,
        labels: &ArrayRef1<usize>,
        centroids: Option<&ArrayRef2<F>>,
        mut frame: Frame,
    ) -> Self {
        let projection = Projection::of(x);
        let rows = x.rows().into_iter().zip(labels);
        let places: Vec<_> = rows
            .map(|(row, &label)| projection.place(&row, label))
            .collect();
        let marks = centroids.into_iter().flat_map(|centroids| centroids.rows());
        let centroids: Vec<_> = marks
            .enumerate()
            .map(|(label, row)| projection.place(&row, label))
            .collect();
        let means = match centroids.len() {
            0 => means(&places, labels),
            _ => Vec::new(),
        };
        let color = frame.palette.of_labels(labels, centroids.len());
        let colors = labels.iter().map(|&label| color(label));
        let dots: Vec<Dot> = places.into_iter().zip(colors).collect();
        drop(color);
        let all = dots.iter().map(|dot| dot.0);
        let all = all.chain(centroids.iter().copied());
        let axes = Axes::around(all, projection.axes(frame.axes.take()));
        Self {
            dots,
            centroids,
            means,
            axes,
            frame,
        }
    }
}

/// How rows are projected onto the plane.
enum Projection {
    /// One feature, with the label as the vertical coordinate.
    Feature,
    /// Two features, unchanged.
    Features,
    /// More than two features, projected onto their principal directions.
    Principal(Plane),
}

impl Projection {
    fn of<F: Float>(x: &ArrayRef2<F>) -> Self {
        match x.ncols() {
            1 => Self::Feature,
            2 => Self::Features,
            _ => Self::Principal(Plane::of(x)),
        }
    }

    fn place<F: Float>(&self, row: &ArrayRef1<F>, label: usize) -> (f64, f64) {
        match self {
            Self::Feature => (row[0].to_f64(), label as f64),
            Self::Features => (row[0].to_f64(), row[1].to_f64()),
            Self::Principal(plane) => plane.place(row),
        }
    }

    /// The names of the axes. `names` applies to features, not to principal directions.
    fn axes(&self, names: Option<[String; 2]>) -> [String; 2] {
        let or = |first: &str, second: &str| {
            names.unwrap_or_else(|| [first.to_owned(), second.to_owned()])
        };
        match self {
            Self::Feature => or("feature 0", "label"),
            Self::Features => or("feature 0", "feature 1"),
            Self::Principal(plane) => plane.axes(),
        }
    }
}

/// The mean place of each label that occurs.
fn means(places: &[(f64, f64)], labels: &ArrayRef1<usize>) -> Vec<(usize, (f64, f64))> {
    let mut sums = BTreeMap::new();
    for (place, &label) in places.iter().zip(labels) {
        let sum = sums.entry(label).or_insert((0.0, 0.0, 0.0));
        *sum = (sum.0 + place.0, sum.1 + place.1, sum.2 + 1.0);
    }
    let mean = |(label, (x, y, n)): (usize, (f64, f64, f64))| (label, (x / n, y / n));
    sums.into_iter().map(mean).collect()
}

impl Picture for Scatter {
    fn least_size(&self) -> (u32, u32) {
        (240, 200)
    }

    fn paint<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<()> {
        let area = titled(area, &self.frame)?;
        let mut chart = self.axes.chart(&area)?;
        draw_dots(&mut chart, &self.dots, None)?;
        draw_centroids(&mut chart, &self.centroids)?;
        draw_numbers(&mut chart, &self.means)?;
        self.axes.draw(&mut chart)
    }
}
