//! Small artificial data with known labels, for examples and tests.
//!
//! The shapes are those of scikit-learn's generators of the same names; the random numbers are
//! not. The same arguments give the same data. Between platforms the last bits may differ, as sines
//! and logarithms come from the platform's own library.
//!
//! [`make_blobs`] makes clusters that k-means finds, around [`uniform_centers`] or any others.
//! [`make_moons`] and [`make_circles`] make clusters that it cannot find.

#[cfg(test)]
mod tests;

use std::f64::consts::PI;

use ndarray::{Array1, Array2, ArrayRef2, Axis};
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::{StandardNormal, Uniform};

use crate::checks;
use crate::data::Points;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::{Float, compiled};
use crate::random::{Stream, shuffle};

/// Normal clusters around given centres.
///
/// Takes the `k x d` `centers`, and for each of them the standard deviation of its cluster in all
/// directions, or a single one for all. Returns `n_samples x d` rows in random order with the
/// index of their centre. The clusters are of equal size, the first ones larger by one row if the
/// rows cannot be shared evenly. With fewer rows than centres, the last centres get none.
///
/// # Example
/// ```
/// use centroid::datasets::make_blobs;
/// use ndarray::array;
///
/// let centers = array![[0.0, 0.0], [5.0, 5.0]];
/// let (x, y) = make_blobs(100, &centers, &[0.3, 0.5], 42)?;
/// assert_eq!((x.dim(), y.len()), ((100, 2), 100));
/// assert_eq!(y.sum(), 50);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// - [`Error::EmptyData`], [`Error::NotFinite`], [`Error::TooLarge`]: the centres cannot be used.
/// - [`Error::LengthMismatch`]: there is neither one standard deviation nor one for each centre.
/// - [`Error::InvalidParameter`]: `n_samples` is 0, or a standard deviation is negative, not finite
///   or above [`Float::MAX_MAGNITUDE`].
/// - [`Error::ResultTooLarge`]: the rows would not fit in the address space.
pub fn make_blobs<F: Float>(
    n_samples: usize,
    centers: &ArrayRef2<F>,
    cluster_std: &[f64],
    seed: u64,
) -> Result<(Array2<F>, Array1<usize>)> {
    compiled!(|n_samples: usize,
               centers: &ArrayRef2<F>,
               cluster_std: &[f64],
               seed: u64|
     -> Result<(Array2<F>, Array1<usize>)> {
        Points::check("centers", centers)?;
        let (n_clusters, n_features) = centers.dim();
        if cluster_std.len() != 1 {
            checks::same_len("cluster_std", n_clusters, cluster_std.len())?;
        }
        check_n_samples(n_samples, n_features)?;
        cluster_std
            .iter()
            .try_for_each(|&std| check_spread::<F>("cluster_std", std))?;
        let stream = &mut Stream::new(seed, 0);
        // Cluster `c` has `n / k` rows, and one more if it is among the first `n mod k`.
        let mut labels: Vec<usize> = (0..n_samples).map(|row| row % n_clusters).collect();
        shuffle(&mut labels, stream);
        let mut x = noise(n_samples, n_features, stream);
        for (mut row, &label) in x.rows_mut().into_iter().zip(&labels) {
            let std = cluster_std[label % cluster_std.len()];
            row.zip_mut_with(&centers.row(label), |x, &center| {
                *x = center.to_f64() + std * *x;
            });
        }
        Ok((x.mapv(F::from_f64), Array1::from(labels)))
    })(n_samples, centers, cluster_std, seed)
}

/// Centres for [`make_blobs`], each coordinate uniform in `-10.0..10.0`: `n_clusters x n_features`.
///
/// # Example
/// ```
/// use centroid::datasets::{make_blobs, uniform_centers};
///
/// let centers = uniform_centers::<f32>(3, 2, 0)?;
/// let (x, y) = make_blobs(150, &centers, &[1.0], 0)?;
/// assert_eq!((x.dim(), y.len()), ((150, 2), 150));
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// - [`Error::InvalidParameter`]: `n_clusters` or `n_features` is 0.
/// - [`Error::ResultTooLarge`]: the centres would not fit in the address space.
pub fn uniform_centers<F: Float>(
    n_clusters: usize,
    n_features: usize,
    seed: u64,
) -> Result<Array2<F>> {
    compiled!(
        |n_clusters: usize, n_features: usize, seed: u64| -> Result<Array2<F>> {
            checks::at_least_one("n_clusters", n_clusters)?;
            checks::at_least_one("n_features", n_features)?;
            // Intermediate values are f64.
            checks::room::<f64>(n_clusters, n_features)?;
            let uniform = Uniform::new(-10.0, 10.0).expect("the range is not empty");
            let stream = &mut Stream::new(seed, CENTERS);
            let shape = (n_clusters, n_features);
            Ok(Array2::random_using(shape, uniform, stream.generator()).mapv(F::from_f64))
        }
    )(n_clusters, n_features, seed)
}

/// The stream of the centres differs from that of the rows, so that the same seed may be used for both.
const CENTERS: u64 = 1;

/// Two interlocking half circles of radius 1: clusters that k-means cannot find.
///
/// Returns `n_samples x 2` rows in random order, with 0 for the upper half circle, around the
/// origin, and 1 for the lower one, around (1, 0.5). Normal noise of standard deviation `noise` is
/// added to both coordinates.
///
/// # Example
/// ```
/// let (x, y) = centroid::datasets::make_moons::<f64>(100, 0.05, 42)?;
/// assert_eq!((x.dim(), y.sum()), ((100, 2), 50));
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// - [`Error::InvalidParameter`]: `n_samples` is 0, or `noise` is negative, not finite or above
///   [`Float::MAX_MAGNITUDE`].
/// - [`Error::ResultTooLarge`]: the rows would not fit in the address space.
pub fn make_moons<F: Float>(
    n_samples: usize,
    noise: f64,
    seed: u64,
) -> Result<(Array2<F>, Array1<usize>)> {
    compiled!(
        |n_samples: usize, noise: f64, seed: u64| -> Result<(Array2<F>, Array1<usize>)> {
            two_curves(n_samples, noise, seed, |label, place, len| {
                // Both ends of the half circle are included.
                let angle = PI * place as f64 / (len.max(2) - 1) as f64;
                let (sine, cosine) = angle.sin_cos();
                if label == 0 {
                    [cosine, sine]
                } else {
                    [1.0 - cosine, 0.5 - sine]
                }
            })
        }
    )(n_samples, noise, seed)
}

/// A circle of radius 1 and one of radius `factor` inside it, around the origin: clusters that
/// k-means cannot find.
///
/// Returns `n_samples x 2` rows in random order, with 0 for the outer circle and 1 for the inner
/// one. Normal noise of standard deviation `noise` is added to both coordinates.
///
/// # Example
/// ```
/// let (x, y) = centroid::datasets::make_circles::<f64>(100, 0.0, 0.5, 42)?;
/// let radius = x.row(0).mapv(|v| v * v).sum().sqrt();
/// assert!((radius - if y[0] == 0 { 1.0 } else { 0.5 }).abs() < 1e-12);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// - [`Error::InvalidParameter`]: `n_samples` is 0, `noise` is negative, not finite or above
///   [`Float::MAX_MAGNITUDE`], or `factor` is not in `0.0..1.0`.
/// - [`Error::ResultTooLarge`]: the rows would not fit in the address space.
pub fn make_circles<F: Float>(
    n_samples: usize,
    noise: f64,
    factor: f64,
    seed: u64,
) -> Result<(Array2<F>, Array1<usize>)> {
    compiled!(|n_samples: usize,
               noise: f64,
               factor: f64,
               seed: u64|
     -> Result<(Array2<F>, Array1<usize>)> {
        let is_valid = (0.0..1.0).contains(&factor);
        checks::parameter(is_valid, "factor", "0 or greater and less than 1")?;
        two_curves(n_samples, noise, seed, |label, place, len| {
            let radius = if label == 0 { 1.0 } else { factor };
            let (sine, cosine) = (2.0 * PI * place as f64 / len as f64).sin_cos();
            [radius * cosine, radius * sine]
        })
    })(n_samples, noise, factor, seed)
}

/// Rows evenly spaced on two curves, given as `curve(label, place, rows of the curve)`. If the number of
/// rows is odd, the first curve has one row fewer.
fn two_curves<F: Float>(
    n_samples: usize,
    spread: f64,
    seed: u64,
    curve: impl Fn(usize, usize, usize) -> [f64; 2],
) -> Result<(Array2<F>, Array1<usize>)> {
    check_n_samples(n_samples, 2)?;
    check_spread::<F>("noise", spread)?;
    let stream = &mut Stream::new(seed, 0);
    let first = n_samples / 2;
    let mut order: Vec<usize> = (0..n_samples).collect();
    shuffle(&mut order, stream);
    let mut x = noise(n_samples, 2, stream);
    for (mut row, &place) in x.axis_iter_mut(Axis(0)).zip(&order) {
        let point = if place < first {
            curve(0, place, first)
        } else {
            curve(1, place - first, n_samples - first)
        };
        row.iter_mut()
            .zip(point)
            .for_each(|(x, center)| *x = center + spread * *x);
    }
    let labels = order
        .iter()
        .map(|&place| usize::from(place >= first))
        .collect();
    Ok((x.mapv(F::from_f64), labels))
}

/// Standard normal numbers.
fn noise(n_samples: usize, n_features: usize, stream: &mut Stream) -> Array2<f64> {
    Array2::random_using((n_samples, n_features), StandardNormal, stream.generator())
}

fn check_n_samples(n_samples: usize, n_features: usize) -> Result<()> {
    checks::at_least_one("n_samples", n_samples)?;
    checks::room::<f64>(n_samples, n_features).map(drop)
}

/// What is finite in f64 may not be so in `F`.
fn check_spread<F: Float>(name: &'static str, value: f64) -> Result<()> {
    checks::finite_and_not_negative(name, value)?;
    let fits = value <= F::MAX_MAGNITUDE.to_f64();
    checks::parameter(fits, name, "at most Float::MAX_MAGNITUDE")
}
