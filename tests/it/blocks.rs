//! Exact passes over blocks, and mergeable statistics.

use std::io;
use std::ops::ControlFlow;

use crate::common::{
    assert_coherent, blobs, each_layout, each_stride, features, lattice, small_weights, spread_rows,
};
use centroid::{
    ArrayBlocks, BlocksError, ClusterSums, Error, FitOptions, Float, Init, IterBlocks, KMeans,
    KMeansModel, RowBlocks, Stop,
};
use ndarray::{Array1, Array2, ArrayRef1, ArrayRef2, Axis, array, s};

fn assert_same<F: Float>(a: &KMeansModel<F>, b: &KMeansModel<F>, story: &str) {
    assert_eq!(a.labels(), b.labels(), "{story}");
    assert_eq!(a.centroids(), b.centroids(), "{story}");
    assert_eq!(a.inertia().to_bits(), b.inertia().to_bits(), "{story}");
    assert_eq!(a.cluster_sizes(), b.cluster_sizes(), "{story}");
    assert_eq!((a.n_iter(), a.stop()), (b.n_iter(), b.stop()), "{story}");
}

/// From given centroids, a fit over blocks equals a fit of the array, for any size of blocks.
fn blocks_equal_arrays<F: Float>() {
    for (n, d, k) in [
        (1, 1, 1),
        (37, 3, 5),
        (700, 2, 9),
        (3000, 16, 20),
        (20_000, 3, 8),
    ] {
        for x in [lattice::<F>(n, d, 1), blobs::<F>(n, d, k, 2)] {
            let start = spread_rows(&x, k);
            let weights = small_weights::<F>(n);
            for tol in [0.0, 1e-4] {
                let kmeans = KMeans::new(k).tol(tol).max_iter(30);
                let options = || FitOptions::new().initial_centroids(&start);
                let expected = kmeans.fit_with(&x, options()).unwrap();
                for block in [1, 100, 1000, 100_000] {
                    if n / block > 1000 {
                        continue;
                    }
                    let mut source = ArrayBlocks::new(&x, block);
                    let model = kmeans.fit_blocks_with(&mut source, options()).unwrap();
                    assert_same(&model, &expected, &format!("{n} x {d} by {block}"));
                }
                if n > 4 * k {
                    let options = || options().weights(&weights);
                    let expected = kmeans.fit_with(&x, options()).unwrap();
                    let mut source = ArrayBlocks::new(&x, 300);
                    let model = kmeans.fit_blocks_with(&mut source, options()).unwrap();
                    assert_same(&model, &expected, &format!("weighted {n} x {d}"));
                }
            }
        }
    }
}

/// Passes over several chunks of 2 MB, with labels, weights, relocation and rounded sums.
#[test]
fn passes_of_several_chunks_equal_arrays() {
    let (n, d, k) = (300_001, 3, 8);
    let x = blobs::<f64>(n, d, k, 2);
    let weights = small_weights::<f64>(n);
    let fractions = weights.mapv(|w| w + 0.1);
    let mut start = spread_rows(&x, k);
    start.row_mut(2).fill(1e5);
    let kmeans = KMeans::new(k).tol(0.0).max_iter(3);
    for (weights, is_exact) in [
        (None, true),
        (Some(&weights), true),
        (Some(&fractions), false),
    ] {
        let options = || match weights {
            Some(weights) => FitOptions::new().initial_centroids(&start).weights(weights),
            None => FitOptions::new().initial_centroids(&start),
        };
        let expected = kmeans.fit_with(&x, options()).unwrap();
        for block in [999, 200_000] {
            let mut source = ArrayBlocks::new(&x, block);
            let model = kmeans.fit_blocks_with(&mut source, options()).unwrap();
            if is_exact {
                assert_same(&model, &expected, &format!("by {block}"));
            } else {
                assert_coherent(&model, &x, weights, "fractions");
                assert!((model.inertia() / expected.inertia() - 1.0).abs() < 1e-12);
            }
        }
    }
    let random = |block| {
        let kmeans = KMeans::new(k).n_init(1).max_iter(2);
        kmeans.fit_blocks(&mut ArrayBlocks::new(&x, block)).unwrap()
    };
    assert_same(&random(1234), &random(1 << 20), "starts");
}

/// Clusters that lose all rows get the farthest rows, as in memory.
fn relocation_equals_that_in_memory<F: Float>() {
    for n in [60, 5000] {
        let x = blobs::<F>(n, 2, 6, 3);
        // Most centroids are equal or far from all rows.
        let mut start = Array2::from_elem((12, 2), F::from_f64(1e4));
        start.slice_mut(s![..3, ..]).fill(F::ZERO);
        let kmeans = KMeans::new(12);
        let options = || FitOptions::new().initial_centroids(&start);
        let expected = kmeans.fit_with(&x, options()).unwrap();
        let mut source = ArrayBlocks::new(&x, 512);
        let model = kmeans.fit_blocks_with(&mut source, options()).unwrap();
        assert_same(&model, &expected, &format!("{n}"));
        assert!(model.cluster_sizes().iter().all(|&size| size > 0));
    }
}

/// Sums are rounded if weights are not integers or values have an extreme range. Results then agree up to
/// rounding.
fn rounded_sums_agree_up_to_rounding<F: Float>() {
    let x = blobs::<F>(4000, 3, 6, 3);
    let start = spread_rows(&x, 6);
    let weights: Array1<F> = (0..4000)
        .map(|i| F::from_f64(0.1 + f64::from(i % 7)))
        .collect();
    let mut wide = x.clone();
    wide[[17, 1]] = F::from_f64(1e-30);
    wide[[18, 1]] = F::from_f64(1e-300);
    for (x, weights) in [(&x, Some(&weights)), (&wide, None)] {
        let options = || match weights {
            Some(weights) => FitOptions::new().initial_centroids(&start).weights(weights),
            None => FitOptions::new().initial_centroids(&start),
        };
        let expected = KMeans::new(6).fit_with(x, options()).unwrap();
        let mut source = ArrayBlocks::new(x, 999);
        let model = KMeans::new(6)
            .fit_blocks_with(&mut source, options())
            .unwrap();
        assert_coherent(&model, x, weights, "rounded");
        assert_eq!(model.labels(), expected.labels());
        assert!((model.inertia() / expected.inertia() - 1.0).abs() < 1e-12);
    }
}

/// Fewer distinct rows than clusters, a single row, or only equal rows are not an error, as in memory.
fn few_distinct_rows_are_not_an_error<F: Float>() {
    for (values, k) in [
        (vec![5.0; 40], 3),
        (vec![1.0], 1),
        (vec![0.0, 1.0, 0.0, 1.0, 1.0], 4),
    ] {
        let x = Array2::from_shape_fn((values.len(), 1), |(i, _)| F::from_f64(values[i]));
        for init in [Init::PlusPlus, Init::Random, Init::Parallel] {
            let mut source = ArrayBlocks::new(&x, 7);
            let model = KMeans::new(k)
                .init(init)
                .n_init(2)
                .fit_blocks(&mut source)
                .unwrap();
            assert_coherent(&model, &x, None, "few distinct rows");
            if init != Init::Random {
                assert_eq!(model.inertia(), 0.0, "{values:?} {init:?}");
            }
        }
    }
}

fn starts_are_good<F: Float>() {
    let x = blobs::<F>(6000, 3, 10, 5);
    let mean = |fit: &dyn Fn(u64) -> f64| (0..8).map(fit).sum::<f64>() / 8.0;
    let kmeans = |seed| KMeans::new(10).n_init(1).init(Init::Parallel).seed(seed);
    let in_memory = mean(&|seed| kmeans(seed).fit(&x).unwrap().inertia());
    let blocks = mean(&|seed| {
        let mut source = ArrayBlocks::new(&x, 1000);
        let model = kmeans(seed).fit_blocks(&mut source).unwrap();
        assert_coherent(&model, &x, None, "k-means||");
        model.inertia()
    });
    assert!(blocks < 1.1 * in_memory, "{blocks} {in_memory}");
    // The size of the blocks does not matter.
    let fit = |block| {
        kmeans(3)
            .fit_blocks(&mut ArrayBlocks::new(&x, block))
            .unwrap()
    };
    assert_same(&fit(17), &fit(6000), "blocks");
}

fn every_layout_is_read<F: Float>() {
    let x = lattice::<F>(300, 4, 2);
    let start = spread_rows(&x, 5);
    let options = || FitOptions::new().initial_centroids(&start);
    let expected = KMeans::new(5).fit_with(&x, options()).unwrap();
    each_layout(&x, |view, layout| {
        let mut source = ArrayBlocks::new(&view, 64);
        let model = KMeans::new(5)
            .fit_blocks_with(&mut source, options())
            .unwrap();
        assert_same(&model, &expected, layout);
    });
}

fn weights_are_read_at_any_stride<F: Float>() {
    let x = lattice::<F>(300, 4, 2);
    let weights = small_weights::<F>(300);
    let start = spread_rows(&x, 5);
    let fit = |weights: &ArrayRef1<F>| {
        let options = FitOptions::new().initial_centroids(&start);
        let mut source = ArrayBlocks::new(&x, 64);
        let options = options.weights(weights);
        KMeans::new(5)
            .fit_blocks_with(&mut source, options)
            .unwrap()
    };
    let next = |weights: &ArrayRef1<F>| {
        let mut sums = ClusterSums::new(5, 4).unwrap();
        sums.add_weighted(&x, weights, &start).unwrap();
        sums.centroids(&start).unwrap()
    };
    let (model, centroids) = (fit(&weights), next(&weights));
    each_stride(&weights, |weights, stride| {
        assert_same(&fit(&weights), &model, stride);
        assert_eq!(next(&weights), centroids, "{stride}");
    });
}

/// A cluster without weight keeps its centroid.
#[test]
fn statistics_keep_the_centroids_of_empty_clusters() {
    let centroids = array![[0.0, 0.0], [9.0, 9.0], [-7.0, 50.0]];
    let mut sums = ClusterSums::new(3, 2).unwrap();
    assert_eq!((sums.n_clusters(), sums.n_features()), (3, 2));
    assert_eq!(sums.centroids(&centroids).unwrap(), centroids);
    let x = array![[1.0, 0.0], [0.0, 1.0], [8.0, 8.0]];
    let weights = array![1.0, 1.0, 0.0];
    sums.add_weighted(&x, &weights, &centroids).unwrap();
    let expected = array![[0.5, 0.5], [9.0, 9.0], [-7.0, 50.0]];
    assert_eq!(sums.centroids(&centroids).unwrap(), expected);
}

/// One pass of statistics is one iteration: to the bit if they are merged in block order, up to rounding in
/// any other order.
fn passes_of_statistics_are_iterations<F: Float>() {
    for weighted in [false, true] {
        let x = blobs::<F>(2000, 3, 7, 1);
        let weights = small_weights::<F>(2000);
        let mut centroids = spread_rows(&x, 7);
        let add = |sums: &mut ClusterSums<F>, rows: std::ops::Range<usize>, c: &Array2<F>| {
            let block = x.slice(s![rows.clone(), ..]);
            match weighted {
                true => sums
                    .add_weighted(&block, &weights.slice(s![rows]), c)
                    .unwrap(),
                false => sums.add(&block, c).unwrap(),
            }
        };
        for _ in 0..5 {
            let parts: Vec<ClusterSums<F>> = (0..8)
                .map(|part| {
                    let mut sums = ClusterSums::new(7, 3).unwrap();
                    add(&mut sums, part * 250..(part + 1) * 250, &centroids);
                    sums
                })
                .collect();
            let merged = |order: &[usize]| {
                let mut sums = ClusterSums::new(7, 3).unwrap();
                order
                    .iter()
                    .for_each(|&part| sums.merge(&parts[part]).unwrap());
                sums
            };
            let in_order = merged(&[0, 1, 2, 3, 4, 5, 6, 7]);
            let mut one_by_one = ClusterSums::new(7, 3).unwrap();
            for part in 0..8 {
                add(&mut one_by_one, part * 250..(part + 1) * 250, &centroids);
            }
            assert_eq!(
                in_order.centroids(&centroids).unwrap(),
                one_by_one.centroids(&centroids).unwrap()
            );
            let other = merged(&[3, 7, 1, 0, 2, 6, 5, 4]);
            let start = centroids.clone();
            let mut options = FitOptions::new().initial_centroids(&start);
            if weighted {
                options = options.weights(&weights);
            }
            let expected = KMeans::new(7).max_iter(1).fit_with(&x, options).unwrap();
            let next = in_order.centroids(&centroids).unwrap();
            assert_eq!(next, expected.centroids());
            assert_eq!(other.centroids(&centroids).unwrap(), next);
            let before = KMeansModel::from_centroids(centroids.view()).unwrap();
            let labels = before.predict(&x).unwrap().to_vec();
            let inertia =
                crate::common::naive_inertia(&x, &centroids, &labels, weighted.then_some(&weights));
            assert!((in_order.inertia() / inertia - 1.0).abs() < 1e-13);
            assert!((other.inertia() / inertia - 1.0).abs() < 1e-13);
            let mut counts = vec![0_u64; 7];
            labels.iter().for_each(|&label| counts[label] += 1);
            assert_eq!(in_order.counts().to_vec(), counts);
            centroids = next;
        }
    }
}

for_both_types!(
    blocks_equal_arrays,
    relocation_equals_that_in_memory,
    rounded_sums_agree_up_to_rounding,
    few_distinct_rows_are_not_an_error,
    starts_are_good,
    every_layout_is_read,
    weights_are_read_at_any_stride,
    passes_of_statistics_are_iterations,
);

#[test]
fn digits_are_clustered_as_in_memory() {
    let x = features::<f64>("digits");
    let start = spread_rows(&x, 10);
    let options = || FitOptions::new().initial_centroids(&start);
    let expected = KMeans::new(10).tol(0.0).fit_with(&x, options()).unwrap();
    let mut source = ArrayBlocks::new(&x, 100);
    let model = KMeans::new(10)
        .tol(0.0)
        .fit_blocks_with(&mut source, options())
        .unwrap();
    assert_same(&model, &expected, "digits");
}

#[test]
fn labels_may_be_left_out() {
    let x = lattice::<f32>(500, 3, 1);
    let kmeans = KMeans::new(4).n_init(1);
    let with = kmeans.fit(&x).unwrap();
    let without = kmeans
        .fit_with(&x, FitOptions::new().keep_labels(false))
        .unwrap();
    let mut source = ArrayBlocks::new(&x, 100);
    let options = FitOptions::new().keep_labels(false);
    let blocks = kmeans.fit_blocks_with(&mut source, options).unwrap();
    for model in [&without, &blocks] {
        assert_eq!(model.labels().len(), 0);
        assert_eq!(model.cluster_sizes().sum(), 500);
    }
    assert_eq!(without.cluster_sizes(), with.cluster_sizes());
    assert_eq!(without.inertia(), with.inertia());
}

#[test]
fn an_observer_sees_the_iterations_and_can_stop_them() {
    let x = blobs::<f32>(3000, 3, 6, 1);
    let start = spread_rows(&x, 6);
    let watch = |fit: &dyn Fn(FitOptions<'_, f32>)| {
        let mut seen = Vec::new();
        let mut observer = |iteration: &centroid::Iteration| {
            seen.push((
                iteration.index,
                iteration.inertia.to_bits(),
                iteration.reassigned,
            ));
            ControlFlow::Continue(())
        };
        fit(FitOptions::new()
            .initial_centroids(&start)
            .observer(&mut observer));
        seen
    };
    let kmeans = KMeans::new(6);
    let in_memory = watch(&|options| {
        kmeans.fit_with(&x, options).unwrap();
    });
    let blocks = watch(&|options| {
        let mut source = ArrayBlocks::new(&x, 700);
        kmeans.fit_blocks_with(&mut source, options).unwrap();
    });
    assert!(in_memory.len() > 1);
    assert_eq!(blocks, in_memory);
    let mut observer = |_: &centroid::Iteration| ControlFlow::Break(());
    let options = FitOptions::new().observer(&mut observer);
    let mut source = ArrayBlocks::new(&x, 700);
    let model = kmeans.fit_blocks_with(&mut source, options).unwrap();
    assert_eq!((model.stop(), model.n_iter()), (Stop::Interrupted, 1));
    assert_coherent(&model, &x, None, "interrupted");
}

/// A source that makes its blocks anew for each pass. `block` gets the number of the pass, counted from 0.
fn passes<'a>(
    mut block: impl FnMut(usize) -> Vec<io::Result<Array2<f64>>> + Send + 'a,
) -> impl RowBlocks<f64> + 'a {
    let mut pass = 0;
    IterBlocks::new(2, move || {
        pass += 1;
        block(pass - 1).into_iter()
    })
}

fn refused(mut source: impl RowBlocks<f64>, options: FitOptions<'_, f64>) -> BlocksError<f64> {
    KMeans::new(3)
        .fit_blocks_with(&mut source, options)
        .unwrap_err()
}

#[test]
fn bad_rows_are_found_in_the_first_pass() {
    let with = |row: usize, column: usize, value: f64| {
        let mut x = lattice::<f64>(300, 2, 1);
        x[[row, column]] = value;
        Ok(x)
    };
    let fit = |blocks: fn(usize) -> Vec<io::Result<Array2<f64>>>| {
        refused(passes(blocks), FitOptions::new())
    };
    let error = refused(
        passes(move |_| vec![Ok(lattice(300, 2, 1)), with(7, 1, f64::NAN)]),
        FitOptions::new(),
    );
    assert_eq!(
        error.error(),
        Error::NotFinite {
            argument: "source",
            row: 307,
            column: 1
        }
    );
    assert_eq!(
        error.to_string(),
        "source: row 307, column 1 is NaN or infinite"
    );
    assert!(error.model().is_none() && error.cause().is_none());
    let error = refused(
        passes(move |_| vec![Ok(lattice(300, 2, 1)), with(8, 0, 1e200)]),
        FitOptions::new(),
    );
    assert_eq!(
        error.error(),
        Error::TooLarge {
            argument: "source",
            row: 308,
            column: 0
        }
    );
    assert_eq!(
        fit(|_| vec![]).error(),
        Error::EmptyData { argument: "source" }
    );
    assert_eq!(
        fit(|_| vec![Ok(Array2::zeros((0, 2)))]).error(),
        Error::EmptyData { argument: "source" }
    );
    let few = Error::TooFewRows {
        rows: 2,
        n_clusters: 3,
    };
    assert_eq!(fit(|_| vec![Ok(Array2::zeros((2, 2)))]).error(), few);
    let error = fit(|_| vec![Ok(Array2::zeros((2, 5)))]);
    let failed = Error::SourceFailed {
        rows: 0,
        kind: io::ErrorKind::InvalidData,
    };
    assert_eq!(error.error(), failed);
    assert_eq!(
        error.cause().unwrap().to_string(),
        "expected 2 features, found 5"
    );
    let weights = Array1::ones(10);
    let error = refused(
        passes(|_| vec![Ok(lattice(300, 2, 1))]),
        FitOptions::new().weights(&weights),
    );
    let mismatch = Error::LengthMismatch {
        argument: "weights",
        expected: 300,
        found: 10,
    };
    assert_eq!(error.error(), mismatch);
    let mut no_features = IterBlocks::new(0, std::iter::empty::<io::Result<Array2<f64>>>);
    let error = KMeans::new(1).fit_blocks(&mut no_features).unwrap_err();
    assert_eq!(error.error(), Error::EmptyData { argument: "source" });
    let mut source = passes(|_| vec![Ok(lattice(300, 2, 1))]);
    let error = KMeans::new(0).fit_blocks(&mut source).unwrap_err();
    assert_eq!(error.to_string(), "n_clusters must be at least 1");
    let start = array![[0.0, 0.0, 0.0]];
    let error = refused(
        passes(|_| vec![Ok(lattice(300, 2, 1))]),
        FitOptions::new().initial_centroids(&start),
    );
    assert_eq!(
        error.to_string(),
        "initial centroids: expected 2 columns, found 3"
    );
}

/// An error in a later pass is reported, and keeps the model found so far.
#[test]
fn the_model_so_far_survives_a_failing_source() {
    let start = array![[-8.0, -8.0], [0.0, 8.0], [8.0, -8.0]];
    let options = || FitOptions::new().initial_centroids(&start);
    // The first pass is the survey. Each further pass is one iteration.
    let changing = |change: fn() -> Vec<io::Result<Array2<f64>>>| {
        passes(move |pass| match pass {
            4 => change(),
            _ => vec![Ok(lattice(3000, 2, 1))],
        })
    };
    for (change, error, text) in [
        (
            (|| vec![Ok(lattice(2000, 2, 1))]) as fn() -> _,
            Error::SourceChanged { row: 2000 },
            "source: row 2000 is not as it was in the first pass",
        ),
        (
            || vec![Ok(lattice(3000, 2, 1)), Ok(lattice(1, 2, 1))],
            Error::SourceChanged { row: 3000 },
            "source: row 3000 is not as it was in the first pass",
        ),
        (
            || vec![Ok(lattice::<f64>(3000, 2, 1) * 2.0)],
            Error::SourceChanged { row: 0 },
            "source: row 0 is not as it was in the first pass",
        ),
        (
            || vec![Ok(lattice::<f64>(3000, 2, 1) * f64::NAN)],
            Error::NotFinite {
                argument: "source",
                row: 0,
                column: 0,
            },
            "source: row 0, column 0 is NaN or infinite",
        ),
        (
            || {
                let gone = io::Error::new(io::ErrorKind::TimedOut, "the server is gone");
                vec![Ok(lattice(1000, 2, 1)), Err(gone)]
            },
            Error::SourceFailed {
                rows: 0,
                kind: io::ErrorKind::TimedOut,
            },
            "source: reading failed after 0 rows: timed out",
        ),
    ] {
        let failure = refused(changing(change), options());
        assert_eq!(failure.error(), error);
        assert_eq!(failure.to_string(), text);
        let cause = std::error::Error::source(&failure).map(ToString::to_string);
        assert_eq!(cause, failure.cause().map(ToString::to_string));
        assert_eq!(cause.is_some(), matches!(error, Error::SourceFailed { .. }));
        assert!(format!("{failure:?}").starts_with("BlocksError { error: "));
        assert_eq!(Error::from(refused(changing(change), options())), error);
        // Three passes were complete, so the model has the centroids after two updates.
        let x = lattice::<f64>(3000, 2, 1);
        let expected = KMeans::new(3).max_iter(2).fit_with(&x, options()).unwrap();
        let model = failure.into_model().unwrap();
        assert_eq!(model.centroids(), expected.centroids());
        assert_eq!(model.inertia().to_bits(), expected.inertia().to_bits());
        assert_eq!(model.stop(), Stop::Interrupted);
    }
}

/// A finished restart is not lost when a later one fails.
#[test]
fn finished_restarts_are_kept() {
    let x = lattice::<f64>(2000, 2, 1);
    let kmeans = KMeans::new(3).max_iter(4).seed(5);
    let once = kmeans.clone().n_init(1);
    let without_labels = FitOptions::new().keep_labels(false);
    let first = once.fit_blocks_with(&mut ArrayBlocks::new(&x, 500), without_labels);
    let first = first.unwrap();
    let mut n_passes = 0;
    let count = |n_passes: &mut usize| *n_passes += 1;
    let mut counted = passes(|_| {
        count(&mut n_passes);
        vec![Ok(lattice(2000, 2, 1))]
    });
    once.fit_blocks(&mut counted).unwrap();
    drop(counted);
    let mut source = passes(move |pass| match pass > n_passes {
        true => vec![Err(io::Error::other("gone"))],
        false => vec![Ok(lattice(2000, 2, 1))],
    });
    let failure = kmeans.n_init(3).fit_blocks(&mut source).unwrap_err();
    assert_same(failure.model().unwrap(), &first, "the first restart");
}

#[test]
fn statistics_reject_mismatched_input() {
    assert_eq!(
        ClusterSums::<f32>::new(0, 1).unwrap_err().to_string(),
        "n_clusters must be at least 1"
    );
    assert_eq!(
        ClusterSums::<f32>::new(1, 0).unwrap_err().to_string(),
        "n_features must be at least 1"
    );
    assert!(matches!(
        ClusterSums::<f32>::new(1 << 30, usize::MAX >> 20),
        Err(Error::ResultTooLarge { .. })
    ));
    let centroids = array![[0.0, 0.0], [1.0, 1.0]];
    let mut sums = ClusterSums::new(2, 2).unwrap();
    sums.add(&array![[0.0, 0.5]], &centroids).unwrap();
    let before = sums.clone();
    let x = array![[0.0, 0.5], [f64::NAN, 1.0]];
    assert_eq!(
        sums.add(&x, &centroids),
        Err(Error::NotFinite {
            argument: "block",
            row: 1,
            column: 0
        })
    );
    let wide = array![[0.0, 0.5, 1.0]];
    let mismatch = Error::DimensionMismatch {
        argument: "block",
        expected: 2,
        found: 3,
    };
    assert_eq!(sums.add(&wide, &centroids), Err(mismatch));
    let text = |result: centroid::Result<()>| result.unwrap_err().to_string();
    assert_eq!(
        text(sums.add(&array![[0.0, 0.5]], &wide)),
        "centroids: expected 2 columns, found 3"
    );
    let one = array![[0.0, 0.0]];
    let too_few = Error::LengthMismatch {
        argument: "centroids",
        expected: 2,
        found: 1,
    };
    assert_eq!(sums.add(&one, &one), Err(too_few));
    assert_eq!(
        text(sums.centroids(&one).map(drop)),
        "previous centroids: expected 2 entries, found 1"
    );
    assert_eq!(
        text(sums.merge(&ClusterSums::new(1, 2).unwrap())),
        "other statistics: expected 2 entries, found 1"
    );
    assert_eq!(
        text(sums.merge(&ClusterSums::new(2, 3).unwrap())),
        "other statistics: expected 2 columns, found 3"
    );
    let weights = array![-1.0];
    let error = sums.add_weighted(&one, &weights, &centroids);
    assert_eq!(error, Err(Error::InvalidWeight { index: 0 }));
    assert_eq!(sums, before);
    sums.add(&Array2::zeros((0, 2)), &centroids).unwrap();
    let (no_rows, none) = (Array2::zeros((0, 2)), Array1::zeros(0));
    sums.add_weighted(&no_rows, &none, &centroids).unwrap();
    assert_eq!(sums, before);
    // A partition may have no weight at all.
    let mut with_nothing = sums.clone();
    with_nothing
        .add_weighted(&one, &array![0.0], &centroids)
        .unwrap();
    assert_eq!(with_nothing.counts().to_vec(), [2, 0]);
    assert_eq!(with_nothing.inertia(), before.inertia());
    // A cluster without rows keeps its centroid.
    assert_eq!(
        sums.centroids(&centroids).unwrap(),
        array![[0.0, 0.5], [1.0, 1.0]]
    );
}

#[cfg(feature = "serde")]
#[test]
fn statistics_can_be_sent() {
    let centroids = array![[0.0_f32, 0.0], [1.0, 1.0]];
    let mut sums = ClusterSums::new(2, 2).unwrap();
    sums.add(&lattice(50, 2, 1), &centroids).unwrap();
    let text = serde_json::to_string(&sums).unwrap();
    assert_eq!(
        serde_json::from_str::<ClusterSums<f32>>(&text).unwrap(),
        sums
    );
    let bytes = postcard::to_allocvec(&sums).unwrap();
    assert_eq!(
        postcard::from_bytes::<ClusterSums<f32>>(&bytes).unwrap(),
        sums
    );
    for (key, value) in [
        ("counts", serde_json::json!([1])),
        ("n_features", serde_json::json!(0)),
        ("inertia", serde_json::json!([-1.0, 0.0])),
        ("sums", serde_json::json!([])),
    ] {
        let mut broken = serde_json::to_value(&sums).unwrap();
        broken[key] = value;
        assert!(
            serde_json::from_value::<ClusterSums<f32>>(broken).is_err(),
            "{key}"
        );
    }
}

#[cfg(feature = "npy")]
mod npy {
    use super::*;
    use centroid::NpyBlocks;
    use ndarray_npy::write_npy;

    #[test]
    fn files_are_read_as_arrays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let x = blobs::<f32>(30_000, 5, 8, 1);
        write_npy(&path, &x).unwrap();
        let mut source = NpyBlocks::<f32>::open(&path).unwrap();
        assert_eq!((source.n_rows(), source.n_features()), (30_000, 5));
        let start = spread_rows(&x, 8);
        let options = || FitOptions::new().initial_centroids(&start);
        let model = KMeans::new(8)
            .fit_blocks_with(&mut source, options())
            .unwrap();
        assert_same(
            &model,
            &KMeans::new(8).fit_with(&x, options()).unwrap(),
            "npy",
        );
    }

    fn refused<F: Float>(path: &std::path::Path) -> (io::ErrorKind, String) {
        let error = NpyBlocks::<F>::open(path).unwrap_err();
        (error.kind(), error.to_string())
    }

    #[test]
    fn foreign_and_truncated_files_are_rejected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let open = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            refused::<f32>(&path)
        };
        let invalid = io::ErrorKind::InvalidData;
        assert_eq!(
            refused::<f32>(&folder.path().join("none")).0,
            io::ErrorKind::NotFound
        );
        assert_eq!(open(b"").0, invalid);
        let (kind, text) = open(b"a photograph, or what else may lie about");
        assert_eq!(kind, invalid);
        assert!(text.starts_with("not a .npy file: "), "{text}");
        let write = |x: &Array2<f32>| {
            write_npy(&path, x).unwrap();
            std::fs::read(&path).unwrap()
        };
        let bytes = write(&lattice(10, 3, 1));
        assert!(NpyBlocks::<f32>::open(&path).is_ok());
        let (kind, text) = open(&bytes[..bytes.len() - 1]);
        assert_eq!(kind, io::ErrorKind::UnexpectedEof);
        assert_eq!(
            text,
            "the file is cut off: 120 bytes of data expected, 119 found"
        );
        assert_eq!(open(&bytes[..40]).0, invalid);
        // Found by fuzzing: the parser of headers takes extremely long to read many brackets.
        let header = |text: &str| {
            let len = (text.len() as u16).to_le_bytes();
            [b"\x93NUMPY\x01\x00", &len[..], text.as_bytes()].concat()
        };
        let (kind, text) = open(&header(&format!("{{{}", "[".repeat(70))));
        assert_eq!(kind, invalid);
        assert_eq!(
            text,
            "not a .npy file: the header has too many nested brackets"
        );
        let long = b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{";
        assert_eq!(
            open(long),
            (
                invalid,
                "not a .npy file: the header is too long".to_owned()
            )
        );
        write_npy(&path, &lattice::<f64>(10, 3, 1)).unwrap();
        let text = "expected values of type 'f4', found '<f8'".to_owned();
        assert_eq!(refused::<f32>(&path), (invalid, text));
        write_npy(&path, &lattice::<f32>(10, 3, 1).t()).unwrap();
        let text = "the rows are in Fortran order".to_owned();
        assert_eq!(refused::<f32>(&path), (invalid, text));
        write_npy(&path, &Array1::<f32>::zeros(4)).unwrap();
        let text = "expected 2 dimensions, found 1".to_owned();
        assert_eq!(refused::<f32>(&path), (invalid, text));
        write_npy(&path, &Array2::<f32>::zeros((4, 0))).unwrap();
        assert_eq!(refused::<f32>(&path).0, invalid);
        write_npy(&path, &Array2::<f32>::zeros((0, 3))).unwrap();
        let mut empty = NpyBlocks::<f32>::open(&path).unwrap();
        let error = KMeans::new(1).fit_blocks(&mut empty).unwrap_err();
        assert_eq!(error.error(), Error::EmptyData { argument: "source" });
    }

    #[test]
    fn both_byte_orders_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        let x: Array2<f64> = lattice(10, 3, 1);
        write_npy(&path, &x).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let place = bytes.windows(3).position(|word| word == b"<f8").unwrap();
        bytes[place] = b'>';
        let data = bytes.len() - 10 * 3 * 8;
        bytes[data..].chunks_mut(8).for_each(<[u8]>::reverse);
        std::fs::write(&path, bytes).unwrap();
        let mut source = NpyBlocks::<f64>::open(&path).unwrap();
        let mut rows = Vec::new();
        source.rewind().unwrap();
        source.next_block(&mut rows).unwrap();
        assert_eq!(rows, x.into_raw_vec_and_offset().0);
    }
}

/// Blocks with incomplete rows are an error of the source.
#[test]
fn faulty_sources_are_reported() {
    struct Broken(bool);
    impl RowBlocks<f32> for Broken {
        fn n_features(&self) -> usize {
            2
        }
        fn rewind(&mut self) -> io::Result<()> {
            match self.0 {
                true => Ok(()),
                false => Err(io::Error::from(io::ErrorKind::PermissionDenied)),
            }
        }
        fn next_block(&mut self, rows: &mut Vec<f32>) -> io::Result<()> {
            rows.extend([1.0, 2.0, 3.0]);
            Ok(())
        }
    }
    let error = |works| {
        KMeans::new(1)
            .fit_blocks(&mut Broken(works))
            .unwrap_err()
            .error()
    };
    let failed = |kind| Error::SourceFailed { rows: 0, kind };
    assert_eq!(error(true), failed(io::ErrorKind::InvalidData));
    assert_eq!(error(false), failed(io::ErrorKind::PermissionDenied));
    let mut boxed: Box<dyn RowBlocks<f32>> = Box::new(Broken(true));
    assert!(KMeans::new(1).fit_blocks(boxed.as_mut()).is_err());
}

fn rows_of(x: &ArrayRef2<f32>) -> impl Iterator<Item = io::Result<Array2<f32>>> + Send {
    let blocks: Vec<_> = x
        .axis_chunks_iter(Axis(0), 100)
        .map(|x| Ok(x.to_owned()))
        .collect();
    blocks.into_iter()
}

#[test]
fn iterators_are_sources() {
    let x = lattice::<f32>(950, 3, 1);
    let mut source = IterBlocks::new(3, || rows_of(&x));
    let model = KMeans::new(4).n_init(2).fit_blocks(&mut source).unwrap();
    let mut array = ArrayBlocks::new(&x, 1000);
    assert_same(
        &model,
        &KMeans::new(4).n_init(2).fit_blocks(&mut array).unwrap(),
        "iterator",
    );
    assert_eq!(format!("{source:?}"), "IterBlocks { n_features: 3, .. }");
    // Blocks in column-major order.
    let turned = |block: io::Result<Array2<f32>>| {
        block.map(|block| block.t().as_standard_layout().into_owned().reversed_axes())
    };
    let mut source = IterBlocks::new(3, || rows_of(&x).map(turned));
    assert_same(
        &KMeans::new(4).n_init(2).fit_blocks(&mut source).unwrap(),
        &model,
        "columns",
    );
}
