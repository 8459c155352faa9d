//! Distances of rows to all centroids, and functions of these distances.

use std::ops::Range;

use ndarray::{Array1, Array2, ArrayRef2};

use super::KMeansModel;
use crate::checks;
use crate::data::Points;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::private::Sealed;
use crate::float::{Float, compiled};
use crate::parallel::{BLOCK, Blocks, PARTS, PerItem};

/// Rows whose distances to all centroids are held at a time: `32 k` values of f64.
const TRANSFORM_ROWS: usize = 32;

impl<F: Float> KMeansModel<F> {
    /// The Euclidean distance of each of the `m` rows of `x` to each centroid, `m x k`.
    ///
    /// The distances are computed from differences in f64, and rounded once. They can serve as features of
    /// the rows, for example for a classifier. See the [example](Self#example).
    ///
    /// Cost: `m k d` operations in f64.
    ///
    /// # Errors
    /// [As above](Self#errors), and
    /// - [`Error::ResultTooLarge`]: the result would not fit in the address space.
    pub fn transform(&self, x: &ArrayRef2<F>) -> Result<Array2<F>> {
        compiled!(
            |model: &KMeansModel<F>, x: &ArrayRef2<F>| -> Result<Array2<F>> {
                model.map_sq_dists(x, |sq_dist| F::from_f64(sq_dist.sqrt()))
            }
        )(self, x)
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
        compiled!(|model: &KMeansModel<F>,
                   x: &ArrayRef2<F>,
                   distances: &mut ArrayRef2<F>|
         -> Result<()> {
            let points = model.check(x)?;
            checks::same_len("distances", points.len(), distances.nrows())?;
            checks::same_columns("distances", model.n_clusters(), distances.ncols())?;
            match distances.as_slice_mut() {
                Some(out) => {
                    model.fill_sq_dists(&points, out, |sq_dist| F::from_f64(sq_dist.sqrt()));
                }
                None => distances.assign(&model.transform(x)?),
            }
            Ok(())
        })(self, x, distances)
    }

    /// How much each of the `m` rows of `x` belongs to each centroid, `m x k`: the Gaussian radial
    /// basis function `exp(-gamma d^2)` of their distance `d`, from 1 at the centroid to 0 far away.
    ///
    /// A larger `gamma` makes the values fall faster. Its unit is one over the square of the features'
    /// unit.
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
    /// - [`Error::ResultTooLarge`]: the result would not fit in the address space.
    pub fn affinities(&self, x: &ArrayRef2<F>, gamma: f64) -> Result<Array2<F>> {
        compiled!(
            |model: &KMeansModel<F>, x: &ArrayRef2<F>, gamma: f64| -> Result<Array2<F>> {
                checks::finite_and_not_negative("gamma", gamma)?;
                model.map_sq_dists(x, |sq_dist| F::from_f64((-gamma * sq_dist).exp()))
            }
        )(self, x, gamma)
    }

    /// For each of the `k` centroids, the row of `x` nearest to it, or the first of several equally near
    /// ones. Look at these rows, or label them by hand, first.
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
        compiled!(
            |model: &KMeansModel<F>, x: &ArrayRef2<F>| -> Result<Array1<usize>> {
                let points = model.check(x)?;
                checks::not_empty("x", points.len())?;
                let parts = Blocks::parts(points.len(), PARTS, model.work(&points)).map(|rows| {
                    let mut nearest = vec![(f64::INFINITY, 0); model.n_clusters()];
                    for start in rows.clone().step_by(TRANSFORM_ROWS) {
                        let range = start..rows.end.min(start + TRANSFORM_ROWS);
                        model.with_sq_dists(&points, range.clone(), |sq_dists| {
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
                Ok((0..model.n_clusters())
                    .filter_map(of)
                    .map(|(_, row)| row)
                    .collect())
            }
        )(self, x)
    }

    /// The squared distances of a range of points to all centroids, centroid by centroid.
    fn with_sq_dists(&self, points: &Points<'_, F>, range: Range<usize>, f: impl FnOnce(&[f64])) {
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
        checks::room::<F>(rows, columns)?;
        let mut out = Array2::from_elem((rows, columns), F::ZERO);
        let values = out.as_slice_mut().expect("a new array is contiguous");
        self.fill_sq_dists(&points, values, f);
        Ok(out)
    }

    /// OUT: `out[i * k + c]`, `f` of the squared distance of point `i` and centroid `c`.
    fn fill_sq_dists(&self, points: &Points<'_, F>, out: &mut [F], f: impl Fn(f64) -> F + Sync) {
        let n_clusters = self.n_clusters();
        let blocks = Blocks::new(points.len(), BLOCK, self.work(points));
        blocks.fill(PerItem(out, n_clusters), |range, out| {
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
        });
    }
}
