//! Properties of results on generated data of any shape, type, layout, weights and scale, with duplicates.
//!
//! Each property holds, or the result is an expected error. `PROPTEST_CASES=10000 cargo test properties` tries
//! more than the default 64 cases of each.

use std::ops::ControlFlow;

use crate::common::Numbers;
use centroid::metrics::{
    calinski_harabasz_score, davies_bouldin_score, silhouette_samples, silhouette_score,
};
use centroid::selection::{Silhouettes, SweepOptions, sweep};
use centroid::{
    Algorithm, ArrayBlocks, ClusterSums, Error, FitOptions, Float, Init, Iteration, KMeans,
    KMeansModel, MiniBatchKMeans, Stop,
};
use ndarray::{Array1, Array2, ArrayRef2, ArrayView2, Axis, concatenate, s};
use proptest::prelude::*;

/// The kind of values in a data set.
#[derive(Clone, Copy, Debug)]
enum Values {
    /// Integers from -8 to 8.
    Lattice,
    /// Normal clusters.
    Blobs,
    /// A few rows, each repeated many times.
    Duplicates,
    /// All rows equal.
    Equal,
    /// Some columns are constant, others are not.
    Constant,
    /// Subnormal numbers.
    Subnormal,
    /// Values of very different magnitudes, from 1e-30 to 1e30.
    Mixed,
    /// One row far from all others.
    Outlier,
    /// Pixels: integers from 0 to 255, with few distinct values.
    Pixels,
}

/// The description of a data set and of a fit.
#[derive(Clone, Debug)]
struct Case {
    n: usize,
    d: usize,
    k: usize,
    values: Values,
    /// The power of ten of the scale. The offset is a power of ten in units of the scale.
    scale: i32,
    offset: Option<u32>,
    layout: u8,
    weights: u8,
    init: Init,
    n_init: usize,
    max_iter: usize,
    tol: f64,
    seed: u64,
}

fn cases() -> impl Strategy<Value = Case> {
    let values = prop_oneof![
        Just(Values::Lattice),
        Just(Values::Blobs),
        Just(Values::Duplicates),
        Just(Values::Equal),
        Just(Values::Constant),
        Just(Values::Subnormal),
        Just(Values::Mixed),
        Just(Values::Outlier),
        Just(Values::Pixels),
    ];
    let init = prop_oneof![
        Just(Init::PlusPlus),
        Just(Init::Random),
        Just(Init::Parallel)
    ];
    // Some cases have several blocks, and some have sketches.
    let shape = prop_oneof![
        15 => (1..200_usize, prop_oneof![4 => 1..9_usize, 1 => 9..40_usize]),
        2 => (200..3000_usize, 1..9_usize),
        1 => (30..300_usize, 200..260_usize),
    ];
    let k = prop_oneof![4 => 1..20_usize, 1 => 1..220_usize];
    let scale = prop_oneof![3 => Just(0), 1 => -30..=30];
    let offset = proptest::option::weighted(0.3, 0..9_u32);
    let tol = prop_oneof![Just(0.0), Just(1e-4), Just(1e-1)];
    let steps = (1..4_usize, prop_oneof![1..4_usize, Just(300)], tol);
    let data = (values, scale, offset, 0..5_u8, 0..5_u8);
    (shape, k, data, init, steps, any::<u64>()).prop_map(
        |(
            (n, d),
            k,
            (values, scale, offset, layout, weights),
            init,
            (n_init, max_iter, tol),
            seed,
        )| {
            Case {
                n,
                d,
                k,
                values,
                scale,
                offset,
                layout,
                weights,
                init,
                n_init,
                max_iter,
                tol,
                seed,
            }
        },
    )
}

impl Case {
    /// One value, before it is scaled.
    fn value(&self, row: usize, column: usize, numbers: &mut Numbers) -> f64 {
        match self.values {
            Values::Lattice => numbers.below(17) as f64 - 8.0,
            Values::Blobs => ((row * (7 + column)) % self.k.min(9)) as f64 * 5.0 + numbers.normal(),
            Values::Duplicates => ((row % 3) * (column + 2)) as f64,
            Values::Equal => 3.0 + column as f64,
            Values::Constant if column.is_multiple_of(2) => 1.0 / 3.0,
            Values::Constant => numbers.normal(),
            Values::Subnormal => numbers.below(50) as f64 * 5e-324,
            Values::Mixed => numbers.normal() * 10_f64.powi(numbers.below(61) as i32 - 30),
            Values::Outlier if row == 0 => 1e12,
            Values::Outlier => numbers.normal(),
            Values::Pixels => (numbers.below(4) * 85) as f64,
        }
    }

    fn data<F: Float>(&self) -> Array2<F> {
        let mut numbers = Numbers::new(self.seed);
        let scale = match self.values {
            Values::Subnormal | Values::Mixed => 1.0,
            _ => 10_f64.powi(self.scale),
        };
        let offset = self.offset.map_or(0.0, |power| 10_f64.powi(power as i32));
        Array2::from_shape_fn((self.n, self.d), |(row, column)| {
            let value = self.value(row, column, &mut numbers);
            let value = if matches!(self.values, Values::Subnormal) && F::UNIT_ROUNDOFF > 1e-10 {
                // The subnormal numbers of f32.
                value / 5e-324 * 1e-45
            } else {
                (value + offset) * scale
            };
            // Finite in f32 as well, but beyond the largest accepted magnitude.
            F::from_f64(value.clamp(-1e38, 1e38))
        })
    }

    fn row_weights<F: Float>(&self) -> Option<Array1<F>> {
        let mut numbers = Numbers::new(self.seed ^ 77);
        let weight = |row: usize| match self.weights {
            1 => (row % 4) as f64 + f64::from(row == 0),
            2 => numbers.uniform() + 1e-3,
            3 => 10_f64.powi(numbers.below(13) as i32 - 6),
            // All weight is in one row.
            _ => f64::from(row == 0),
        };
        match self.weights {
            0 => None,
            _ => Some((0..self.n).map(weight).map(F::from_f64).collect()),
        }
    }

    fn kmeans(&self) -> KMeans {
        KMeans::new(self.k)
            .init(self.init)
            .n_init(self.n_init)
            .max_iter(self.max_iter)
            .tol(self.tol)
            .seed(self.seed)
    }

    fn fit<F: Float>(&self, kmeans: &KMeans, x: &ArrayRef2<F>) -> Result<KMeansModel<F>, Error> {
        let weights = self.row_weights();
        let options = match &weights {
            Some(weights) => FitOptions::new().weights(weights),
            None => FitOptions::new(),
        };
        kmeans.fit_with(x, options)
    }
}

/// Calls `check` with the same values in another layout.
fn with_layout<F: Float>(x: &Array2<F>, layout: u8, check: impl FnOnce(ArrayView2<'_, F>)) {
    let (n, d) = x.dim();
    match layout {
        1 => check(x.t().as_standard_layout().into_owned().t()),
        2 => {
            let mut sparse = Array2::from_elem((2 * n, 3 * d), F::from_f64(7.0));
            sparse.slice_mut(s![..;2, 1..;3]).assign(x);
            check(sparse.slice(s![..;2, 1..;3]));
        }
        3 => {
            let mut reversed = x.clone();
            reversed.assign(&x.slice(s![..;-1, ..]));
            check(reversed.slice(s![..;-1, ..]));
        }
        4 => {
            let mut wide = Array2::from_elem((n, d + 5), F::from_f64(7.0));
            wide.slice_mut(s![.., 2..d + 2]).assign(x);
            check(wide.slice(s![.., 2..d + 2]));
        }
        _ => check(x.view()),
    }
}

fn sq_dist<F: Float>(x: &ArrayRef2<F>, row: usize, c: &ArrayRef2<F>, label: usize) -> f64 {
    let terms = x.row(row).into_iter().zip(c.row(label));
    terms.map(|(a, b)| (a.to_f64() - b.to_f64()).powi(2)).sum()
}

/// Asserts that the parts of a model agree, and that labels are nearest centroids up to the rounding of this
/// check.
fn assert_holds<F: Float>(model: &KMeansModel<F>, x: &ArrayRef2<F>, weights: Option<&Array1<F>>) {
    let (labels, centroids) = (model.labels(), model.centroids());
    KMeansModel::from_centroids(centroids).unwrap();
    assert_eq!(model.predict(x).unwrap(), labels);
    let mut sizes = vec![0; model.n_clusters()];
    labels.iter().for_each(|&label| sizes[label] += 1);
    assert_eq!(model.cluster_sizes().to_vec(), sizes);
    let (mut inertia, mut slack) = (0.0, 0.0);
    for (row, &label) in labels.iter().enumerate() {
        let own = sq_dist(x, row, &centroids, label);
        let nearest = (0..centroids.nrows()).map(|c| sq_dist(x, row, &centroids, c));
        let nearest = nearest.fold(f64::INFINITY, f64::min);
        assert!(
            own <= nearest * (1.0 + 1e-12),
            "row {row}: {own}, {nearest}"
        );
        let weight = weights.map_or(1.0, |weights| weights[row].to_f64());
        inertia += weight * own;
        slack += 1e-11 * weight * own;
    }
    let error = (model.inertia() - inertia).abs();
    assert!(
        error <= slack + 1e-300,
        "{} is not {inertia}",
        model.inertia()
    );
}

/// The model of a case, or `None` after a check that fewer rows than clusters give an error.
fn fitted<F: Float>(case: &Case, x: &ArrayRef2<F>) -> Option<KMeansModel<F>> {
    let found = case.fit(&case.kmeans(), x);
    if let Err(Error::TooLarge { row, column, .. }) = found {
        assert!(x[[row, column]].to_f64().abs() > 1e35);
        return None;
    }
    // Rows of weight zero do not count.
    let weights = case.row_weights::<F>();
    let counts = |row: &usize| {
        weights
            .as_ref()
            .is_none_or(|weights| weights[*row] > F::ZERO)
    };
    let rows = (0..case.n).filter(counts).count();
    if case.k > rows {
        let n_clusters = case.k;
        assert_eq!(found.unwrap_err(), Error::TooFewRows { rows, n_clusters });
        return None;
    }
    Some(found.unwrap())
}

fn fits_are_valid<F: Float>(case: &Case) {
    let x = case.data::<F>();
    let Some(model) = fitted(case, &x) else {
        return;
    };
    assert_holds(&model, &x, case.row_weights().as_ref());
    with_layout(&x, case.layout, |view| {
        let other = case.fit(&case.kmeans(), &view).unwrap();
        assert_eq!(other.centroids(), model.centroids());
        assert_eq!(other.labels(), model.labels());
        assert_eq!(other.inertia(), model.inertia());
        assert_eq!(other.n_iter(), model.n_iter());
    });
    for algorithm in [Algorithm::Lloyd, Algorithm::Filtering, Algorithm::Yinyang] {
        let other = case.fit(&case.kmeans().algorithm(algorithm), &x).unwrap();
        assert_eq!(other.labels(), model.labels(), "{algorithm:?}");
        assert_eq!(other.centroids(), model.centroids(), "{algorithm:?}");
        assert_eq!(other.n_iter(), model.n_iter(), "{algorithm:?}");
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build();
    let other = pool
        .unwrap()
        .install(|| case.fit(&case.kmeans(), &x).unwrap());
    assert_eq!(other.centroids(), model.centroids());
    assert_eq!(other.inertia().to_bits(), model.inertia().to_bits());
}

fn a_model_handles_any_row<F: Float>(case: &Case) {
    let x = case.data::<F>();
    let Some(model) = fitted(case, &x) else {
        return;
    };
    let distances = model.transform(&x).unwrap();
    assert!(
        distances
            .iter()
            .all(|distance| distance.is_finite() && *distance >= F::ZERO)
    );
    for gamma in [1e-3, 1.0, 1e3] {
        let affinities = model.affinities(&x, gamma).unwrap();
        assert!(
            affinities
                .iter()
                .all(|value| (0.0..=1.0).contains(&value.to_f64()))
        );
    }
    let labels = model.predict(&x).unwrap();
    let terms = labels.iter().enumerate();
    let terms = terms.map(|(row, &label)| sq_dist(&x, row, &model.centroids(), label));
    let inertia: f64 = terms.sum();
    assert!((model.score(&x).unwrap() + inertia).abs() <= 1e-11 * inertia + 1e-300);
    for (label, &row) in model.representatives(&x).unwrap().iter().enumerate() {
        let own = sq_dist(&x, row, &model.centroids(), label);
        let all = (0..case.n).map(|row| sq_dist(&x, row, &model.centroids(), label));
        assert!(own <= all.fold(f64::INFINITY, f64::min) * (1.0 + 1e-12));
    }
    let (label, distance) = model.predict_one(&x.row(0)).unwrap();
    assert_eq!(label, model.labels()[0]);
    assert!((distance.to_f64() - distances[[0, label]].to_f64()).abs() <= 1e-6 * distance.to_f64());
}

fn batches_and_blocks_are_valid<F: Float>(case: &Case, block: usize) {
    let x = case.data::<F>();
    let minibatch = MiniBatchKMeans::new(case.k)
        .batch_size(block)
        .max_iter(case.max_iter.min(20))
        .n_init(case.n_init)
        .init(case.init)
        .seed(case.seed);
    match minibatch.fit(&x) {
        Ok(model) => assert_holds(&model, &x, None),
        Err(Error::TooFewRows { .. }) => assert!(case.k > case.n),
        Err(Error::TooLarge { .. }) => {}
        Err(other) => panic!("{other}"),
    }
    if case.k > case.n {
        return;
    }
    let start = x.slice(s![..case.k, ..]).to_owned();
    let kmeans = case.kmeans();
    let options = || FitOptions::new().initial_centroids(&start);
    let Ok(model) = kmeans.fit_with(&x, options()) else {
        return;
    };
    let of_blocks = kmeans.fit_blocks_with(&mut ArrayBlocks::new(&x, block), options());
    let of_blocks = of_blocks.map_err(Error::from).unwrap();
    assert_holds(&of_blocks, &x, None);
    if matches!(case.values, Values::Lattice | Values::Pixels)
        && case.scale == 0
        && case.offset.is_none()
    {
        assert_eq!(of_blocks.labels(), model.labels());
        assert_eq!(of_blocks.centroids(), model.centroids());
    }
    let mut sums = ClusterSums::<F>::new(case.k, case.d).unwrap();
    for rows in x.axis_chunks_iter(Axis(0), block) {
        let mut part = ClusterSums::new(case.k, case.d).unwrap();
        part.add(&rows, &start).unwrap();
        sums.merge(&part).unwrap();
    }
    assert_eq!(sums.counts().iter().sum::<u64>(), case.n as u64);
    assert!(
        sums.centroids(&start)
            .unwrap()
            .iter()
            .all(|value| value.is_finite())
    );
}

fn scores_stay_in_their_ranges<F: Float>(case: &Case) {
    let x = case.data::<F>();
    let Some(model) = fitted(case, &x) else {
        return;
    };
    let labels = &model.labels();
    match silhouette_samples(&x, labels) {
        Ok(samples) => {
            assert!(
                samples
                    .iter()
                    .all(|sample| (-1.0..=1.0).contains(&sample.to_f64()))
            );
            let score = silhouette_score(&x, labels).unwrap();
            assert!((-1.0..=1.0).contains(&score));
        }
        Err(error) => assert!(
            matches!(error, Error::InvalidClusterCount { .. }),
            "{error}"
        ),
    }
    for score in [
        calinski_harabasz_score(&x, labels),
        davies_bouldin_score(&x, labels),
    ] {
        match score {
            Ok(score) => assert!(score >= 0.0, "{score}"),
            Err(error) => assert!(
                matches!(error, Error::InvalidClusterCount { .. }),
                "{error}"
            ),
        }
    }
    let most = case.k.min(6);
    let options = SweepOptions::new().silhouettes(Silhouettes::Sampled {
        sample_size: 2 * case.n,
        seed: case.seed,
    });
    let swept = sweep(&case.kmeans(), &x, 1..=most, options).unwrap();
    assert_eq!(swept.entries().len(), most);
    assert!(swept.to_string().lines().count() > most);
}

fn an_observer_can_stop_a_fit<F: Float>(case: &Case, after: usize) {
    let x = case.data::<F>();
    let mut seen = 0;
    let mut observer = |_: &Iteration| {
        seen += 1;
        if seen >= after {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let options = FitOptions::new().observer(&mut observer);
    match case.kmeans().fit_with(&x, options) {
        Ok(model) => {
            assert_holds(&model, &x, None);
            assert!(seen <= after);
            assert_eq!(model.stop() == Stop::Interrupted, seen == after);
        }
        Err(Error::TooLarge { row, column, .. }) => assert!(x[[row, column]].to_f64().abs() > 1e35),
        Err(error) => {
            let (rows, n_clusters) = (case.n, case.k);
            assert_eq!(error, Error::TooFewRows { rows, n_clusters });
        }
    }
}

fn bad_values_are_reported<F: Float>(case: &Case, place: usize, bad: f64) {
    let mut x = case.data::<F>();
    let (row, column) = (place % case.n, place / case.n % case.d);
    let valid = x.iter().all(|value| value.to_f64().abs() <= 1e35);
    x[[row, column]] = F::from_f64(bad);
    let error = case.kmeans().fit(&x).unwrap_err();
    if case.k <= case.n && valid {
        assert_eq!(
            error,
            Error::NotFinite {
                argument: "x",
                row,
                column
            }
        );
    }
    let good = case.data::<F>();
    let both = concatenate![Axis(0), good, x];
    if case.k <= case.n && valid {
        let model = case.kmeans().fit(&good).unwrap();
        let row = case.n + row;
        assert_eq!(
            model.predict(&both).unwrap_err(),
            Error::NotFinite {
                argument: "x",
                row,
                column
            }
        );
        assert_eq!(
            model.transform(&both).unwrap_err(),
            Error::NotFinite {
                argument: "x",
                row,
                column
            }
        );
    }
}

/// Failures are not stored. They are added as separate tests by hand.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        failure_persistence: None,
        cases: std::env::var_os("PROPTEST_CASES").map_or(64, |_| default.cases),
        ..default
    }
}

macro_rules! properties {
    ($($name:ident($case:ident $(, $argument:ident in $range:expr)*);)*) => {
        mod single {
            use super::*;
            proptest! {
                #![proptest_config(config())]
            $(
                #[test]
                fn $name($case in cases() $(, $argument in $range)*) {
                    super::$name::<f32>(&$case $(, $argument)*);
                }
            )* }
        }
        mod double {
            use super::*;
            proptest! {
                #![proptest_config(config())]
            $(
                #[test]
                fn $name($case in cases() $(, $argument in $range)*) {
                    super::$name::<f64>(&$case $(, $argument)*);
                }
            )* }
        }
    };
}

properties! {
    fits_are_valid(case);
    a_model_handles_any_row(case);
    batches_and_blocks_are_valid(case, block in 1..300_usize);
    scores_stay_in_their_ranges(case);
    an_observer_can_stop_a_fit(case, after in 1..6_usize);
    bad_values_are_reported(case, place in 0..10_000_usize, bad in prop_oneof![
        Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY)
    ]);
}
