//! How far rows lie from their centroids, compared with what is usual in their clusters.

use ndarray::{Array1, ArrayRef1, ArrayRef2};

use super::KMeansModel;
use super::assignment::Assignment;
use crate::checks;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::float::{Float, compiled};

/// A distance in units of a spread. Finite, and 0 at the centroid itself.
fn score<F: Float>(sq_dist: f64, spread: f64) -> F {
    if sq_dist == 0.0 {
        return F::ZERO;
    }
    let most = F::MAX_MAGNITUDE.to_f64();
    F::from_f64((sq_dist.sqrt() / spread).min(most))
}

impl<F: Float> KMeansModel<F> {
    /// How unusual each of the `m` rows of `x` is: its Euclidean distance `d` to the nearest centroid,
    /// divided by the spread `s` of that cluster. The spreads are those of the rows of `x` themselves, see
    /// [`cluster_spreads`](Self::cluster_spreads).
    ///
    /// The score is 0 at the centroid, about 1 for a typical row, and 3 or more for a row that lies far
    /// outside its cluster. Scores are always finite. A row that forms a cluster by itself lies at its
    /// centroid and scores 0: to find such rows, look at the [`cluster_sizes`](Self::cluster_sizes), or use
    /// fewer clusters. [`anomalies`](crate::anomalies) selects rows by their scores.
    ///
    /// Cost: `m k d` multiply-adds.
    ///
    /// # Example
    /// ```
    /// use centroid::KMeansModel;
    /// use ndarray::array;
    ///
    /// let model = KMeansModel::from_centroids(array![[0.0], [100.0]])?;
    /// // The same distance says much in a narrow cluster and little in a wide one.
    /// let x = array![[-1.0], [1.0], [-1.0], [1.0], [-4.0], [80.0], [120.0], [104.0], [100.0]];
    /// let scores = model.outlier_scores(&x)?;
    /// assert_eq!((scores[0], scores[4]), (0.5, 2.0));
    /// assert!(scores[7] < 0.5 && scores[8] == 0.0);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    ///
    /// # Errors
    /// [As above](Self#errors).
    pub fn outlier_scores(&self, x: &ArrayRef2<F>) -> Result<Array1<F>> {
        compiled!(
            |model: &KMeansModel<F>, x: &ArrayRef2<F>| -> Result<Array1<F>> {
                let assignment = model.assign(x)?;
                let spreads = assignment.spreads(model.n_clusters());
                Ok(scores(&assignment, |label| spreads[label]))
            }
        )(self, x)
    }

    /// [`outlier_scores`](Self::outlier_scores) with given spreads, one for each cluster: for new rows, or
    /// for too few rows to compute spreads from.
    ///
    /// If the spread of a cluster is 0, rows away from its centroid score [`Float::MAX_MAGNITUDE`].
    ///
    /// # Example
    /// ```
    /// use centroid::KMeans;
    /// use ndarray::array;
    ///
    /// let x = array![[-1.0], [1.0], [90.0], [110.0]];
    /// let model = KMeans::new(2).fit(&x)?;
    /// let spreads = model.cluster_spreads(&x)?;
    /// let scores = model.outlier_scores_with(&array![[3.0], [103.0]], &spreads)?;
    /// assert_eq!(scores, array![3.0, 0.3]);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    ///
    /// # Errors
    /// [As above](Self#errors), and
    /// - [`Error::LengthMismatch`]: there is not one spread for each cluster.
    /// - [`Error::InvalidParameter`]: a spread is negative or not finite.
    pub fn outlier_scores_with(
        &self,
        x: &ArrayRef2<F>,
        spreads: &ArrayRef1<F>,
    ) -> Result<Array1<F>> {
        compiled!(|model: &KMeansModel<F>,
                   x: &ArrayRef2<F>,
                   spreads: &ArrayRef1<F>|
         -> Result<Array1<F>> {
            checks::same_len("spreads", model.n_clusters(), spreads.len())?;
            for spread in spreads {
                checks::finite_and_not_negative("spreads", spread.to_f64())?;
            }
            let assignment = model.assign(x)?;
            // A spread of 0 may be negative zero.
            Ok(scores(&assignment, |label| spreads[label].to_f64().abs()))
        })(self, x, spreads)
    }

    /// For each of the `k` clusters, the spread of its rows in `x`: the root of their mean squared
    /// Euclidean distance to the centroid, in the features' unit.
    ///
    /// A cluster with fewer than two rows, or with all rows at its centroid, has no spread of its own. It
    /// gets the spread of all rows around their centroids, which is 0 if they all lie there, or if there is
    /// only one row.
    ///
    /// Cost: `m k d` multiply-adds.
    ///
    /// # Example
    /// ```
    /// use centroid::KMeansModel;
    /// use ndarray::array;
    ///
    /// let model = KMeansModel::from_centroids(array![[0.0], [10.0], [20.0]])?;
    /// let spreads = model.cluster_spreads(&array![[-3.0], [3.0], [9.0], [11.0], [20.0]])?;
    /// assert_eq!(spreads, array![3.0, 1.0, 2.0]);
    /// # Ok::<(), centroid::Error>(())
    /// ```
    ///
    /// # Errors
    /// [As above](Self#errors).
    pub fn cluster_spreads(&self, x: &ArrayRef2<F>) -> Result<Array1<F>> {
        compiled!(
            |model: &KMeansModel<F>, x: &ArrayRef2<F>| -> Result<Array1<F>> {
                let spreads = model.assign(x)?.spreads(model.n_clusters());
                Ok(spreads.into_iter().map(F::from_f64).collect())
            }
        )(self, x)
    }
}

fn scores<F: Float>(assignment: &Assignment, spread: impl Fn(usize) -> f64) -> Array1<F> {
    let rows = assignment.labels.iter().zip(&assignment.sq_distances);
    rows.map(|(&label, &sq_dist)| score(sq_dist, spread(label)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    fn model() -> KMeansModel<f64> {
        KMeansModel::from_centroids(array![[0.0, 0.0], [10.0, 0.0], [50.0, 50.0]]).unwrap()
    }

    #[test]
    fn a_score_is_a_distance_in_units_of_the_clusters_own_spread() {
        // Squared distances 1, 1, 4 and 10 of mean 4; then 16 and 16.
        let x = array![
            [1.0, 0.0],
            [0.0, 1.0],
            [0.0, -2.0],
            [-1.0, 3.0],
            [10.0, 4.0],
            [14.0, 0.0]
        ];
        let scores = model().outlier_scores(&x).unwrap();
        let expected = [0.5, 0.5, 1.0, 10.0_f64.sqrt() / 2.0, 1.0, 1.0];
        assert_eq!(scores, Array1::from(expected.to_vec()));
        let spreads = model().cluster_spreads(&x).unwrap();
        let of_all = (48.0_f64 / 6.0).sqrt();
        assert_eq!(spreads, array![2.0, 4.0, of_all], "the third has no rows");
    }

    #[test]
    fn clusters_without_a_spread_are_measured_by_that_of_all_rows() {
        // The second cluster is one row, the third two at their centroid.
        let x = array![
            [3.0, 0.0],
            [-3.0, 0.0],
            [12.0, 0.0],
            [50.0, 50.0],
            [50.0, 50.0]
        ];
        let of_all = (22.0_f64 / 5.0).sqrt();
        let spreads = model().cluster_spreads(&x).unwrap();
        assert_eq!(spreads, array![3.0, of_all, of_all]);
        let scores = model().outlier_scores(&x).unwrap();
        assert_eq!(scores, array![1.0, 1.0, 2.0 / of_all, 0.0, 0.0]);
    }

    #[test]
    fn scores_are_always_finite() {
        let at_the_centroids = array![[0.0, 0.0], [10.0, 0.0], [10.0, 0.0]];
        let scores = model().outlier_scores(&at_the_centroids).unwrap();
        assert_eq!(scores, array![0.0, 0.0, 0.0]);
        let none = model().cluster_spreads(&at_the_centroids).unwrap();
        assert_eq!(none, array![0.0, 0.0, 0.0]);
        let away = array![[0.0, 1e-9], [10.0, 0.0]];
        let scores = model().outlier_scores_with(&away, &none).unwrap();
        assert_eq!(scores, array![f64::MAX_MAGNITUDE, 0.0]);
        let alone = array![[7.0, 0.0]];
        let scores = model().outlier_scores(&alone).unwrap();
        assert_eq!(
            scores,
            array![f64::MAX_MAGNITUDE],
            "there is nothing to compare it with"
        );
        let zeros = array![-0.0, -0.0, -0.0];
        let scores = model().outlier_scores_with(&alone, &zeros).unwrap();
        assert_eq!(scores, array![f64::MAX_MAGNITUDE]);
        let no_rows = Array2::zeros((0, 2));
        assert_eq!(model().outlier_scores(&no_rows).unwrap().len(), 0);
        assert_eq!(model().cluster_spreads(&no_rows).unwrap(), none);
    }

    #[test]
    fn spreads_that_do_not_fit_are_refused() {
        let x = array![[0.0, 1.0]];
        let error = |spreads: Array1<f64>| model().outlier_scores_with(&x, &spreads).unwrap_err();
        let text = error(array![1.0, 1.0]).to_string();
        assert_eq!(text, "spreads: expected 3 entries, found 2");
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            let text = error(array![1.0, bad, 1.0]).to_string();
            assert_eq!(text, "spreads must be finite and 0 or greater");
        }
    }
}
