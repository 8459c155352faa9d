//! Observers that stop a fit or panic, thread pools of the caller, and sizes beyond memory.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::common::{assert_coherent, blobs};
use centroid::datasets::{make_moons, uniform_centers};
use centroid::selection::{Folds, SweepEntry, SweepOptions, sweep};
use centroid::{
    ArrayBlocks, ClusterSums, Error, FitOptions, Float, Iteration, KMeans, KMeansModel,
    MiniBatchKMeans, Stop,
};
use ndarray::{Array2, ArrayView2, ShapeBuilder};

/// Enough rows for passes over all threads.
fn data<F: Float>() -> Array2<F> {
    blobs(30_000, 4, 12, 7)
}

fn bits<F: Float>(model: &KMeansModel<F>) -> (Vec<u64>, Vec<usize>, u64) {
    let centroids = model.centroids();
    let centroids = centroids.iter().map(|value| value.to_f64().to_bits());
    (
        centroids.collect(),
        model.labels().to_vec(),
        model.inertia().to_bits(),
    )
}

/// A fit with options whose result is ignored.
type Fit<'a> = &'a dyn Fn(FitOptions<'_, f32>);

/// A fit whose observer stops it after the given iteration, counted over all restarts.
fn ended_after<F: Float>(x: &Array2<F>, last: usize) -> (KMeansModel<F>, Vec<Iteration>) {
    let mut seen = Vec::new();
    let mut observer = |iteration: &Iteration| {
        seen.push(*iteration);
        if seen.len() == last {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let options = FitOptions::new().observer(&mut observer);
    let model = KMeans::new(12)
        .n_init(3)
        .tol(0.0)
        .fit_with(x, options)
        .unwrap();
    (model, seen)
}

#[test]
fn a_stopped_fit_ends_at_once_and_keeps_the_best_model() {
    let x = data::<f32>();
    let (_, all) = ended_after(&x, usize::MAX);
    let restarts: Vec<usize> = (0..3)
        .map(|restart| {
            all.iter()
                .filter(|iteration| iteration.restart == restart)
                .count()
        })
        .collect();
    for last in [1, 2, restarts[0], restarts[0] + 1, all.len() - 1] {
        let (model, seen) = ended_after(&x, last);
        assert_eq!(seen[..], all[..last], "nothing is reported after the stop");
        assert_eq!(model.stop(), Stop::Interrupted);
        assert_coherent(&model, &x, None, &format!("{last}"));
        // No worse than any reported iteration.
        let best = seen
            .iter()
            .map(|iteration| iteration.inertia)
            .fold(f64::INFINITY, f64::min);
        assert!(
            model.inertia() <= best * (1.0 + 1e-6),
            "{} {best}",
            model.inertia()
        );
    }
}

#[test]
fn a_panic_of_an_observer_is_propagated_and_later_fits_work() {
    let x = data::<f32>();
    let kmeans = KMeans::new(12).n_init(2);
    let expected = bits(&kmeans.fit(&x).unwrap());
    let batches = MiniBatchKMeans::new(12);
    let of_batches = bits(&batches.fit(&x).unwrap());
    for _ in 0..3 {
        let mut observer = |iteration: &Iteration| -> ControlFlow<()> {
            assert!(iteration.index < 2, "the observer's own");
            ControlFlow::Continue(())
        };
        let fits: [Fit<'_>; 3] = [
            &|options| drop(kmeans.fit_with(&x, options)),
            &|options| drop(batches.fit_with(&x, options)),
            &|options| drop(kmeans.fit_blocks_with(&mut ArrayBlocks::new(&x, 1000), options)),
        ];
        for fit in fits {
            let options = FitOptions::new().observer(&mut observer);
            let panicked = catch_unwind(AssertUnwindSafe(|| fit(options)));
            let message = panicked.unwrap_err();
            let message = message.downcast_ref::<&str>().copied();
            assert_eq!(message, Some("the observer's own"));
        }
        let mut observer =
            |_: &SweepEntry<f32>| -> ControlFlow<()> { panic!("the observer's own") };
        let options = SweepOptions::new().observer(&mut observer);
        let few = x.slice(ndarray::s![..300, ..]);
        let swept = catch_unwind(AssertUnwindSafe(|| {
            drop(sweep(&kmeans, &few, 2..=6, options));
        }));
        assert!(swept.is_err());
        assert_eq!(bits(&kmeans.fit(&x).unwrap()), expected);
        assert_eq!(bits(&batches.fit(&x).unwrap()), of_batches);
    }
}

#[test]
fn results_do_not_depend_on_pools_and_threads_of_the_caller() {
    let x = data::<f64>();
    let kmeans = KMeans::new(12).n_init(2).seed(3);
    let fit = || bits(&kmeans.fit(&x).unwrap());
    let expected = fit();
    for n in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n)
            .build()
            .unwrap();
        assert_eq!(pool.install(fit), expected);
        // Within tasks that wait for each other.
        let (left, right) = pool.install(|| rayon::join(fit, || rayon::join(fit, fit)));
        assert_eq!(
            (left, right),
            (expected.clone(), (expected.clone(), expected.clone()))
        );
        pool.scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|_| {
                    assert_eq!(fit(), expected);
                });
            }
        });
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(fit)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), expected);
        }
    });
}

#[cfg(target_pointer_width = "64")]
#[test]
fn sizes_beyond_memory_are_errors() {
    // One value, repeated with a stride of zero.
    let value = [1.0_f32];
    let rows = 1 << 40;
    let shape = (rows, 1).strides((0, 0));
    let huge = ArrayView2::from_shape(shape, &value).unwrap();
    let model = KMeansModel::from_centroids(Array2::from_shape_fn((4, 1), |(row, _)| row as f32));
    let model = model.unwrap();
    // A copy of the rows alone would exceed the memory of any machine.
    for error in [
        KMeans::new(2).fit(&huge).unwrap_err(),
        model.transform(&huge).unwrap_err(),
        model.predict(&huge).unwrap_err(),
    ] {
        assert!(matches!(error, Error::ResultTooLarge { .. }), "{error}");
    }
    let error = ClusterSums::<f64>::new(1 << 30, 1 << 30).unwrap_err();
    assert!(matches!(error, Error::ResultTooLarge { .. }), "{error}");
    // The results would exceed any memory, although the arguments do not.
    let x = Array2::from_shape_fn((1 << 22, 1), |(row, _)| row as f64);
    let model = KMeansModel::from_centroids(&x).unwrap();
    for error in [
        model.transform(&x).unwrap_err(),
        model.affinities(&x, 1.0).unwrap_err(),
        make_moons::<f32>(1 << 45, 0.0, 0).unwrap_err(),
        uniform_centers::<f32>(1 << 45, 2, 0).unwrap_err(),
        Folds::plain(1 << 22, 1 << 22)
            .unwrap()
            .splits(0)
            .unwrap_err(),
    ] {
        assert!(matches!(error, Error::ResultTooLarge { .. }), "{error}");
    }
    let (rows, n_clusters) = (30_000, 1 << 31);
    let error = KMeans::new(n_clusters).fit(&data::<f64>()).unwrap_err();
    assert_eq!(error, Error::TooFewRows { rows, n_clusters });
}
