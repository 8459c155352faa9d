//! Clusters as circles on a map of the distances between them.

use ndarray::{ArrayRef1, ArrayRef2};
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use super::axes::{Axes, Axis, BELOW, GREY, MARGIN, check_count, check_rows, range};
use super::canvas::Canvas;
use super::canvas::sealed::Picture;
use super::dots::MOST_NUMBERS;
use super::error::Result;
use super::options::{Frame, options};
use super::principal::Plane;
use super::text::{LABEL, anchored, centred, fitted, titled};
use crate::Float;

options! {
    /// Options of [`intercluster`].
    InterclusterOptions, "800 x 600", {}
}

/// Draws each cluster as a circle. The positions show how far apart the clusters are, and the area of a
/// circle is proportional to the number of rows in its cluster.
///
/// `centroids` is `k x d`, `sizes` has `k` entries. The positions come from classical scaling of the
/// Euclidean distances between the centroids. This is the same as projecting the centroids onto their first
/// two principal directions. Both axes have the same scale and show their share of the variance. If these
/// shares are small, distant clusters may be drawn close together.
///
/// # Example
/// ```
/// use centroid::{KMeans, datasets::make_blobs, plot};
/// use ndarray::array;
///
/// let (x, _) = make_blobs(300, &array![[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], &[1.0], 7)?;
/// let model = KMeans::new(3).fit(&x)?;
/// let folder = tempfile::tempdir()?;
/// let options = plot::InterclusterOptions::new();
/// let path = folder.path().join("map.svg");
/// plot::intercluster(&path, &model.centroids(), &model.cluster_sizes(), options)?;
/// assert!(path.is_file());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// - [`Error::NothingToDraw`](super::Error::NothingToDraw): there are no centroids.
/// - [`Error::DoesNotFit`](super::Error::DoesNotFit): there is not one size for each centroid.
/// - [`Error::Data`](super::Error::Data): a value is not finite, or beyond 1e250.
/// - Those of [`save`](super::save).
///
/// # References
/// W. S. Torgerson, *Multidimensional scaling: I. Theory and method*, Psychometrika 17, 1952,
/// doi:10.1007/BF02288916.
pub fn intercluster<F: Float>(
    canvas: impl Canvas,
    centroids: &ArrayRef2<F>,
    sizes: &ArrayRef1<usize>,
    options: InterclusterOptions,
) -> Result<()> {
    check_rows("centroids", "centroids", centroids)?;
    check_count("sizes", sizes.len(), "centroids", centroids.nrows())?;
    let plane = Plane::of(centroids);
    let map = Map {
        places: centroids
            .rows()
            .into_iter()
            .map(|row| plane.place(&row))
            .collect(),
        sizes: sizes.to_vec(),
        names: plane.axes(),
        frame: options.frame,
    };
    canvas.draw(map.frame.size.unwrap_or((800, 600)), &map)
}

struct Map {
    places: Vec<(f64, f64)>,
    sizes: Vec<usize>,
    names: [String; 2],
    frame: Frame,
}

/// The radius of the largest circle, as a fraction of the smaller side.
const LARGEST: f64 = 0.1;

impl Map {
    /// The radius of a circle in pixels, given that of the largest.
    fn radius(&self, label: usize, largest: f64) -> f64 {
        let most = self.sizes.iter().copied().max().unwrap_or(1).max(1);
        largest * (self.sizes[label] as f64 / most as f64).sqrt()
    }
}

/// The ranges of both axes: centred on the places, with the same scale and room for the largest circle.
fn map_ranges(
    places: &[(f64, f64)],
    (width, height): (f64, f64),
    largest: f64,
) -> [std::ops::Range<f64>; 2] {
    let (x, y) = (
        range(places.iter().map(|place| place.0)),
        range(places.iter().map(|place| place.1)),
    );
    let room = |side: f64| (side - 2.0 * largest - 8.0).max(1.0);
    let scale = ((x.end - x.start) / room(width)).max((y.end - y.start) / room(height));
    let about = |range: std::ops::Range<f64>, side: f64| {
        let (middle, half) = (range.start.midpoint(range.end), 0.5 * side * scale);
        middle - half..middle + half
    };
    [about(x, width), about(y, height)]
}

impl Picture for Map {
    fn least_size(&self) -> (u32, u32) {
        (320, 280)
    }

    fn paint<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<()> {
        let area = titled(area, &self.frame)?;
        let (width, height) = area.dim_in_pixel();
        let y = Axis::new(range(self.places.iter().map(|place| place.1)), 8);
        // The space left for circles. It is approximate: the final range, which includes room for the
        // circles, may have labels of a slightly different width.
        let width = f64::from(width) - f64::from(2 * MARGIN + y.room());
        let height = f64::from(height) - f64::from(2 * MARGIN + BELOW);
        let largest = (LARGEST * width.min(height)).max(4.0);
        let [x, y] = map_ranges(&self.places, (width, height), largest);
        let axes = Axes {
            x: Axis::new(x, 8),
            y: Axis::new(y, 8),
            names: self.names.clone(),
        };
        let mut chart = axes.chart(&area)?;
        axes.draw(&mut chart)?;
        // Large circles first, so that small ones are on top.
        let mut order: Vec<usize> = (0..self.places.len()).collect();
        order.sort_by_key(|&label| (std::cmp::Reverse(self.sizes[label]), label));
        for label in order {
            let color = self.frame.palette.rgb(label, self.places.len());
            let (place, radius) = (
                self.places[label],
                self.radius(label, largest).round() as u32,
            );
            let disc = Circle::new(place, radius, color.mix(0.5).filled());
            let edge = Circle::new(place, radius, color.stroke_width(2));
            chart.draw_series([disc, edge])?;
        }
        let n_numbers = if self.places.len() > MOST_NUMBERS {
            0
        } else {
            self.places.len()
        };
        for (label, &place) in self.places[..n_numbers].iter().enumerate() {
            let number = Text::new(label.to_string(), place, centred(LABEL));
            chart.draw_series([number])?;
        }
        let most = self.sizes.iter().max().copied().unwrap_or(0);
        let key = format!("area: rows of the cluster, at most {most}");
        let plotting = chart.plotting_area().strip_coord_spec();
        let (width, height) = plotting.dim_in_pixel();
        let place = (width as i32 - 6, height as i32 - 6);
        let style = anchored(LABEL, GREY, HPos::Right, VPos::Bottom);
        let key = fitted(&key, LABEL, width.saturating_sub(12));
        plotting.draw(&Text::new(key, place, style))?;
        Ok(())
    }
}
