//! Sketches of the points along the directions in which they vary most.
//!
//! The directions are found on a sample: some of its rows, orthonormalised, and again after each
//! multiplication by the covariance of the sample (N. Halko, P. G. Martinsson, J. A. Tropp,
//! *Finding structure with randomness*, SIAM Review 53(2), 2011, doi:10.1137/090771806). How good
//! they are decides how much time is saved, and nothing else.

use std::ops::{Range, RangeInclusive};

use crate::data::Points;
use crate::float::Float;
use crate::kernels::{Kernels, PANEL, Panels, Projection, Rows, Sketched};
use crate::linalg::{fill_orthonormal, orthonormalize};
use crate::parallel::{self, BLOCK, Blocks, PerItem};
use crate::random::Stream;

/// The directions are found on one point in this many, within limits.
///
/// PERF: on a mixture of 50,000 x 384 with 256 clusters the tenth iteration left 2.4% of the pairs of
/// points and centroids to distances; with 512 points and one round 4.0%.
const ONE_IN: usize = 16;
/// The least and the most points that the directions are found on.
const SAMPLE: RangeInclusive<usize> = 512..=2048;
/// Sketches are of no use for fewer features than this.
const LEAST_FEATURES: usize = 200;
/// The number of directions.
const DIRECTIONS: usize = 4 * PANEL;
/// Their number where those do not take up enough of the variance, and there are features enough.
///
/// PERF: on a mixture of 50,000 x 384 these leave 7% of the distances of the candidates of k-means++,
/// and not 20% (simulated on 5,000 of the rows), and of those of the centroids in the tenth iteration
/// 0.6% and not 2.1%; a whole fit with 256 clusters took 3.5 and not 4.4 s. On 10,000 x 784 digits, of
/// whose variance the fewer take up 0.87, 20 iterations took 258 and not 226 ms.
const MANY_DIRECTIONS: usize = 8 * PANEL;
/// See [`MANY_DIRECTIONS`].
const ENOUGH: f64 = 0.8;
const FEATURES_FOR_MANY: usize = 384;
/// How often the directions are multiplied by the covariance.
const ROUNDS: usize = 2;
/// Points or features of a block where there are few.
const FEW: usize = 16;

/// Directions must take up this share of the variance, or too few centroids are ruled out.
const WORTH_SKETCHING: f64 = 0.45;

/// All points in few coordinates.
#[derive(Debug)]
pub(crate) struct Sketch<F> {
    projection: Projection<F>,
    rows: Vec<F>,
    errors: Vec<F>,
}

impl<F: Float> Sketch<F> {
    /// `None` where it would not pay.
    pub(crate) fn new(points: &Points<'_, F>) -> Option<Self> {
        let d = points.n_features();
        if d < LEAST_FEATURES || points.len() < 2 * SAMPLE.start() {
            return None;
        }
        let size = (points.len() / ONE_IN).clamp(*SAMPLE.start(), *SAMPLE.end());
        let mut stream = Stream::new(0, 0);
        let mut rows = || {
            let rows: Vec<usize> = (0..size).map(|_| stream.below(points.len())).collect();
            points.gather(&rows)
        };
        // NOTE: of rows that the directions were found on they take up more than of others.
        let (sample, others) = (Sample::new(&rows()), rows());
        let mut projection = sample.projection(DIRECTIONS)?;
        let share = captured(&others, &projection);
        if share < WORTH_SKETCHING {
            return None;
        }
        if share < ENOUGH && d >= FEATURES_FOR_MANY {
            projection = sample.projection(MANY_DIRECTIONS).unwrap_or(projection);
        }
        drop((sample, others));
        let (rows, errors) = project(&points.rows(), &projection, points.kernels);
        Some(Self {
            projection,
            rows,
            errors,
        })
    }

    /// Sketches of a range of the points.
    pub(crate) fn of_rows(&self, range: Range<usize>) -> Sketched<'_, F> {
        let width = self.projection.width();
        Sketched {
            rows: Rows::new(&self.rows, width).slice(range.clone()),
            errors: &self.errors[range],
        }
    }

    /// Sketches of other points, and their errors.
    pub(crate) fn of_others(&self, points: &Points<'_, F>, rows: &Rows<'_, F>) -> (Vec<F>, Vec<F>) {
        let mut coordinates = vec![F::ZERO; rows.len() * self.projection.width()];
        let mut errors = vec![F::ZERO; rows.len()];
        let kernels = points.kernels;
        kernels.sketch(rows, &self.projection, &mut coordinates, &mut errors);
        (coordinates, errors)
    }

    /// The same put together, with what distances are multiplied by in sketches.
    pub(crate) fn sketched<'b>(&self, rows: &'b [F], errors: &'b [F]) -> (Sketched<'b, F>, F) {
        let rows = Rows::new(rows, self.width());
        (Sketched { rows, errors }, self.projection.scale())
    }

    /// Coordinates of a sketch.
    pub(crate) fn width(&self) -> usize {
        self.projection.width()
    }
}

/// Points that directions are found on, in the frame of a centre and a scale.
struct Sample<F: Float> {
    kernels: &'static Kernels<F>,
    centre: Vec<F>,
    scale: F,
    n: usize,
    /// Row by row.
    rows: Vec<F>,
    /// Feature by feature.
    features: Vec<F>,
}

impl<F: Float> Sample<F> {
    fn new(points: &Points<'_, F>) -> Self {
        let (centre, scale) = centre_and_scale(points);
        let framed = |row| centred(row, &centre).into_iter().map(|x| x * scale);
        Self {
            kernels: points.kernels,
            n: points.len(),
            rows: points.rows().iter().flat_map(framed).collect(),
            features: features(points, &centre, scale),
            centre,
            scale,
        }
    }

    /// Along the directions in which the points vary most. `None` where products overflow.
    fn projection(&self, n_directions: usize) -> Option<Projection<F>> {
        let d = self.centre.len();
        let rows = self.rows.chunks_exact(d).take(n_directions);
        let mut directions = orthonormal(rows.map(<[F]>::to_vec).collect())?;
        for _ in 0..ROUNDS {
            directions = orthonormal(self.times_covariance(&directions))?;
        }
        let directions = directions.concat();
        let directions = Rows::new(&directions, d);
        Some(Projection::new(
            self.centre.clone(),
            self.scale,
            &directions,
        ))
    }

    /// Directions times the covariance of the sample, up to a factor.
    fn times_covariance(&self, directions: &[Vec<F>]) -> Vec<Vec<F>> {
        let (n, h) = (self.n, directions.len());
        let (d, directions) = (self.centre.len(), directions.concat());
        let along = Panels::from_columns(&Rows::new(&directions, d));
        let coordinates = products(&Rows::new(&self.rows, d), &along, self.kernels);
        let across = Panels::new(&Rows::new(&coordinates, h));
        let products = products(&Rows::new(&self.features, n), &across, self.kernels);
        let column = |i: usize| products.iter().skip(i).step_by(h).copied().collect();
        (0..h).map(column).collect()
    }
}

/// The product of two matrices, row by row.
fn products<F: Float>(rows: &Rows<'_, F>, columns: &Panels<F>, kernels: &Kernels<F>) -> Vec<F> {
    let width = columns.n_columns();
    let mut products = vec![F::ZERO; rows.len() * width];
    let work = parallel::work(rows.len(), width, rows.n_features());
    let blocks = Blocks::new(rows.len(), FEW, work);
    blocks.fill(PerItem(&mut products, width), |range, out| {
        kernels.products(&rows.slice(range), columns, out);
    });
    products
}

/// The mean, and a power of two that brings distances from it to about 1.
fn centre_and_scale<F: Float>(sample: &Points<'_, F>) -> (Vec<F>, F) {
    let d = sample.n_features();
    let mut mean = vec![0.0; d];
    let share = 1.0 / sample.len() as f64;
    for row in sample.rows().iter() {
        let pairs = mean.iter_mut().zip(row);
        pairs.for_each(|(mean, x)| *mean += x.to_f64() * share);
    }
    let centre: Vec<F> = mean.into_iter().map(F::from_f64).collect();
    let sq_norm = |row| {
        centred(row, &centre)
            .iter()
            .map(|x: &F| x.to_f64().powi(2))
            .sum::<f64>()
    };
    let sq_spread = sample.rows().iter().map(sq_norm).sum::<f64>() * share;
    let limit = F::MAX_MAGNITUDE.to_f64();
    let spread = sq_spread.sqrt().clamp(1.0 / limit, limit);
    (
        centre,
        F::from_f64(2.0_f64.powi(-(spread.log2().round() as i32))),
    )
}

fn centred<F: Float>(row: &[F], centre: &[F]) -> Vec<F> {
    row.iter().zip(centre).map(|(&x, &m)| x - m).collect()
}

/// The sample in the frame of the directions, feature by feature.
fn features<F: Float>(sample: &Points<'_, F>, centre: &[F], scale: F) -> Vec<F> {
    let (n, d) = (sample.len(), centre.len());
    let mut features = vec![F::ZERO; n * d];
    let outputs = PerItem(&mut features, n);
    Blocks::new(d, FEW, n * d).fill(outputs, |range, features| {
        for (i, row) in sample.rows().iter().enumerate() {
            for (feature, j) in features.chunks_exact_mut(n).zip(range.clone()) {
                feature[i] = (row[j] - centre[j]) * scale;
            }
        }
    });
    features
}

/// Directions made orthonormal, any others in place of dependent ones. `None` where they are not finite.
fn orthonormal<F: Float>(directions: Vec<Vec<F>>) -> Option<Vec<Vec<F>>> {
    let wide = |direction: Vec<F>| direction.iter().map(|x| x.to_f64()).collect();
    let mut directions: Vec<Vec<f64>> = directions.into_iter().map(wide).collect();
    if !directions.iter().flatten().all(|x| x.is_finite()) {
        return None;
    }
    orthonormalize(&mut directions);
    fill_orthonormal(&mut directions);
    let narrow = |direction: &Vec<f64>| direction.iter().map(|&x| F::from_f64(x)).collect();
    Some(directions.iter().map(narrow).collect())
}

/// The share of the variance of some points along the directions.
fn captured<F: Float>(points: &Points<'_, F>, projection: &Projection<F>) -> f64 {
    let (rows, _) = project(&points.rows(), projection, points.kernels);
    let (mut head, mut all) = (0.0, 0.0);
    for row in rows.chunks_exact(projection.width()) {
        let sq = |x: &F| x.to_f64() * x.to_f64();
        all += row.iter().map(sq).sum::<f64>();
        head += row[..row.len() - 1].iter().map(sq).sum::<f64>();
    }
    if all > 0.0 { head / all } else { 0.0 }
}

/// Sketches of points, and their errors.
fn project<F: Float>(
    points: &Rows<'_, F>,
    projection: &Projection<F>,
    kernels: &Kernels<F>,
) -> (Vec<F>, Vec<F>) {
    let (n, width) = (points.len(), projection.width());
    let (mut rows, mut errors) = (vec![F::ZERO; n * width], vec![F::ZERO; n]);
    let work = parallel::work(n, width, points.n_features());
    let block = if n < 16 * BLOCK { FEW } else { BLOCK / 4 };
    let outputs = (&mut errors[..], PerItem(&mut rows, width));
    Blocks::new(n, block, work).fill(outputs, |range, (errors, rows)| {
        kernels.sketch(&points.slice(range), projection, rows, errors);
    });
    (rows, errors)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// Rows about a few centres.
    fn rows(d: usize, apart: f64) -> Array2<f32> {
        let mut stream = Stream::new(1, 0);
        let centres = Array2::from_shape_simple_fn((12, d), || apart * stream.uniform());
        Array2::from_shape_simple_fn((1200, d), || 8.0 * stream.uniform()).map(|x| *x as f32)
            + Array2::from_shape_fn((1200, d), |(i, j)| centres[[i % 12, j]] as f32)
    }

    #[test]
    fn there_are_as_many_directions_as_the_variance_asks_for() {
        let width = |d, apart| {
            let x = rows(d, apart);
            let sketch = Sketch::new(&Points::check("x", &x).unwrap());
            sketch.map(|sketch| sketch.width())
        };
        assert_eq!(width(400, 40.0), Some(DIRECTIONS + 1));
        assert_eq!(width(400, 8.0), Some(MANY_DIRECTIONS + 1));
        assert_eq!(width(300, 8.0), Some(DIRECTIONS + 1));
        assert_eq!(width(400, 0.0), None);
        assert_eq!(width(199, 40.0), None);
    }
}
