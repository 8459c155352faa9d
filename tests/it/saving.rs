//! The feature `serde`: saving and loading changes nothing, files of earlier versions still load, and invalid
//! data is rejected.
use std::path::{Path, PathBuf};

use crate::common::{blobs, features};
use centroid::selection::{
    Folds, GridSearch, Silhouettes, Sweep, SweepOptions, grid_search, sweep,
};
use centroid::semi_supervised::{LabelRequest, Propagation, label_requests};
use centroid::{Algorithm, Float, Init, KMeans, KMeansModel, MiniBatchKMeans, OnlineKMeans};
use ndarray::array;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn through_json<T: Serialize + DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

fn through_postcard<T: Serialize + DeserializeOwned>(value: &T) -> T {
    postcard::from_bytes(&postcard::to_allocvec(value).unwrap()).unwrap()
}

/// A saved value with one field changed.
fn with(saved: &Value, path: &str, value: Value) -> Value {
    let mut changed = saved.clone();
    *changed.pointer_mut(path).unwrap() = value;
    changed
}

/// Asserts that bytes cut off at any place are not a valid value.
fn assert_truncated_is_rejected<T: Serialize + DeserializeOwned>(value: &T) {
    let bytes = postcard::to_allocvec(value).unwrap();
    for len in 0..bytes.len() {
        assert!(postcard::from_bytes::<T>(&bytes[..len]).is_err(), "{len}");
    }
    let text = serde_json::to_string(value).unwrap();
    for len in (0..text.len()).step_by(7) {
        assert!(serde_json::from_str::<T>(&text[..len]).is_err(), "{len}");
    }
}

#[test]
fn estimators_are_unchanged_by_saving_and_loading() {
    let init = Init::ParallelWith {
        rounds: 3,
        oversampling: 4,
    };
    let kmeans = KMeans::new(7).init(init).algorithm(Algorithm::Yinyang);
    let kmeans = kmeans.n_init(3).tol(0.5).seed(9);
    assert_eq!(through_json(&kmeans), kmeans);
    assert_eq!(through_postcard(&kmeans), kmeans);
    let batches = MiniBatchKMeans::new(7)
        .max_no_improvement(None)
        .init_size(50);
    assert_eq!(through_json(&batches), batches);
    assert_eq!(through_postcard(&batches), batches);
    assert_truncated_is_rejected(&kmeans);
    assert_truncated_is_rejected(&batches);
}

#[test]
fn streams_are_unchanged_by_saving_and_loading() {
    let mut stream: OnlineKMeans<f32> = MiniBatchKMeans::new(3).seed(1).online();
    let x = blobs::<f32>(90, 2, 3, 5);
    stream.partial_fit(&x).unwrap();
    let expected = stream.model().unwrap();
    for other in [through_json(&stream), through_postcard(&stream)] {
        assert_eq!(other.model().unwrap().centroids(), expected.centroids());
        assert_eq!(other.n_rows(), 90);
    }
    assert_truncated_is_rejected(&stream);
}

#[test]
fn models_of_centroids_come_back_not_fitted() {
    let model = KMeansModel::from_centroids(array![[1.5], [0.25]]).unwrap();
    assert_eq!(through_json(&model), model);
    assert_eq!(through_postcard(&model), model);
    // As version 0.1.0 saved them.
    let saved = serde_json::to_value(&model).unwrap();
    let old = with(&saved, "/stop", json!("Converged"));
    let read = |value: Value| serde_json::from_value::<KMeansModel<f64>>(value);
    assert_eq!(read(old).unwrap(), model);
    for (path, value) in [
        ("/inertia", json!(1.0)),
        ("/n_iter", json!(1)),
        ("/cluster_sizes/0", json!(1)),
    ] {
        let error = read(with(&saved, path, value)).unwrap_err();
        let text = "there are results of a fit that was not made";
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn sweeps_are_unchanged_by_saving_and_loading() {
    fn check<F: Float + Serialize + DeserializeOwned>() {
        let x = blobs::<F>(120, 3, 4, 2);
        for silhouettes in [
            Silhouettes::Exact,
            Silhouettes::Skipped,
            Silhouettes::Sampled {
                sample_size: 60,
                seed: 3,
            },
        ] {
            let silhouettes: Silhouettes = through_postcard(&silhouettes);
            let options = SweepOptions::new().silhouettes(silhouettes);
            let swept = sweep(&KMeans::new(1), &x, 1..=6, options).unwrap();
            for other in [through_json(&swept), through_postcard(&swept)] {
                assert_eq!(other, swept);
                assert_eq!(other.to_string(), swept.to_string());
                // Comparing sweeps leaves times out.
                let pairs = other.entries().iter().zip(swept.entries());
                pairs.for_each(|(other, entry)| assert_eq!(other.fit_time, entry.fit_time));
            }
        }
    }
    check::<f32>();
    check::<f64>();
    let x = array![[0.0], [1.0], [5.0], [6.0]];
    let small = sweep(&KMeans::new(1), &x, 1..=2, SweepOptions::new()).unwrap();
    assert_truncated_is_rejected(&small);
}

#[test]
fn inconsistent_sweeps_are_rejected() {
    let x = array![[0.0], [1.0], [5.0], [6.0], [20.0]];
    let swept = sweep(&KMeans::new(1), &x, 1..=3, SweepOptions::new()).unwrap();
    let saved = serde_json::to_value(&swept).unwrap();
    let is_refused = |value: Value| serde_json::from_value::<Sweep<f64>>(value).is_err();
    assert!(!is_refused(saved.clone()));
    let entry = |index: usize| saved["entries"][index].clone();
    for (path, value) in [
        ("/entries", json!([])),
        ("/entries", json!([entry(1), entry(0)])),
        ("/entries", json!([entry(1), entry(1)])),
        ("/entries/1/silhouette", json!(1.5)),
        ("/entries/1/silhouette", json!(-1e300)),
        ("/entries/0/silhouette", json!(0.9)),
        ("/entries/0/calinski_harabasz", json!(9.0)),
        ("/entries/0/silhouette_error", json!(0.1)),
        ("/entries/1/silhouette_error", json!(-0.1)),
        ("/entries/1/calinski_harabasz", json!(-1.0)),
        ("/entries/1/davies_bouldin", json!(-1.0)),
        (
            "/entries/1/fit_time",
            json!({"secs": u64::MAX, "nanos": 1_000_000_000}),
        ),
        ("/entries/1/model/centroids/0", json!(null)),
        ("/entries/1/model/inertia", json!(-1.0)),
        ("/entries/1/model/labels", json!([])),
        ("/entries/1/model/labels", json!([0, 0, 0, 1, 1])),
        ("/interrupted", json!(null)),
    ] {
        assert!(
            is_refused(with(&saved, path, value.clone())),
            "{path}: {value}"
        );
    }
    // A model of centroids that were not fitted.
    let unfitted = KMeansModel::from_centroids(array![[0.0]]).unwrap();
    let mut alone = with(&saved, "/entries", json!([entry(0)]));
    assert!(!is_refused(alone.clone()));
    alone["entries"][0]["model"] = serde_json::to_value(&unfitted).unwrap();
    assert!(is_refused(alone));
    // A model of different data.
    let other = array![[0.0], [1.0], [5.0], [6.0]];
    let other = sweep(&KMeans::new(1), &other, 4..=4, SweepOptions::new()).unwrap();
    let other = serde_json::to_value(&other).unwrap()["entries"][0].clone();
    assert!(is_refused(with(
        &saved,
        "/entries",
        json!([entry(0), other])
    )));
}

#[test]
fn empty_results_are_unchanged_by_saving_and_loading() {
    let mut swept = serde_json::json!({"entries": [], "interrupted": true});
    let sweep: Sweep<f64> = serde_json::from_value(swept.clone()).unwrap();
    assert!(sweep.entries().is_empty() && sweep.interrupted());
    let search: GridSearch<u8> = serde_json::from_value(swept.clone()).unwrap();
    assert!(search.entries().is_empty() && search.best().is_none());
    swept["interrupted"] = json!(false);
    assert!(serde_json::from_value::<GridSearch<u8>>(swept).is_err());
    // JSON cannot represent infinity.
    let infinite = (vec![(1_u8, vec![Some(1.0), Some(f64::INFINITY)])], false);
    let bytes = postcard::to_allocvec(&infinite).unwrap();
    let error = postcard::from_bytes::<GridSearch<u8>>(&bytes);
    assert!(error.is_err());
    let finite = (vec![(1_u8, vec![Some(1.0), Some(2.0)])], false);
    let bytes = postcard::to_allocvec(&finite).unwrap();
    assert_eq!(
        postcard::from_bytes::<GridSearch<u8>>(&bytes)
            .unwrap()
            .entries()[0]
            .mean,
        1.5
    );
    // Zero-sized values must not allow a huge number of entries.
    let huge = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 0,
    ];
    assert!(postcard::from_bytes::<GridSearch<()>>(&huge).is_err());
}

#[test]
fn searches_are_unchanged_by_saving_and_loading() {
    let folds = Folds::plain(9, 3).unwrap();
    let search = grid_search([4_u8, 5, 6], &folds, 1, |&value, _, test| {
        if value == 5 {
            f64::NAN
        } else {
            test[0] as f64 / f64::from(value)
        }
    });
    let search = search.unwrap();
    for other in [through_json(&search), through_postcard(&search)] {
        assert_eq!(other.to_string(), search.to_string());
        assert_eq!(other.entries()[2], search.entries()[2]);
        assert!(other.entries()[1].mean.is_nan());
    }
    assert_truncated_is_rejected(&search);
    let saved = serde_json::to_value(&search).unwrap();
    let is_refused = |value: Value| serde_json::from_value::<GridSearch<u8>>(value).is_err();
    assert!(!is_refused(saved.clone()));
    for (path, value) in [
        ("/entries", json!([])),
        ("/entries/0/value", json!(null)),
        ("/entries/0/scores", json!([1.0, 2.0])),
        ("/entries", json!([{"value": 4, "scores": [1.0]}])),
    ] {
        assert!(
            is_refused(with(&saved, path, value.clone())),
            "{path}: {value}"
        );
    }
}

#[test]
fn requests_for_labels_can_be_sent() {
    let x = array![[0.0], [1.0], [5.0]];
    let model = KMeans::new(2).fit(&x).unwrap();
    let requests = label_requests(&model, &x).unwrap();
    let sent: Vec<LabelRequest> = through_json(&requests);
    assert_eq!(sent, requests);
    let closest = Propagation::Closest { percentile: 20.0 };
    assert_eq!(through_postcard(&closest), closest);
}

/// The name of the stored files, with the version that wrote them.
const STORED: &str = "model-0.1.0";

fn stored(end: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    folder.join(format!("{STORED}.{end}"))
}

/// Files saved by version 0.1.0 must stay readable and give the same labels.
#[test]
fn models_of_version_0_1_0_still_load() {
    let x = features::<f64>("iris");
    let text = std::fs::read_to_string(stored("json")).unwrap();
    let bytes = std::fs::read(stored("postcard")).unwrap();
    let by_json: KMeansModel<f64> = serde_json::from_str(&text).unwrap();
    let by_postcard: KMeansModel<f64> = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(by_json, by_postcard);
    let pinned = std::fs::read_to_string(stored("labels.txt")).unwrap();
    let pinned = pinned.lines().find(|line| !line.starts_with('#')).unwrap();
    let pinned: Vec<usize> = pinned
        .split(' ')
        .map(|label| label.parse().unwrap())
        .collect();
    assert_eq!(pinned.len(), 150);
    for model in [by_json, by_postcard] {
        assert_eq!(model.predict(&x).unwrap().to_vec(), pinned);
        assert_eq!(model.labels().to_vec(), pinned);
        assert_eq!(model.cluster_sizes(), array![50, 61, 39]);
        assert!((model.inertia() - 78.855_665_825_977).abs() < 1e-9);
        assert!((-model.score(&x).unwrap() - model.inertia()).abs() < 1e-9);
    }
}

#[test]
fn a_damaged_model_is_rejected_or_usable() {
    let bytes = std::fs::read(stored("postcard")).unwrap();
    let read = |bytes: &[u8]| postcard::from_bytes::<KMeansModel<f64>>(bytes);
    for len in 0..bytes.len() {
        assert!(read(&bytes[..len]).is_err());
    }
    // Any damaged file is rejected or gives a usable model.
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0xff;
        if let Ok(model) = read(&damaged) {
            assert!(model.centroids().iter().all(|x| x.is_finite()));
            assert_eq!(model.cluster_sizes().sum(), model.labels().len());
        }
    }
    let text = std::fs::read_to_string(stored("json")).unwrap();
    let saved: Value = serde_json::from_str(&text).unwrap();
    for (path, value) in [
        ("/centroids/0", json!(null)),
        ("/centroids/0", json!("NaN")),
        ("/centroids/0", json!(1e300)),
        ("/n_features", json!(5)),
        ("/labels/0", json!(3)),
        ("/labels/0", json!(-1)),
        ("/cluster_sizes/0", json!(49)),
        ("/inertia", json!(null)),
        ("/stop", json!("Never")),
    ] {
        let damaged = with(&saved, path, value);
        assert!(
            serde_json::from_value::<KMeansModel<f64>>(damaged).is_err(),
            "{path}"
        );
    }
}

/// Writes the files of a version once. They must not change afterwards.
#[test]
#[ignore = "writes the stored model of a new version"]
fn store_a_model() {
    let x = features::<f64>("iris");
    let start = x.select(ndarray::Axis(0), &[0, 60, 120]);
    let options = centroid::FitOptions::new().initial_centroids(&start);
    let model = KMeans::new(3)
        .n_init(1)
        .tol(0.0)
        .fit_with(&x, options)
        .unwrap();
    let labels: Vec<String> = model.labels().iter().map(ToString::to_string).collect();
    let labels = format!(
        "# The labels of iris.csv by {STORED}.json and {STORED}.postcard, which centroid 0.1.0 saved:\n\
         # KMeans::new(3).tol(0.0) from rows 0, 60 and 120. These files stay as that version wrote them.\n\
         {}\n",
        labels.join(" ")
    );
    let files = [
        ("json", serde_json::to_vec(&model).unwrap()),
        ("postcard", postcard::to_allocvec(&model).unwrap()),
        ("labels.txt", labels.into_bytes()),
    ];
    for (end, bytes) in files {
        assert!(!stored(end).exists());
        std::fs::write(stored(end), bytes).unwrap();
    }
}
