//! The result of a fit.

mod assignment;
mod outliers;

use std::fmt;

use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, ArrayView1, ArrayView2, CowArray, Ix2};

pub(crate) use assignment::Assignment;

use super::engine::{self, Run};
use super::update;
use crate::data::{Points, check_room};
use crate::error::{Error, Result};
use crate::float::Float;
use crate::float::private::Sealed;
use crate::kernels::{Kernels, Packed, Work, detect, nearest_row};
use crate::parallel::{self, BLOCK};
use crate::progress::Stop;

/// Centroids, and what the fit that found them knows of its data.
///
/// The parts belong together: [`labels`](Self::labels) are what [`predict`](Self::predict) returns
/// for the fitted data, [`inertia`](Self::inertia) is computed from them and the centroids, and
/// [`cluster_sizes`](Self::cluster_sizes) counts them.
///
/// # Example
/// ```
/// use centroid::{KMeans, Stop};
/// use ndarray::array;
///
/// let x = array![[0.0, 0.0], [0.0, 2.0], [9.0, 0.0]];
/// let model = KMeans::new(2).fit(&x)?;
/// let label = model.labels()[0];
/// assert_eq!(model.centroids().row(label), array![0.0, 1.0]);
/// assert_eq!(model.cluster_sizes()[label], 2);
/// assert_eq!((model.n_clusters(), model.n_features(), model.inertia()), (2, 2, 2.0));
/// assert_eq!((model.stop(), model.n_iter()), (Stop::Converged, 2));
///
/// let new = array![[8.0, 0.0], [0.0, 1.0]];
/// let labels = model.predict(&new)?;
/// let distances = model.transform(&new)?;
/// assert_eq!(distances[[0, labels[0]]], 1.0);
/// assert_eq!(distances[[1, labels[1]]], 0.0);
/// assert_eq!(model.score(&new)?, -1.0);
/// # Ok::<(), centroid::Error>(())
/// ```
///
/// # Errors
/// All methods that take rows refuse them with
/// - [`Error::DimensionMismatch`]: their number of columns is not that of the centroids.
/// - [`Error::NotFinite`], [`Error::TooLarge`]: a value cannot be computed with.
///
/// An array without rows is no error, and gives a result without rows.
#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "crate::kmeans::saving::SavedModel<F>",
        into = "crate::kmeans::saving::SavedModel<F>",
        bound(
            serialize = "F: serde::Serialize",
            deserialize = "F: serde::Deserialize<'de>"
        )
    )
)]
pub struct KMeansModel<F: Float> {
    pub(in crate::kmeans) centroids: Packed<F>,
    pub(in crate::kmeans) labels: Array1<usize>,
    pub(in crate::kmeans) cluster_sizes: Array1<usize>,
    pub(in crate::kmeans) inertia: f64,
    pub(in crate::kmeans) n_iter: usize,
    pub(in crate::kmeans) stop: Stop,
    pub(in crate::kmeans) kernels: &'static Kernels<F>,
}

impl<F: Float> KMeansModel<F> {
    /// IN: `keeps_labels`, whether the model is to have them.
    pub(in crate::kmeans) fn from_run(run: Run<F>, keeps_labels: bool) -> Self {
        let (n, n_clusters) = (run.labels.len(), run.centroids.len());
        let mut labels = vec![0; if keeps_labels { n } else { 0 }];
        let block = parallel::block_for(n, n * RELABEL_WORK);
        parallel::fill_blocks(&mut labels, 1, block, n * RELABEL_WORK, |range, out| {
            out.iter_mut()
                .zip(&run.labels[range])
                .for_each(|(out, label)| *out = *label as usize);
            0
        });
        let mut cluster_sizes = Array1::zeros(n_clusters);
        for part in parallel::map_parts(n, n * RELABEL_WORK, |range| {
            let mut sizes = vec![0; n_clusters];
            run.labels[range]
                .iter()
                .for_each(|&label| sizes[label as usize] += 1);
            sizes
        }) {
            cluster_sizes
                .iter_mut()
                .zip(part)
                .for_each(|(size, part)| *size += part);
        }
        Self {
            labels: Array1::from(labels),
            cluster_sizes,
            centroids: run.centroids,
            inertia: run.inertia,
            n_iter: run.n_iter,
            stop: run.stop,
            kernels: detect(),
        }
    }

    /// A model of `k x d` centroids that were kept elsewhere, given as an array, a view or a
    /// reference to one. It has no labels, sizes of 0, an
    /// inertia of 0 and no iterations.
    ///
    /// # Example
    /// ```
    /// use centroid::KMeansModel;
    /// use ndarray::array;
    ///
    /// let model = KMeansModel::from_centroids(array![[0.0], [10.0]])?;
    /// assert_eq!(model.predict(&array![[7.0]])?, array![1]);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    ///
    /// # Errors
    /// - [`Error::EmptyData`]: there are no centroids, or they have no features.
    /// - [`Error::NotFinite`], [`Error::TooLarge`]: a value cannot be computed with.
    pub fn from_centroids<'a>(centroids: impl Into<CowArray<'a, F, Ix2>>) -> Result<Self> {
        let centroids = centroids.into();
        let points = Points::check(&centroids)?;
        Ok(Self::from_packed(Packed::new(&points.rows())))
    }

    pub(in crate::kmeans) fn from_packed(centroids: Packed<F>) -> Self {
        Self {
            labels: Array1::default(0),
            cluster_sizes: Array1::zeros(centroids.len()),
            inertia: 0.0,
            n_iter: 0,
            stop: Stop::Converged,
            kernels: detect(),
            centroids,
        }
    }

    /// The centroids, `k x d`. See the [example](Self#example).
    pub fn centroids(&self) -> ArrayView2<'_, F> {
        ArrayView2::from_shape(
            (self.n_clusters(), self.n_features()),
            self.centroids.rows().data(),
        )
        .expect("the centroids are a matrix")
    }

    /// For each of the `n` fitted rows the index of its centroid; nothing if they were not to be
    /// [kept](crate::FitOptions::keep_labels). See the [example](Self#example).
    pub fn labels(&self) -> ArrayView1<'_, usize> {
        self.labels.view()
    }

    /// The weighted sum of the squared distances of the fitted rows to their centroids, computed
    /// from differences, in f64. See the [example](Self#example).
    pub fn inertia(&self) -> f64 {
        self.inertia
    }

    /// The iterations of the start that gave this model. See the [example](Self#example).
    pub fn n_iter(&self) -> usize {
        self.n_iter
    }

    /// Why the fit ended. See the [example](Self#example).
    pub fn stop(&self) -> Stop {
        self.stop
    }

    /// For each of the `k` clusters the number of fitted rows in it, whatever their weight. See the
    /// [example](Self#example).
    pub fn cluster_sizes(&self) -> ArrayView1<'_, usize> {
        self.cluster_sizes.view()
    }

    /// The number of clusters, `k`. See the [example](Self#example).
    pub fn n_clusters(&self) -> usize {
        self.centroids.len()
    }

    /// The number of features, `d`. See the [example](Self#example).
    pub fn n_features(&self) -> usize {
        self.centroids.centre().len()
    }

    /// The index of the nearest centroid for each of the `m` rows of `x`, the lowest among equally
    /// near ones.
    ///
    /// Cost: `m k d` multiply-adds. See the [example](Self#example).
    ///
    /// # Errors
    /// [As above](Self#errors).
    pub fn predict(&self, x: &ArrayRef2<F>) -> Result<Array1<usize>> {
        let points = self.check(x)?;
        let mut labels = vec![0; points.len()];
        self.label(&points, &mut labels);
        Ok(Array1::from(labels))
    }

    /// [`predict`](Self::predict) into an array of `m` entries. Nothing is allocated if `x` is in
    /// row-major order, `labels` is contiguous, the work is small enough for one thread, and that
    /// thread has its workspace from an earlier call (up to some thousand features).
    ///
    /// # Example
    /// ```
    /// use centroid::KMeansModel;
    /// use ndarray::{Array1, Array2, array};
    ///
    /// let model = KMeansModel::from_centroids(array![[0.0], [10.0]])?;
    /// let (mut labels, mut distances) = (Array1::zeros(2), Array2::zeros((2, 2)));
    /// for batch in [array![[1.0], [7.0]], array![[9.0], [2.0]]] {
    ///     model.predict_into(&batch, &mut labels)?;
    ///     model.transform_into(&batch, &mut distances)?;
    /// }
    /// assert_eq!(labels, array![1, 0]);
    /// assert_eq!(distances, array![[9.0, 1.0], [2.0, 8.0]]);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    ///
    /// # Errors
    /// [As above](Self#errors), and
    /// - [`Error::LengthMismatch`]: `labels` does not have one entry for each row.
    pub fn predict_into(&self, x: &ArrayRef2<F>, labels: &mut ArrayRef1<usize>) -> Result<()> {
        let points = self.check(x)?;
        expect_len(points.len(), labels.len())?;
        match labels.as_slice_mut() {
            Some(labels) => self.label(&points, labels),
            None => labels.assign(&self.predict(x)?),
        }
        Ok(())
    }

    /// The index of the nearest centroid for a single row of `d` features, and its Euclidean
    /// distance. Nothing is allocated if the row is contiguous.
    ///
    /// Cost: `k d` operations in f64.
    ///
    /// # Example
    /// ```
    /// use centroid::KMeansModel;
    /// use ndarray::array;
    ///
    /// let model = KMeansModel::from_centroids(array![[0.0, 0.0], [9.0, 0.0]])?;
    /// assert_eq!(model.predict_one(&array![6.0, 4.0])?, (1, 5.0));
    /// # Ok::<(), centroid::Error>(())
    /// ```
    ///
    /// # Errors
    /// [As above](Self#errors), the row being row 0.
    pub fn predict_one(&self, row: &ArrayRef1<F>) -> Result<(usize, F)> {
        let view = row.view().insert_axis(ndarray::Axis(0));
        let points = self.check(&view)?;
        let (label, sq_dist) = nearest_row(points.rows().row(0), &self.centroids.rows());
        Ok((label as usize, F::from_f64(sq_dist.sqrt())))
    }

    /// The Euclidean distance of each of the `m` rows of `x` to each centroid, `m x k`.
    ///
    /// The distances are computed from differences, in f64, and rounded once. They are the
    /// features that k-means makes of a row. See the [example](Self#example).
    ///
    /// Cost: `m k d` operations in f64.
    ///
    /// # Errors
    /// [As above](Self#errors), and
    /// - [`Error::ResultTooLarge`]: the result would not fit in memory's range of addresses.
    pub fn transform(&self, x: &ArrayRef2<F>) -> Result<Array2<F>> {
        self.map_sq_dists(x, |sq_dist| F::from_f64(sq_dist.sqrt()))
    }

    /// [`transform`](Self::transform) into an `m x k` array. Nothing is allocated if both arrays
    /// are in row-major order and the work is small enough for one thread. See
    /// [`predict_into`](Self::predict_into) for an example.
    ///
    /// # Errors
    /// [As above](Self#errors), and
    /// - [`Error::LengthMismatch`]: `distances` does not have one row for each row of `x`.
    /// - [`Error::DimensionMismatch`]: it does not have one column for each cluster.
    pub fn transform_into(&self, x: &ArrayRef2<F>, distances: &mut ArrayRef2<F>) -> Result<()> {
        let points = self.check(x)?;
        expect_len(points.len(), distances.nrows())?;
        if distances.ncols() != self.n_clusters() {
            let (expected, found) = (self.n_clusters(), distances.ncols());
            return Err(Error::DimensionMismatch { expected, found });
        }
        match distances.as_slice_mut() {
            Some(out) => {
                self.fill_sq_dists(&points, out, |sq_dist| F::from_f64(sq_dist.sqrt()));
            }
            None => distances.assign(&self.transform(x)?),
        }
        Ok(())
    }

    /// How much each of the `m` rows of `x` belongs to each centroid, `m x k`: the Gaussian radial
    /// basis function `exp(-gamma d^2)` of their distance `d`, from 1 at the centroid to 0 far away.
    ///
    /// A larger `gamma`, in units of one over the square of the features' unit, lets it fall faster.
    ///
    /// Cost: `m k d` operations in f64, and `m k` exponentials.
    ///
    /// # Example
    /// ```
    /// use centroid::KMeansModel;
    /// use ndarray::array;
    ///
    /// let model = KMeansModel::from_centroids(array![[0.0_f64], [10.0]])?;
    /// let affinities = model.affinities(&array![[0.0], [5.0]], 0.1)?;
    /// assert_eq!(affinities[[0, 0]], 1.0);
    /// assert_eq!(affinities[[1, 0]], affinities[[1, 1]]);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    ///
    /// # Errors
    /// [As above](Self#errors), and
    /// - [`Error::InvalidParameter`]: `gamma` is negative or not finite.
    /// - [`Error::ResultTooLarge`]: the result would not fit in memory's range of addresses.
    pub fn affinities(&self, x: &ArrayRef2<F>, gamma: f64) -> Result<Array2<F>> {
        if !(gamma >= 0.0 && gamma.is_finite()) {
            let requirement = "finite and 0 or greater";
            return Err(Error::InvalidParameter {
                name: "gamma",
                requirement,
            });
        }
        self.map_sq_dists(x, |sq_dist| F::from_f64((-gamma * sq_dist).exp()))
    }

    /// Minus the inertia of `x`: minus the sum of the squared distances of its rows to their
    /// nearest centroids. Greater is better. See the [example](Self#example).
    ///
    /// Cost: `m k d` multiply-adds.
    ///
    /// # Errors
    /// [As above](Self#errors).
    pub fn score(&self, x: &ArrayRef2<F>) -> Result<f64> {
        let points = self.check(x)?;
        let mut labels = vec![0; points.len()];
        engine::label(&points, &self.centroids, &mut labels);
        Ok(-update::inertia(&points, &labels, &self.centroids.rows()))
    }

    /// For each of the `k` centroids the row of `x` nearest to it, the first among equally near
    /// ones: the rows to look at, or to label by hand, first.
    ///
    /// Cost: `m k d` operations in f64.
    ///
    /// # Example
    /// ```
    /// use centroid::KMeansModel;
    /// use ndarray::array;
    ///
    /// let model = KMeansModel::from_centroids(array![[0.0], [10.0]])?;
    /// let x = array![[1.0], [7.0], [-0.5], [9.0]];
    /// assert_eq!(model.representatives(&x)?, array![2, 3]);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    ///
    /// # Errors
    /// [As above](Self#errors), and
    /// - [`Error::EmptyData`]: `x` has no rows.
    pub fn representatives(&self, x: &ArrayRef2<F>) -> Result<Array1<usize>> {
        let points = self.check(x)?;
        if points.len() == 0 {
            return Err(Error::EmptyData);
        }
        let parts = parallel::map_parts(points.len(), self.work(&points), |rows| {
            let mut nearest = vec![(f64::INFINITY, 0); self.n_clusters()];
            for start in rows.clone().step_by(TRANSFORM_ROWS) {
                let range = start..rows.end.min(start + TRANSFORM_ROWS);
                self.with_sq_dists(&points, range.clone(), |sq_dists| {
                    let by_centroid = sq_dists.chunks_exact(range.len());
                    for (nearest, sq_dists) in nearest.iter_mut().zip(by_centroid) {
                        for (&sq_dist, row) in sq_dists.iter().zip(range.clone()) {
                            if sq_dist < nearest.0 {
                                *nearest = (sq_dist, row);
                            }
                        }
                    }
                });
            }
            nearest
        });
        let first = |a: (f64, usize), b: (f64, usize)| if b.0 < a.0 { b } else { a };
        let of = |c: usize| parts.iter().map(|part| part[c]).reduce(first);
        Ok((0..self.n_clusters())
            .filter_map(of)
            .map(|(_, row)| row)
            .collect())
    }

    pub(in crate::kmeans) fn check<'a>(&self, x: &'a ArrayRef2<F>) -> Result<Points<'a, F>> {
        Points::check_for(x, self.n_features())
    }

    /// Multiply-adds of comparing all points with all centroids.
    fn work(&self, points: &Points<'_, F>) -> usize {
        parallel::work(points.len(), self.n_clusters(), self.n_features())
    }

    fn label(&self, points: &Points<'_, F>, out: &mut [usize]) {
        let _: Work = parallel::fill_blocks(out, 1, BLOCK, self.work(points), |range, out| {
            let mut labels = [0; BLOCK];
            let labels = &mut labels[..out.len()];
            let rows = points.rows().slice(range);
            let assigned = self.kernels.nearest(&rows, &self.centroids, labels);
            out.iter_mut()
                .zip(labels)
                .for_each(|(out, label)| *out = *label as usize);
            assigned
        });
    }

    /// The squared distances of a range of points to all centroids, centroid by centroid.
    fn with_sq_dists(
        &self,
        points: &Points<'_, F>,
        range: std::ops::Range<usize>,
        f: impl FnOnce(&[f64]),
    ) {
        f64::with_scratch(range.len() * self.n_clusters(), |sq_dists| {
            self.kernels.sq_dists(
                &points.rows().slice(range),
                &self.centroids.rows(),
                sq_dists,
            );
            f(sq_dists);
        });
    }

    fn map_sq_dists(&self, x: &ArrayRef2<F>, f: impl Fn(f64) -> F + Sync) -> Result<Array2<F>> {
        let points = self.check(x)?;
        let (rows, columns) = (points.len(), self.n_clusters());
        check_room::<F>(rows, columns)?;
        let mut out = Array2::from_elem((rows, columns), F::ZERO);
        let values = out.as_slice_mut().expect("a new array is contiguous");
        self.fill_sq_dists(&points, values, f);
        Ok(out)
    }

    /// OUT: `out[i * k + c]`, `f` of the squared distance of point `i` and centroid `c`.
    fn fill_sq_dists(&self, points: &Points<'_, F>, out: &mut [F], f: impl Fn(f64) -> F + Sync) {
        let n_clusters = self.n_clusters();
        parallel::fill_blocks(out, n_clusters, BLOCK, self.work(points), |range, out| {
            for start in range.clone().step_by(TRANSFORM_ROWS) {
                let rows = start..range.end.min(start + TRANSFORM_ROWS);
                let len = rows.len();
                let out = &mut out[(start - range.start) * n_clusters..][..len * n_clusters];
                self.with_sq_dists(points, rows, |sq_dists| {
                    for (i, out) in out.chunks_exact_mut(n_clusters).enumerate() {
                        let of_row = sq_dists[i..].iter().step_by(len);
                        out.iter_mut()
                            .zip(of_row)
                            .for_each(|(out, &sq_dist)| *out = f(sq_dist));
                    }
                });
            }
            0
        });
    }
}

/// Widening or counting a label takes about as long as so many multiply-adds.
const RELABEL_WORK: usize = 8;

/// Rows whose distances to all centroids are held at a time: `32 k` values of f64.
const TRANSFORM_ROWS: usize = 32;

fn expect_len(expected: usize, found: usize) -> Result<()> {
    if expected == found {
        Ok(())
    } else {
        Err(Error::LengthMismatch { expected, found })
    }
}

impl<F: Float> fmt::Debug for KMeansModel<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KMeansModel")
            .field("centroids", &self.centroids())
            .field("cluster_sizes", &self.cluster_sizes)
            .field("inertia", &self.inertia)
            .field("n_iter", &self.n_iter)
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}
