//! Labels of rows.

use ndarray::{Array1, ArrayRef1, ArrayRef2};

use super::super::{engine, update};
use super::KMeansModel;
use crate::checks;
use crate::data::Points;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::{Float, compiled};
use crate::kernels::nearest_row;
use crate::parallel::{BLOCK, Blocks};

impl<F: Float> KMeansModel<F> {
    /// The index of the nearest centroid for each of the `m` rows of `x`. Ties go to the lowest index.
    ///
    /// Cost: `m k d` multiply-adds. See the [example](Self#example).
    ///
    /// # Errors
    /// [As above](Self#errors).
    pub fn predict(&self, x: &ArrayRef2<F>) -> Result<Array1<usize>> {
        compiled!(
            |model: &KMeansModel<F>, x: &ArrayRef2<F>| -> Result<Array1<usize>> {
                let points = model.check(x)?;
                let mut labels = vec![0; points.len()];
                model.label(&points, &mut labels);
                Ok(Array1::from(labels))
            }
        )(self, x)
    }

    /// [`predict`](Self::predict) into an array of `m` entries. Nothing is allocated if `x` is in row-major
    /// order, `labels` is contiguous, the work is small enough for one thread, and that thread has its
    /// workspace from an earlier call (up to a few thousand features).
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
        compiled!(|model: &KMeansModel<F>,
                   x: &ArrayRef2<F>,
                   labels: &mut ArrayRef1<usize>|
         -> Result<()> {
            let points = model.check(x)?;
            checks::same_len("labels", points.len(), labels.len())?;
            match labels.as_slice_mut() {
                Some(labels) => model.label(&points, labels),
                None => labels.assign(&model.predict(x)?),
            }
            Ok(())
        })(self, x, labels)
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
    /// [As above](Self#errors). The row counts as row 0.
    pub fn predict_one(&self, row: &ArrayRef1<F>) -> Result<(usize, F)> {
        compiled!(
            |model: &KMeansModel<F>, row: &ArrayRef1<F>| -> Result<(usize, F)> {
                let view = row.view().insert_axis(ndarray::Axis(0));
                let points = Points::check_for("row", &view, model.n_features())?;
                let (label, sq_dist) = nearest_row(points.rows().row(0), &model.centroids.rows());
                Ok((label as usize, F::from_f64(sq_dist.sqrt())))
            }
        )(self, row)
    }

    /// The negative inertia of `x`: minus the sum of the squared distances of its rows to their nearest
    /// centroids. Greater is better. See the [example](Self#example).
    ///
    /// Cost: `m k d` multiply-adds.
    ///
    /// # Errors
    /// [As above](Self#errors).
    pub fn score(&self, x: &ArrayRef2<F>) -> Result<f64> {
        compiled!(|model: &KMeansModel<F>, x: &ArrayRef2<F>| -> Result<f64> {
            let points = model.check(x)?;
            let mut labels = vec![0; points.len()];
            engine::label(&points, &model.centroids, &mut labels);
            Ok(-update::inertia(&points, &labels, &model.centroids.rows()))
        })(self, x)
    }

    fn label(&self, points: &Points<'_, F>, out: &mut [usize]) {
        Blocks::new(points.len(), BLOCK, self.work(points)).fill(out, |range, out| {
            let mut labels = [0; BLOCK];
            let labels = &mut labels[..out.len()];
            let rows = points.rows().slice(range);
            self.kernels.nearest(&rows, &self.centroids, labels);
            for (out, &mut label) in out.iter_mut().zip(labels) {
                *out = label as usize;
            }
        });
    }
}
