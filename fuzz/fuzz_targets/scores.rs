//! Scores of arbitrary labels and values. The result is a number within the range of the score, or an error.
#![no_main]

use arbitrary::Arbitrary;
use centroid::metrics::{
    adjusted_mutual_info_score, adjusted_rand_score, calinski_harabasz_score, davies_bouldin_score,
    fowlkes_mallows_score, silhouette_by_cluster, silhouette_samples, silhouette_score,
    silhouette_score_sampled, v_measure_score,
};
use centroid::{Error, Float};
use libfuzzer_sys::fuzz_target;
use ndarray::{Array1, Array2};

#[derive(Arbitrary, Debug)]
struct Input {
    values: Vec<f32>,
    columns: u8,
    labels: Vec<u16>,
    others: Vec<i8>,
    sample: u8,
    seed: u64,
    wide: bool,
}

fuzz_target!(|input: Input| {
    if input.wide {
        run::<f64>(&input);
    } else {
        run::<f32>(&input);
    }
});

fn run<F: Float>(input: &Input) {
    let columns = usize::from(input.columns % 17);
    let rows = input.values.len().checked_div(columns).unwrap_or(0);
    let value = |value: &f32| F::from_f64(f64::from(*value));
    let values = input.values[..rows * columns].iter().map(value).collect();
    let x = Array2::from_shape_vec((rows, columns), values).expect("the length fits");
    let labels: Array1<usize> = input.labels.iter().map(|&label| label.into()).collect();
    if let Ok(samples) = silhouette_samples(&x, &labels) {
        assert!(samples.iter().all(|sample| sample.to_f64().abs() <= 1.0));
        assert!(silhouette_by_cluster(&samples, &labels).is_ok());
    }
    let within = |score: Result<f64, Error>, least: f64, most: f64| {
        if let Ok(score) = score {
            assert!((least..=most).contains(&score), "{score}");
        }
    };
    within(silhouette_score(&x, &labels), -1.0, 1.0);
    let sampled = silhouette_score_sampled(&x, &labels, input.sample.into(), input.seed);
    within(sampled.map(|sampled| sampled.score), -1.0, 1.0);
    within(calinski_harabasz_score(&x, &labels), 0.0, f64::INFINITY);
    within(davies_bouldin_score(&x, &labels), 0.0, f64::INFINITY);
    let n = input.others.len().min(input.labels.len());
    let (some, others) = (
        Array1::from(input.labels[..n].to_vec()),
        Array1::from(input.others[..n].to_vec()),
    );
    within(adjusted_rand_score(&some, &others), -1.0, 1.0);
    within(adjusted_mutual_info_score(&some, &others), -1.0, 1.0);
    within(v_measure_score(&some, &others), 0.0, 1.0);
    within(fowlkes_mallows_score(&some, &others), 0.0, 1.0);
}
