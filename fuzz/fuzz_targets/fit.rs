//! Fits arbitrary values with arbitrary parameters. The result is a consistent model or an error.
#![no_main]

use std::ops::ControlFlow;

use arbitrary::Arbitrary;
use centroid::{
    Algorithm, ArrayBlocks, Error, FitOptions, Float, Init, Iteration, KMeans, KMeansModel,
    MiniBatchKMeans,
};
use libfuzzer_sys::fuzz_target;
use ndarray::{Array1, Array2, ArrayRef2};

#[derive(Arbitrary, Debug)]
struct Input {
    values: Vec<f32>,
    columns: u8,
    n_clusters: u8,
    weights: Option<Vec<f32>>,
    init: u8,
    algorithm: u8,
    n_init: u8,
    max_iter: u8,
    tol: f64,
    seed: u64,
    stop_after: u8,
    block: u8,
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
    let columns = usize::from(input.columns % 33);
    let rows = input.values.len().checked_div(columns).unwrap_or(0);
    let value = |value: &f32| F::from_f64(f64::from(*value));
    let values = input.values[..rows * columns].iter().map(value).collect();
    let x = Array2::from_shape_vec((rows, columns), values).expect("the length fits");
    let weights = input.weights.as_ref();
    let weights = weights.map(|weights| weights.iter().map(value).collect::<Array1<F>>());
    let init = [Init::PlusPlus, Init::Random, Init::Parallel][usize::from(input.init % 3)];
    let algorithms = [
        Algorithm::Auto,
        Algorithm::Lloyd,
        Algorithm::Filtering,
        Algorithm::Yinyang,
    ];
    let kmeans = KMeans::new(input.n_clusters.into())
        .init(init)
        .n_init(usize::from(input.n_init % 4))
        .max_iter(input.max_iter.into())
        .tol(input.tol)
        .seed(input.seed);
    let mut seen = 0;
    let mut observer = |_: &Iteration| {
        seen += 1;
        if seen == input.stop_after {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let mut options = FitOptions::new().observer(&mut observer);
    if let Some(weights) = &weights {
        options = options.weights(weights);
    }
    let algorithm = algorithms[usize::from(input.algorithm % 4)];
    let found = kmeans.clone().algorithm(algorithm).fit_with(&x, options);
    if let Ok(model) = found {
        check(&model, &x);
    }
    if let Ok(model) = kmeans.fit(&x) {
        check(&model, &x);
        let start = model.centroids().to_owned();
        let other = kmeans
            .algorithm(algorithm)
            .fit(&x)
            .expect("it was fitted before");
        assert_eq!(other.labels(), model.labels());
        assert_eq!(other.centroids(), start);
    }
    let block = usize::from(input.block);
    let kmeans = KMeans::new(input.n_clusters.into())
        .n_init(1)
        .max_iter(5)
        .seed(input.seed);
    if let Ok(model) = kmeans.fit_blocks(&mut ArrayBlocks::new(&x, block)) {
        check(&model, &x);
    }
    let batches = MiniBatchKMeans::new(input.n_clusters.into())
        .batch_size(block)
        .max_iter(3);
    if let Ok(model) = batches.fit(&x) {
        check(&model, &x);
    }
}

fn check<F: Float>(model: &KMeansModel<F>, x: &ArrayRef2<F>) {
    assert!(KMeansModel::from_centroids(model.centroids()).is_ok());
    assert!(model.inertia().is_finite() && model.inertia() >= 0.0);
    assert_eq!(model.predict(x).expect("it was fitted"), model.labels());
    assert_eq!(model.cluster_sizes().sum(), x.nrows());
    match model.transform(x) {
        Ok(distances) => assert!(distances.iter().all(|distance| distance.is_finite())),
        Err(error) => assert!(matches!(error, Error::ResultTooLarge { .. })),
    }
}
