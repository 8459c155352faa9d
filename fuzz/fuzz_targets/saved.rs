//! Loads models, streams and statistics from arbitrary bytes. The result can be used, or loading is an error.
#![no_main]

use centroid::selection::{GridSearch, Sweep};
use centroid::{ClusterSums, KMeans, KMeansModel, MiniBatchKMeans, OnlineKMeans};
use libfuzzer_sys::fuzz_target;
use ndarray::Array2;

fuzz_target!(|bytes: &[u8]| {
    for model in [
        postcard::from_bytes(bytes).ok(),
        serde_json::from_slice(bytes).ok(),
    ] {
        let Some(model): Option<KMeansModel<f32>> = model else {
            continue;
        };
        assert!(model.centroids().iter().all(|value| value.is_finite()));
        let row = Array2::zeros((1, model.n_features()));
        assert!(model.predict(&row).expect("zeros are rows")[0] < model.n_clusters());
        // A model may be saved without labels.
        let n_labels = model.labels().len();
        assert!(n_labels == 0 || model.cluster_sizes().sum() == n_labels);
    }
    for online in [
        postcard::from_bytes(bytes).ok(),
        serde_json::from_slice(bytes).ok(),
    ] {
        let Some(mut online): Option<OnlineKMeans<f64>> = online else {
            continue;
        };
        let _ = online.model();
        // Some inputs ask for billions of restarts, which would really run.
        let saved = serde_json::to_value(&online).expect("it was read, so it can be written");
        if saved["estimator"]["n_init"].as_u64() > Some(100) {
            continue;
        }
        let _ = online.partial_fit(&Array2::from_shape_fn((3, 2), |(i, j)| (i + j) as f64));
        let _ = online.model();
    }
    if let Ok(sweep) = postcard::from_bytes::<Sweep<f32>>(bytes) {
        let _ = (sweep.to_string(), sweep.elbow(), sweep.best_silhouette());
    }
    for search in [
        postcard::from_bytes(bytes).ok(),
        serde_json::from_slice(bytes).ok(),
    ] {
        let Some(search): Option<GridSearch<u8>> = search else {
            continue;
        };
        assert!(search.best().is_none_or(|best| best.mean.is_finite()));
        let _ = search.to_string();
    }
    if let Ok(sums) = postcard::from_bytes::<ClusterSums<f32>>(bytes) {
        let mut twice = sums.clone();
        let _ = twice.merge(&sums);
    }
    let x = Array2::from_shape_fn((4, 2), |(i, j)| (i * i + j) as f64);
    if let Ok(kmeans) = serde_json::from_slice::<KMeans>(bytes) {
        let _ = kmeans.n_init(1).max_iter(2).fit(&x);
    }
    if let Ok(batches) = serde_json::from_slice::<MiniBatchKMeans>(bytes) {
        let _ = batches
            .n_init(1)
            .max_iter(2)
            .batch_size(3)
            .init_size(Some(4))
            .fit(&x);
    }
});
