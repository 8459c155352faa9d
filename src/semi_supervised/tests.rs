use super::*;
use ndarray::{Array2, array};

/// Distances 0, 1, 2, 3, 4 to the first centroid, 3, 3, 1 to the second, no rows at the third, one
/// at the fourth.
fn rows<F: Float>() -> (KMeansModel<F>, Array2<F>) {
    let f = |x: f64| F::from_f64(x);
    let centroids = array![[0.0, 0.0], [50.0, 0.0], [0.0, 90.0], [90.0, 90.0]];
    let x = array![
        [0.0, -3.0],
        [53.0, 0.0],
        [0.0, 0.0],
        [47.0, 0.0],
        [90.0, 92.0],
        [4.0, 0.0],
        [0.0, 1.0],
        [50.0, 1.0],
        [-2.0, 0.0]
    ];
    let model = KMeansModel::from_centroids(centroids.mapv(f)).unwrap();
    (model, x.mapv(f))
}

fn labelled<F: Float>(propagation: Propagation) -> Vec<usize> {
    let (model, x) = rows::<F>();
    let labels = ["first", "second", "third", "fourth"];
    let propagated = propagate(&model, &x, &labels, propagation).unwrap();
    let expected = [0, 1, 0, 1, 3, 0, 0, 1, 0].map(|cluster| labels[cluster]);
    for (label, expected) in propagated.labels().iter().zip(expected) {
        assert!(label.is_none_or(|label| label == expected));
    }
    let confidences = propagated.confidences();
    for (label, &confidence) in propagated.labels().iter().zip(&confidences) {
        assert_eq!(label.is_some(), confidence > F::ZERO);
        assert!(confidence <= F::ONE);
    }
    propagated.rows()
}

fn closest<F: Float>(percentile: f64) -> Vec<usize> {
    labelled::<F>(Propagation::Closest { percentile })
}

#[test]
fn all_rows_of_a_cluster_get_its_label() {
    assert_eq!(
        labelled::<f32>(Propagation::All),
        [0, 1, 2, 3, 4, 5, 6, 7, 8]
    );
    assert_eq!(labelled::<f64>(Propagation::All).len(), 9);
}

fn the_closest_percentile_of_each_cluster_is_labelled<F: Float>() {
    // The nearest of each, and the only one of the last.
    assert_eq!(closest::<F>(0.0), [2, 4, 7]);
    // The percentiles are 1 and 2 of the first and second cluster.
    assert_eq!(closest::<F>(25.0), [2, 4, 6, 7]);
    // They are 1.96 and 2.96: just not the next rows.
    assert_eq!(closest::<F>(49.0), [2, 4, 6, 7]);
    // They are 2 and 3. Two rows of the second are equally far, so both are in.
    assert_eq!(closest::<F>(50.0), [1, 2, 3, 4, 6, 7, 8]);
    assert_eq!(closest::<F>(75.0), [0, 1, 2, 3, 4, 6, 7, 8]);
    assert_eq!(closest::<F>(99.9), [0, 1, 2, 3, 4, 6, 7, 8]);
    assert_eq!(closest::<F>(100.0), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn the_closest_percentile_is_labelled() {
    the_closest_percentile_of_each_cluster_is_labelled::<f32>();
    the_closest_percentile_of_each_cluster_is_labelled::<f64>();
}

#[test]
fn confidence_falls_with_the_distance_beside_the_clusters_own_spread() {
    let (model, x) = rows::<f64>();
    let propagated = propagate(&model, &x, &[(); 4], Propagation::All).unwrap();
    let confidences = propagated.confidences();
    // Mean squares 6 and 19 / 3, least distances 0 and 1, and one row alone.
    let expected = [
        (-9.0_f64 / 12.0).exp(),
        (-8.0_f64 * 3.0 / 38.0).exp(),
        1.0,
        (-8.0_f64 * 3.0 / 38.0).exp(),
        1.0,
        (-16.0_f64 / 12.0).exp(),
        (-1.0_f64 / 12.0).exp(),
        1.0,
        (-4.0_f64 / 12.0).exp(),
    ];
    for (confidence, expected) in confidences.iter().zip(expected) {
        assert!((confidence - expected).abs() < 1e-15, "{confidences}");
    }
    let at_the_centroid = array![[0.0, 0.0], [0.0, 0.0]];
    let propagated = propagate(&model, &at_the_centroid, &[(); 4], Propagation::All).unwrap();
    assert_eq!(propagated.confidences(), array![1.0, 1.0]);
}

#[test]
fn clusters_that_nobody_labelled_have_rows_without_labels() {
    let (model, x) = rows::<f32>();
    let labels = [None, Some("b".to_owned()), None, Some("d".to_owned())];
    let propagation = Propagation::Closest { percentile: 50.0 };
    let propagated = propagate(&model, &x, &labels, propagation).unwrap();
    assert_eq!(propagated.labels()[0], None, "beyond the percentile");
    assert_eq!(
        propagated.labels()[2],
        Some(None),
        "of a cluster without label"
    );
    let propagated = propagated.flatten();
    assert_eq!(propagated.rows(), [1, 3, 4, 7]);
    assert_eq!(propagated.confidences()[2], 0.0);
    assert_eq!(propagated.confidences()[4], 1.0);
    assert_eq!(propagated.into_labels()[3].as_deref(), Some("b"));
}

#[test]
fn requests_name_the_nearest_rows_of_the_largest_clusters_first() {
    let (model, x) = rows::<f64>();
    let requests = label_requests(&model, &x).unwrap();
    let found: Vec<_> = requests
        .iter()
        .map(|request| {
            (
                request.row,
                request.cluster,
                request.cluster_size,
                request.distance,
            )
        })
        .collect();
    assert_eq!(found, [(2, 0, 5, 0.0), (7, 1, 3, 1.0), (4, 3, 1, 2.0)]);
    // Equally near rows and equally large clusters: the first.
    let ties = array![[47.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [53.0, 0.0]];
    let found: Vec<_> = label_requests(&model, &ties).unwrap();
    assert_eq!(found.iter().map(|r| r.row).collect::<Vec<_>>(), [1, 0]);
}

/// The row nearest to a centroid may belong to another cluster, which is nearer still.
#[test]
fn requests_name_rows_of_their_own_cluster() {
    let model = KMeansModel::from_centroids(array![[0.0, 0.0], [3.0, 0.0]]).unwrap();
    let x = array![[2.0, 0.0], [0.0, 4.0], [-5.0, 0.0]];
    assert_eq!(model.representatives(&x).unwrap(), array![0, 0]);
    let requests = label_requests(&model, &x).unwrap();
    let rows = requests
        .iter()
        .map(|request| (request.cluster, request.row));
    assert_eq!(rows.collect::<Vec<_>>(), [(0, 1), (1, 0)]);
}

#[test]
fn no_rows_give_no_labels() {
    let (model, _) = rows::<f64>();
    let no_rows = Array2::zeros((0, 2));
    let closest = Propagation::Closest { percentile: 20.0 };
    let propagated = propagate(&model, &no_rows, &[1, 2, 3, 4], closest).unwrap();
    assert!(propagated.labels().is_empty() && propagated.confidences().is_empty());
    assert!(label_requests(&model, &no_rows).unwrap().is_empty());
}
