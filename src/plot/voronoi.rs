//! Decision regions.

use ndarray::{Array2, ArrayRef1, ArrayRef2};
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;

use super::axes::{
    Axis, GREY, chart, check_features, check_labels, check_rows, draw_axes, n_clusters, range,
    titled,
};
use super::canvas::Canvas;
use super::canvas::sealed::Picture;
use super::dots::{Dot, draw_centroids, draw_dots};
use super::error::Result;
use super::options::{Frame, options};
use crate::{Float, KMeansModel};

options! {
    /// Options of [`voronoi`].
    VoronoiOptions, 800 x 600, {
        /// What the axes show. Default: `feature 0` and `feature 1`.
        axes: [String; 2] = ["feature 0".to_owned(), "feature 1".to_owned()],
    }
}

/// Draws the decision regions of centroids in the plane, with the rows and the centroids on top.
///
/// `x` is `n x 2`, `labels` has `n` entries, `centroids` is `k x 2`. Each pixel has the light colour of
/// its nearest centroid, and the borders are the Voronoi diagram of the centroids. The labels colour the
/// rows: those of a fit match the regions, known ones show where a fit differs from them.
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
/// plot::voronoi(folder.path().join("regions.png"), &x, &blob, &model.centroids(), options)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// - [`Error::DoesNotFit`](super::Error::DoesNotFit): there is not one label for each row.
/// - [`Error::NothingToDraw`](super::Error::NothingToDraw): there are no rows, or no centroids.
/// - [`Error::Data`](super::Error::Data): rows or centroids have not two features, a value is not finite,
///   or a centroid is beyond what a model holds.
/// - Those of [`save`](super::save).
pub fn voronoi<F: Float>(
    canvas: impl Canvas,
    x: &ArrayRef2<F>,
    labels: &ArrayRef1<usize>,
    centroids: &ArrayRef2<F>,
    options: VoronoiOptions,
) -> Result<()> {
    check_rows(x, "points")?;
    check_rows(centroids, "centroids")?;
    check_features(x.ncols(), 2)?;
    check_features(centroids.ncols(), 2)?;
    check_labels(labels, x.nrows())?;
    let place = |row: &ArrayRef1<F>| (row[0].to_f64(), row[1].to_f64());
    let k = n_clusters(labels).max(centroids.nrows());
    let palette = &options.frame.palette;
    let dots = x.rows().into_iter().zip(labels);
    let dots = dots.map(|(row, &label)| (place(&row), palette.rgb(label, k)));
    let regions = Regions {
        dots: dots.collect(),
        centroids: centroids
            .rows()
            .into_iter()
            .map(|row| place(&row))
            .collect(),
        light: (0..centroids.nrows())
            .map(|label| light(palette.rgb(label, k)))
            .collect(),
        model: KMeansModel::from_centroids(centroids.mapv(Float::to_f64))?,
        axes: options.axes,
        frame: options.frame,
    };
    canvas.draw(regions.frame.size, &regions)
}

/// A colour that dots of the same one stand out from.
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
    axes: [String; 2],
    frame: Frame,
}

impl Regions {
    /// The colours of places in rows of `width`, grey where the nearest centroid changes.
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
        (200, 160)
    }

    fn paint<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<()> {
        let area = titled(area, &self.frame)?;
        let places = || {
            self.dots
                .iter()
                .map(|dot| dot.0)
                .chain(self.centroids.iter().copied())
        };
        let x = Axis::new(range(places().map(|place| place.0)), 8);
        let y = Axis::new(range(places().map(|place| place.1)), 8);
        let mut chart = chart(&area, x, y)?;
        draw_dots(
            &mut chart,
            &self.dots,
            Some(&|places, width| self.colors(places, width)),
        )?;
        draw_centroids(&mut chart, &self.centroids)?;
        draw_axes(&mut chart, &self.axes)
    }
}
