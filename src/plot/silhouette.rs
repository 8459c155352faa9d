//! Silhouettes as bars, grouped by cluster.

use std::collections::BTreeMap;
use std::ops::Range;

use ndarray::{Array1, ArrayRef1, ArrayView1};
use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{PathElement, Polygon};
use plotters::prelude::DrawingBackend;
use plotters::series::DashedLineSeries;
use plotters::style::{BLACK, Color, IntoFont};

use super::axes::{Axis, RED, check_count, is_drawable};
use super::canvas::Canvas;
use super::canvas::sealed::Picture;
use super::error::{Error, Result};
use super::options::{Frame, options};
use super::text::{FONT, LABEL, fitted, titled};
use crate::Float;

options! {
    /// Options of [`silhouette_diagram`] and [`silhouette_diagrams`].
    SilhouetteOptions, "800 x 600 for one diagram, 400 x 380 for each of several", {
        /// The number of columns of diagrams. Default: about as many columns as rows.
        ///
        /// See [`silhouette_diagrams`] for an example.
        columns: Option<usize> = None,
    }
}

/// The gap between clusters, measured in rows, unless there are few rows. A fiftieth of all rows if that is
/// more.
const GAP: usize = 10;

/// The largest fraction of the height that gaps may take.
const MOST_AIR: f64 = 0.25;

/// More rows than this are drawn as this number of quantiles, because bars would be thinner than a pixel.
const MOST_BARS: usize = 20_000;

/// Draws the silhouettes of all rows as horizontal bars, grouped by cluster and sorted within each cluster.
///
/// `samples` are the silhouettes from [`silhouette_samples`](crate::metrics::silhouette_samples), and
/// `labels` are the labels passed to it. Both have `n` entries. Each row has a bar as long as its
/// silhouette, to the left if it is negative. The height of a cluster is its size. The dashed red line is
/// the mean over all rows. In a good clustering, all clusters have a similar shape and extend beyond the
/// line. A cluster that stays to the left of it may be part of another cluster, or several clusters merged.
///
/// With more than 20,000 rows, the bars of each cluster are quantiles of its silhouettes.
///
/// # Example
/// ```
/// use centroid::{KMeans, datasets::make_blobs, metrics::silhouette_samples, plot};
/// use ndarray::array;
///
/// let (x, _) = make_blobs(300, &array![[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], &[1.0], 7)?;
/// let model = KMeans::new(3).fit(&x)?;
/// let samples = silhouette_samples(&x, &model.labels())?;
/// let folder = tempfile::tempdir()?;
/// let options = plot::SilhouetteOptions::new();
/// let path = folder.path().join("silhouettes.svg");
/// plot::silhouette_diagram(&path, &samples, &model.labels(), options)?;
/// assert!(path.is_file());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// - [`Error::NothingToDraw`]: there are no silhouettes.
/// - [`Error::DoesNotFit`]: there is not one label for each silhouette.
/// - [`Error::NotDrawable`]: a silhouette is not between -1 and 1.
/// - Those of [`save`](super::save).
///
/// # References
/// P. J. Rousseeuw, *Silhouettes: a graphical aid to the interpretation and validation of cluster
/// analysis*, Journal of Computational and Applied Mathematics 20, 1987,
/// doi:10.1016/0377-0427(87)90125-7.
pub fn silhouette_diagram<F: Float>(
    canvas: impl Canvas,
    samples: &ArrayRef1<F>,
    labels: &ArrayRef1<usize>,
    options: SilhouetteOptions,
) -> Result<()> {
    draw(canvas, &[(samples.view(), labels.view())], options)
}

/// Draws several [`silhouette_diagram`]s side by side with a common scale, for example for several numbers
/// of clusters. Each has its number of clusters and its mean above it.
///
/// # Example
/// ```
/// use centroid::{KMeans, datasets::make_blobs, metrics::silhouette_samples, plot};
/// use ndarray::array;
///
/// let (x, _) = make_blobs(300, &array![[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], &[1.0], 7)?;
/// let (two, three) = (KMeans::new(2).fit(&x)?, KMeans::new(3).fit(&x)?);
/// let of_two = silhouette_samples(&x, &two.labels())?;
/// let of_three = silhouette_samples(&x, &three.labels())?;
/// let diagrams = [(of_two.view(), two.labels()), (of_three.view(), three.labels())];
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("silhouettes.svg");
/// plot::silhouette_diagrams(&path, &diagrams, plot::SilhouetteOptions::new().columns(Some(1)))?;
/// assert!(path.is_file());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of [`silhouette_diagram`], for any of them.
pub fn silhouette_diagrams<F: Float>(
    canvas: impl Canvas,
    diagrams: &[(ArrayView1<'_, F>, ArrayView1<'_, usize>)],
    options: SilhouetteOptions,
) -> Result<()> {
    draw(canvas, diagrams, options)
}

fn draw<F: Float>(
    canvas: impl Canvas,
    diagrams: &[(ArrayView1<'_, F>, ArrayView1<'_, usize>)],
    options: SilhouetteOptions,
) -> Result<()> {
    let diagrams: Vec<_> = diagrams
        .iter()
        .map(|(samples, labels)| Diagram::new(samples, labels))
        .collect::<Result<_>>()?;
    if diagrams.is_empty() {
        let what = "silhouettes";
        return Err(Error::NothingToDraw { what });
    }
    let square = (diagrams.len() as f64).sqrt().ceil() as usize;
    let lowest = diagrams.iter().map(Diagram::lowest).fold(-0.1, f64::min);
    let columns = options.columns.unwrap_or(square).clamp(1, diagrams.len());
    let rows = diagrams.len().div_ceil(columns);
    let pixels = |n: usize, each: u32| each.saturating_mul(u32::try_from(n).unwrap_or(u32::MAX));
    let default = match diagrams.len() {
        1 => (800, 600),
        _ => (pixels(columns, 400), pixels(rows, 380)),
    };
    let size = options.frame.size.unwrap_or(default);
    let grid = Grid {
        columns,
        diagrams,
        lowest,
        frame: options.frame,
    };
    canvas.draw(size, &grid)
}

/// One diagram: the silhouettes of each label that occurs, in ascending order.
struct Diagram {
    clusters: BTreeMap<usize, Vec<f64>>,
    n: usize,
    mean: f64,
}

impl Diagram {
    fn new<F: Float>(samples: &ArrayRef1<F>, labels: &ArrayRef1<usize>) -> Result<Self> {
        let n = samples.len();
        if n == 0 {
            let what = "silhouettes";
            return Err(Error::NothingToDraw { what });
        }
        check_count("labels", labels.len(), "silhouettes", n)?;
        let mut clusters: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        let mut sum = 0.0;
        for (index, (sample, &label)) in samples.iter().zip(labels).enumerate() {
            let sample = sample.to_f64();
            if !is_drawable(sample) || sample.abs() > 1.0 {
                let what = "silhouette";
                return Err(Error::NotDrawable { what, index });
            }
            sum += sample;
            clusters.entry(label).or_default().push(sample);
        }
        for samples in clusters.values_mut() {
            samples.sort_by(f64::total_cmp);
        }
        let mean = sum / n as f64;
        Ok(Self { clusters, n, mean })
    }

    fn lowest(&self) -> f64 {
        let lowest = self.clusters.values().filter_map(|samples| samples.first());
        lowest.copied().fold(0.0, f64::min)
    }

    /// The gap between clusters, in rows.
    fn gap(&self) -> f64 {
        let rows = (self.n / 50).max(GAP.min(self.n.div_ceil(10)));
        let most = MOST_AIR * self.n as f64 / (1 + self.clusters.len()) as f64;
        most.min(rows as f64)
    }

    /// The range of each cluster on the vertical axis, in rows from the bottom.
    fn places(&self) -> Vec<(usize, Range<f64>)> {
        let mut place = self.gap();
        let mut places = Vec::new();
        for (&label, samples) in &self.clusters {
            let end = place + samples.len() as f64;
            places.push((label, place..end));
            place = end + self.gap();
        }
        places
    }

    fn height(&self) -> f64 {
        self.n as f64 + self.gap() * (self.clusters.len() + 1) as f64
    }

    /// The outline of a cluster's bars.
    fn outline(&self, label: usize, place: &Range<f64>) -> Vec<(f64, f64)> {
        let samples = &self.clusters[&label];
        let n_bars = match self.n {
            n if n <= MOST_BARS => samples.len(),
            n => (samples.len() as u128 * MOST_BARS as u128 / n as u128).max(1) as usize,
        };
        let height = (place.end - place.start) / n_bars as f64;
        let mut outline = vec![(0.0, place.start)];
        for bar in 0..n_bars {
            // The middle of the rows that this bar represents.
            let of_rows = (2 * bar as u128 + 1) * samples.len() as u128 / (2 * n_bars as u128);
            let sample = samples[of_rows as usize];
            let bottom = place.start + bar as f64 * height;
            outline.extend([(sample, bottom), (sample, bottom + height)]);
        }
        outline.push((0.0, place.end));
        outline
    }
}

struct Grid {
    diagrams: Vec<Diagram>,
    columns: usize,
    /// The left end of the common scale.
    lowest: f64,
    frame: Frame,
}

impl Grid {
    fn paint_one<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        diagram: &Diagram,
    ) -> Result<()> {
        let places = diagram.places();
        let mut builder = ChartBuilder::on(area);
        builder
            .margin(10)
            .x_label_area_size(42)
            .y_label_area_size(52);
        let (k, mean) = (diagram.clusters.len(), diagram.mean);
        let (width, height) = area.dim_in_pixel();
        let caption = format!("k = {k}, mean {mean:.3} (dashed)");
        let caption = fitted(&caption, LABEL, width.saturating_sub(24));
        builder.caption(caption, (FONT, LABEL).into_font().color(&BLACK));
        let x = Axis::new(self.lowest..1.0, 6);
        let height = (f64::from(height) - 80.0).max(1.0);
        let ticks = middles(&places, height / diagram.height());
        let y = Axis::with_ticks(0.0..diagram.height(), ticks);
        let mut chart = builder.build_cartesian_2d(x.clone(), y.clone())?;
        let mut mesh = chart.configure_mesh();
        mesh.disable_mesh()
            .label_style((FONT, LABEL))
            .axis_desc_style((FONT, LABEL))
            .x_label_formatter(&|tick| x.label(*tick))
            .y_label_formatter(&|tick| y.label(*tick))
            .x_desc("silhouette")
            .y_desc("cluster")
            .draw()?;
        let labels: Array1<usize> = diagram.clusters.keys().copied().collect();
        let color = self.frame.palette.of_labels(&labels, 0);
        for (label, place) in &places {
            let color = color(*label);
            let bars = Polygon::new(diagram.outline(*label, place), color.filled());
            chart.draw_series([bars])?;
        }
        let ends = |x| [(x, 0.0), (x, diagram.height())];
        chart.draw_series([PathElement::new(ends(0.0), BLACK.stroke_width(1))])?;
        let line = DashedLineSeries::new(ends(diagram.mean), 7, 5, RED.stroke_width(2));
        chart.draw_series(line)?;
        Ok(())
    }
}

/// The labels of clusters at the middle of their bars. Labels that would overlap are left out.
fn middles(places: &[(usize, Range<f64>)], pixels_per_row: f64) -> Vec<(f64, String)> {
    let least = f64::from(LABEL) / pixels_per_row;
    let mut last = f64::NEG_INFINITY;
    let mut middles = Vec::new();
    for (label, place) in places {
        let middle = place.start.midpoint(place.end);
        if middle - last >= least {
            middles.push((middle, label.to_string()));
            last = middle;
        }
    }
    middles
}

impl Picture for Grid {
    fn least_size(&self) -> (u32, u32) {
        let rows = self.diagrams.len().div_ceil(self.columns);
        let pixels =
            |n: usize, each: u32| each.saturating_mul(u32::try_from(n).unwrap_or(u32::MAX));
        (pixels(self.columns, 240), pixels(rows, 160))
    }

    fn paint<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<()> {
        let area = titled(area, &self.frame)?;
        let rows = self.diagrams.len().div_ceil(self.columns);
        let parts = area.split_evenly((rows, self.columns));
        for (diagram, part) in self.diagrams.iter().zip(&parts) {
            self.paint_one(part, diagram)?;
        }
        Ok(())
    }
}
