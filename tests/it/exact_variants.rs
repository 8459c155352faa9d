//! Every engine gives the result of the plain one.

use centroid::datasets::{make_blobs, uniform_centers};
use centroid::{Algorithm, FitOptions, Float, Init, Iteration, KMeans, KMeansModel};
use ndarray::{Array1, Array2, Axis, s};
use std::ops::ControlFlow;

const ENGINES: [Algorithm; 3] = [Algorithm::Auto, Algorithm::Filtering, Algorithm::Yinyang];

/// Asserts that two models are equal to the bit.
fn assert_same<F: Float>(a: &KMeansModel<F>, b: &KMeansModel<F>, what: &str) {
    assert_eq!(a.labels(), b.labels(), "{what}");
    assert_eq!(a.centroids(), b.centroids(), "{what}");
    assert_eq!(a.cluster_sizes(), b.cluster_sizes(), "{what}");
    assert_eq!(a.inertia().to_bits(), b.inertia().to_bits(), "{what}");
    assert_eq!((a.n_iter(), a.stop()), (b.n_iter(), b.stop()), "{what}");
}

/// Compares every engine with the plain one, from the same starts.
fn check<F: Float>(x: &Array2<F>, weights: Option<&Array1<F>>, k: usize, what: &str) {
    for tol in [0.0, 1e-4] {
        let kmeans = KMeans::new(k).n_init(2).tol(tol).max_iter(60).seed(3);
        let fit = |algorithm| {
            let mut options = FitOptions::new();
            if let Some(weights) = weights {
                options = options.weights(weights);
            }
            kmeans.clone().algorithm(algorithm).fit_with(x, options)
        };
        let plain = fit(Algorithm::Lloyd).unwrap();
        for engine in ENGINES {
            let what = format!("{what}, k = {k}, tol = {tol}, {engine:?}");
            assert_same(&plain, &fit(engine).unwrap(), &what);
        }
    }
}

/// Pseudorandom numbers in `0..bound`.
fn numbers(bound: u64) -> impl FnMut() -> u64 {
    let mut state = 1_u64;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % bound
    }
}

fn lattice(n: usize, d: usize, side: u64) -> Array2<f64> {
    let mut next = numbers(side);
    Array2::from_shape_simple_fn((n, d), || next() as f64)
}

fn blobs(n: usize, d: usize, k: usize, std: f64) -> Array2<f64> {
    let centers = uniform_centers(k, d, 5).unwrap();
    make_blobs(n, &centers, &[std], 7).unwrap().0
}

#[test]
fn lattices_with_many_ties() {
    for (n, d, side) in [
        (3000, 1, 50),
        (4000, 2, 12),
        (3000, 3, 6),
        (1500, 7, 3),
        (1200, 20, 2),
    ] {
        let x = lattice(n, d, side);
        for k in [2, 5, 17, 40] {
            check(&x, None, k, &format!("lattice {n} x {d}, f64"));
            check(
                &x.mapv(|x| x as f32),
                None,
                k,
                &format!("lattice {n} x {d}, f32"),
            );
        }
    }
}

#[test]
fn blobs_of_many_shapes() {
    for (n, d, k) in [
        (5000, 2, 50),
        (5000, 3, 64),
        (3000, 16, 33),
        (2000, 64, 70),
        (1000, 150, 20),
        (1500, 210, 40),
    ] {
        for std in [0.5, 4.0] {
            let x = blobs(n, d, k, std);
            check(&x, None, k, &format!("blobs {n} x {d}, f64"));
            check(
                &x.mapv(|x| x as f32),
                None,
                k,
                &format!("blobs {n} x {d}, f32"),
            );
        }
    }
}

#[test]
fn integer_and_fractional_weights() {
    let x = lattice(4000, 3, 8);
    let mut next = numbers(5);
    let whole = Array1::from_shape_simple_fn(4000, || next() as f64);
    let broken = whole.mapv(|w| w / 3.0);
    for k in [5, 40] {
        check(&x, Some(&whole), k, "whole weights");
        check(&x, Some(&broken), k, "broken weights");
        check(
            &blobs(4000, 20, 50, 2.0),
            Some(&broken),
            k,
            "broken weights of blobs",
        );
    }
}

#[test]
fn many_equal_rows_too_heavy_to_be_merged() {
    // At most two of them can be merged. This must not take quadratic time.
    let x = lattice(200_000, 2, 2);
    let weights = Array1::from_elem(200_000, (1 << 23) as f64);
    check(&x, Some(&weights), 3, "heavy rows");
}

#[test]
fn data_far_from_zero_and_at_every_scale() {
    let x = blobs(3000, 3, 20, 1.0);
    let wide = blobs(1500, 24, 40, 1.0);
    for scale in [1e-160, 1e-40, 1e-30, 1e-8, 1e8, 1e30, 1e80] {
        check(
            &x.mapv(|x| x * scale),
            None,
            20,
            &format!("scale {scale:e}"),
        );
        check(
            &wide.mapv(|x| x * scale),
            None,
            40,
            &format!("wide, scale {scale:e}"),
        );
    }
    for scale in [1e-42, 1e-36, 1e-23, 1e-22, 1e-21, 1e-20, 1e20, 1e33] {
        let to_f32 = |x: f64| (x * scale) as f32;
        check(&x.mapv(to_f32), None, 20, &format!("f32, scale {scale:e}"));
        check(
            &wide.mapv(to_f32),
            None,
            40,
            &format!("wide, f32, scale {scale:e}"),
        );
    }
    for offset in [1e2, 1e4, 1e6, 1e8, 1e12] {
        check(
            &x.mapv(|x| x + offset),
            None,
            20,
            &format!("offset {offset:e}"),
        );
        check(
            &x.mapv(|x| (x + offset) as f32),
            None,
            20,
            &format!("f32, offset {offset:e}"),
        );
        check(
            &wide.mapv(|x| x + offset),
            None,
            40,
            &format!("wide, offset {offset:e}"),
        );
        let to_f32 = |x: f64| (x + offset) as f32;
        check(
            &wide.mapv(to_f32),
            None,
            40,
            &format!("wide, f32, offset {offset:e}"),
        );
    }
}

#[test]
fn outliers_and_few_distinct_rows() {
    let mut x = blobs(3000, 4, 10, 1.0);
    x[[17, 2]] = 1e60;
    x[[2000, 0]] = -1e30;
    check(&x, None, 12, "outliers");
    check(
        &x.mapv(|x| x.clamp(-1e34, 1e34) as f32),
        None,
        12,
        "outliers, f32",
    );
    let few = lattice(5000, 2, 3);
    check(&few, None, 9, "as many clusters as distinct rows");
    check(&few, None, 30, "more clusters than distinct rows");
    let mut same = Array2::<f32>::from_elem((5000, 20), 3.5);
    check(&same, None, 33, "all rows equal");
    same[[4000, 3]] = 4.0;
    check(&same, None, 33, "all rows but one equal");
}

#[test]
fn distant_starts_and_equal_centroids() {
    let x = blobs(4000, 3, 8, 1.0);
    let mut start = x.slice(s![..40, ..]).to_owned();
    start.row_mut(7).fill(1e7);
    let copy = start.row(3).to_owned();
    start.row_mut(20).assign(&copy);
    for algorithm in ENGINES {
        let fit = |algorithm| {
            let options = FitOptions::new().initial_centroids(&start);
            KMeans::new(40)
                .tol(0.0)
                .algorithm(algorithm)
                .fit_with(&x, options)
        };
        let (plain, other) = (fit(Algorithm::Lloyd).unwrap(), fit(algorithm).unwrap());
        assert_same(&plain, &other, &format!("{algorithm:?}"));
    }
}

/// What an observer sees does not depend on the engine, except for the number of distances.
#[test]
fn observers_see_the_same_iterations() {
    let x = lattice(6000, 3, 9).mapv(|x| x as f32);
    let watch = |algorithm| {
        let mut seen = Vec::new();
        let mut observer = |iteration: &Iteration| {
            seen.push(*iteration);
            ControlFlow::Continue(())
        };
        let options = FitOptions::new().observer(&mut observer);
        let kmeans = KMeans::new(40).n_init(2).algorithm(algorithm);
        kmeans.fit_with(&x, options).unwrap();
        seen
    };
    let plain = watch(Algorithm::Lloyd);
    assert!(plain.iter().all(|seen| seen.distances >= 6000 * 40));
    for engine in ENGINES {
        let seen = watch(engine);
        assert_eq!(seen.len(), plain.len(), "{engine:?}");
        for (a, b) in seen.iter().zip(&plain) {
            let mut seen = *a;
            seen.distances = b.distances;
            assert_eq!(seen, *b, "{engine:?}");
        }
    }
}

/// On clustered data, iterations need few distances, except for the first and the last one.
#[test]
fn bounds_rule_out_most_centroids() {
    for (engine, x) in [
        (Algorithm::Filtering, blobs(20_000, 2, 50, 0.5)),
        (Algorithm::Yinyang, blobs(10_000, 64, 64, 3.0)),
    ] {
        let k = if x.len_of(Axis(1)) == 2 { 50 } else { 64 };
        let mut least = usize::MAX;
        let mut observer = |iteration: &Iteration| {
            least = least.min(iteration.distances);
            ControlFlow::Continue(())
        };
        let options = FitOptions::new().observer(&mut observer);
        let kmeans = KMeans::new(k)
            .init(Init::Random)
            .n_init(1)
            .max_iter(20)
            .tol(0.0)
            .algorithm(engine);
        kmeans.fit_with(&x, options).unwrap();
        assert!(5 * least < x.nrows() * k, "{engine:?}: {least}");
    }
}

/// Repeated rows with too many features for trees are merged and labelled once.
#[test]
fn repeated_rows_of_many_features_are_merged() {
    let (n, k) = (20_000, 64);
    let distinct = lattice(500, 6, 4);
    let mut next = numbers(500);
    let rows: Vec<usize> = (0..n).map(|_| next() as usize).collect();
    let x = distinct.select(Axis(0), &rows);
    check(&x, None, k, "repeated rows");
    let mut first = None;
    let mut observer = |iteration: &Iteration| {
        first.get_or_insert(iteration.distances);
        ControlFlow::Continue(())
    };
    let options = FitOptions::new().observer(&mut observer);
    KMeans::new(k).n_init(1).fit_with(&x, options).unwrap();
    assert!(first.is_some_and(|first| 10 * first < n * k), "{first:?}");
}

/// Fewer rows than fill a block, a leaf or a panel, in any layout.
#[test]
fn few_rows_in_any_layout() {
    for n in [1, 2, 3, 17, 65, 130] {
        for d in [1, 3, 5, 210] {
            let x = lattice(n, d, 4);
            for k in [1, 2, n / 2, n] {
                if (1..=n).contains(&k) {
                    check(&x, None, k, &format!("{n} x {d}"));
                }
            }
        }
    }
    let wide = lattice(3000, 12, 9);
    let (columns, backwards) = (wide.slice(s![.., ..;3]), wide.slice(s![..;-1, ..5]));
    for (x, k) in [(columns, 40), (backwards, 40), (wide.t(), 6)] {
        let fit = |algorithm| KMeans::new(k).algorithm(algorithm).n_init(2).fit(&x);
        let plain = fit(Algorithm::Lloyd).unwrap();
        for engine in ENGINES {
            assert_same(&plain, &fit(engine).unwrap(), &format!("{engine:?}"));
        }
    }
}

#[test]
fn every_engine_gives_the_same_errors() {
    let x = blobs(5000, 3, 8, 1.0);
    let mut bad = x.clone();
    bad[[4321, 1]] = f64::NAN;
    let none = Array2::<f64>::zeros((0, 3));
    let few = x.slice(s![..3, ..]).to_owned();
    let negative = Array1::from_elem(5000, -1.0);
    let zero = Array1::zeros(5000);
    for (x, k, weights) in [
        (&bad, 40, None),
        (&none, 4, None),
        (&few, 4, None),
        (&x, 0, None),
        (&x, 40, Some(&negative)),
        (&x, 40, Some(&zero)),
    ] {
        let fit = |algorithm| {
            let options = FitOptions::new();
            let options = match weights {
                Some(weights) => options.weights(weights),
                None => options,
            };
            KMeans::new(k).algorithm(algorithm).fit_with(x, options)
        };
        let plain = fit(Algorithm::Lloyd).unwrap_err();
        for engine in ENGINES {
            assert_eq!(plain, fit(engine).unwrap_err(), "{engine:?}");
        }
    }
}

/// Results have the same bits with any number of threads.
#[test]
fn every_engine_with_any_number_of_threads() {
    for x in [
        blobs(9000, 2, 30, 2.0),
        blobs(4000, 40, 40, 3.0),
        blobs(3000, 210, 40, 3.0),
    ] {
        for engine in ENGINES {
            let fit = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                let kmeans = KMeans::new(40).n_init(2).algorithm(engine);
                pool.unwrap().install(|| kmeans.fit(&x)).unwrap()
            };
            let one = fit(1);
            for threads in [2, 3, 8] {
                assert_same(
                    &one,
                    &fit(threads),
                    &format!("{engine:?}, {threads} threads"),
                );
            }
        }
    }
}

/// Subnormal squares of differences may be rounded up. A bound computed from them must allow for it.
#[test]
fn subnormal_squares_rule_out_nothing() {
    for (d, scale) in [(5, 1e-22), (24, 1e-22), (64, 1e-23), (64, 1e-21)] {
        let x = blobs(2000, d, 1, 1.0).mapv(|x| (x * scale) as f32);
        check(&x, None, 40, &format!("{d} features, scale {scale:e}"));
    }
}

/// Centroids whose squared norm overflows in the frame of the sketches, close to rows whose norm does not.
#[test]
fn far_centroids_are_not_ruled_out_by_their_norm() {
    let (n, d, k) = (6000, 200, 40);
    // Data of spread 1, so that its frame is that of the sketches.
    let about_zero = |x: Array2<f64>| &x - &x.mean_axis(Axis(0)).unwrap();
    let low = about_zero(blobs(n, 8, 1, 1.0));
    let basis = about_zero(blobs(8, d, 1, 1.0));
    let near = low.dot(&basis).mapv(|x| (x / 40.0) as f32);
    let far = |v: f32| Array1::from_shape_fn(d, |j| if j < 2 { v * 0.7071e19 } else { 0.0 });
    let mut start = near.slice(s![..k, ..]).to_owned();
    start.row_mut(0).assign(&far(1.0));
    start.row_mut(1).assign(&far(2.8));
    // The sample for the sketches must not contain these rows, so they are put at many positions.
    for shift in 0..8 {
        let mut x = near.clone();
        for (o, v) in [0.6, 0.6, 0.6, 0.6, 0.6, 1.75, 2.65]
            .into_iter()
            .enumerate()
        {
            x.row_mut(1000 + shift + 37 * o).assign(&far(v));
        }
        let fit = |algorithm| {
            let kmeans = KMeans::new(k).algorithm(algorithm).max_iter(2).tol(0.0);
            let options = FitOptions::new().initial_centroids(&start);
            kmeans.fit_with(&x, options).unwrap()
        };
        let (plain, bounded) = (fit(Algorithm::Lloyd), fit(Algorithm::Yinyang));
        assert_eq!(bounded.labels(), plain.labels(), "shift {shift}");
        assert_eq!(bounded.centroids(), plain.centroids(), "shift {shift}");
    }
}
