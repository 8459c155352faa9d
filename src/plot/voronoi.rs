//! Decision regions.

use ndarray::{Array2, ArrayRef1, ArrayRef2};
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;

use super::axes::{Axes, GREY, check_features, check_labels, check_rows, too_large};
use super::canvas::Canvas;
use super::canvas::sealed::Picture;
use super::dots::{Dot, draw_centroids, draw_dots};
use super::error::Result;
use super::options::{Frame, named_axes, options};
use super::text::titled;
use crate::{Float, KMeansModel};

options! {
    /// Options of [`voronoi`].
    VoronoiOptions, "800 x 600", {}
}

named_axes!(VoronoiOptions, "`feature 0` and `feature 1`");

/// Draws the decision regions of centroids in the plane, with the rows and the centroids on top.
///
/// `x` is `n x 2`, `labels` has `n` entries, `centroids` is `k x 2`. Each pixel has a light shade of the
/// colour of its nearest centroid, so the borders form the Voronoi diagram of the centroids. The rows are
/// coloured by `labels`. The labels of the fit match the regions. Known labels show where the fit differs
/// from them.
///
/// # Cost
/// `k` distances for each pixel, computed on all threads.
///
/// # Example
/// ```
/// use centroid::{KMeans, datasets::make_blobs, plot};
/// use ndarray::array;
///
/// let (x, blob) = make_blobs(300, &array![[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], &[1.0], 7)?;
/// let model = KMeans::new(3).fit(&x)?;
/// let folder = tempfile::tempdir()?;
/// let options = plot::VoronoiOptions::new().title("regions of k-means");
/// let path = folder.path().join("regions.png");
/// plot::voronoi(&path, &x, &blob, &model.centroids(), options)?;
/// assert!(path.is_file());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// - [`Error::DoesNotFit`](super::Error::DoesNotFit): there is not one label for each row.
/// - [`Error::NothingToDraw`](super::Error::NothingToDraw): there are no rows, or no centroids.
/// - [`Error::Data`](super::Error::Data): the rows or centroids do not have two features, or a value is
///   not finite or beyond 1e89.
/// - Those of [`save`](super::save).
pub fn voronoi<F: Float>(
    canvas: impl Canvas,
    x: &ArrayRef2<F>,
    labels: &ArrayRef1<usize>,
    centroids: &ArrayRef2<F>,
    options: VoronoiOptions,
) -> Result<()> {
    check_rows("x", "rows", x)?;
    check_rows("centroids", "centroids", centroids)?;
    check_features("x", x.ncols(), 2)?;
    check_features("centroids", centroids.ncols(), 2)?;
    check_labels(labels, x.nrows())?;
    for ((row, column), value) in x.indexed_iter() {
        if value.to_f64().abs() > LARGEST {
            return Err(too_large("x", row, column));
        }
    }
    let model = KMeansModel::from_centroids(centroids.mapv(Float::to_f64))?;
    let size = options.frame.size.unwrap_or((800, 600));
    canvas.draw(size, &Regions::new(x, labels, model, options.frame))
}

/// The largest magnitude of a row. It keeps the mesh around all rows within the range that a model accepts.
const LARGEST: f64 = 1e89;

/// A light shade of a colour, against which dots of the colour stand out.
fn light(color: RGBColor) -> RGBColor {
    let lighter = |part: u8| 255 - ((255 - u16::from(part)) * 3 / 10) as u8;
    RGBColor(lighter(color.0), lighter(color.1), lighter(color.2))
}

struct Regions {
    dots: Vec<Dot>,
    centroids: Vec<(f64, f64)>,
    /// The colours of the regions, by label.
    light: Vec<RGBColor>,
    model: KMeansModel<f64>,
    axes: Axes,
    frame: Frame,
}

impl Regions {
    fn new<F: Float>(
        x: &ArrayRef2<F>,
        labels: &ArrayRef1<usize>,
        model: KMeansModel<f64>,
        frame: Frame,
    ) -> Self {
        let k = model.n_clusters();
        let color = frame.palette.of_labels(labels, k);
        let rows = x.rows().into_iter().zip(labels);
        let dots: Vec<Dot> = rows
            .map(|(row, &label)| ((row[0].to_f64(), row[1].to_f64()), color(label)))
            .collect();
        let light = (0..k).map(|label| light(color(label))).collect();
        drop(color);
        let places = model.centroids();
        let centroids: Vec<_> = places
            .rows()
            .into_iter()
            .map(|row| (row[0], row[1]))
            .collect();
        let all = dots.iter().map(|dot| dot.0);
        let all = all.chain(centroids.iter().copied());
        let names = || ["feature 0".to_owned(), "feature 1".to_owned()];
        let axes = Axes::around(all, frame.axes.clone().unwrap_or_else(names));
        Self {
            dots,
            centroids,
            light,
            model,
            axes,
            frame,
        }
    }

    /// The colours at places in rows of `width`, grey where the nearest centroid changes.
    fn colors(&self, places: &[(f64, f64)], width: usize) -> Result<Vec<RGBColor>> {
        let mesh = Array2::from_shape_fn((places.len(), 2), |(place, axis)| match axis {
            0 => places[place].0,
            _ => places[place].1,
        });
        let nearest = self.model.predict(&mesh)?;
        let color = |(place, &label): (usize, &usize)| {
            let left = place % width != 0 && nearest[place - 1] != label;
            let above = place >= width && nearest[place - width] != label;
            if left || above {
                GREY
            } else {
                self.light[label]
            }
        };
        Ok(nearest.iter().enumerate().map(color).collect())
    }
}

impl Picture for Regions {
    fn least_size(&self) -> (u32, u32) {
        (240, 200)
    }

    fn paint<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<()> {
        let area = titled(area, &self.frame)?;
        let mut chart = self.axes.chart(&area)?;
        let colors = |places: &[(f64, f64)], width| self.colors(places, width);
        draw_dots(&mut chart, &self.dots, Some(&colors))?;
        draw_centroids(&mut chart, &self.centroids)?;
        self.axes.draw(&mut chart)
    }
}
