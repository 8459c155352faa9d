//! Every table that the processor supports, against the plain loops.

macro_rules! for_both_types {
    ($($test:ident),* $(,)?) => {
        mod f32 { $(#[test] fn $test() { super::$test::<f32>(); })* }
        mod f64 { $(#[test] fn $test() { super::$test::<f64>(); })* }
    };
}
use for_both_types;

mod skipping;

use super::packed::Packed;
use super::{Grouped, Kernels, Labelled, Rows, Work, nearest_row, sq_dist};
use crate::float::Float;

/// Whole numbers in -8..=8: sums of their products are exact, whatever the order.
fn lattice<F: Float>(len: usize, seed: u64) -> Vec<F> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..len)
        .map(|_| F::from_f64((next() % 17) as f64 - 8.0))
        .collect()
}

/// Values without a pattern, around 0, in units of `scale`, moved by `offset`.
fn rough<F: Float>(len: usize, seed: u64, scale: f64, offset: f64) -> Vec<F> {
    let (coarse, fine) = (lattice::<f64>(len, seed), lattice::<f64>(len, seed + 1));
    let rough = |(coarse, fine): (f64, f64)| (coarse * 0.1 + fine * 0.013_7).sin();
    coarse
        .into_iter()
        .zip(fine)
        .map(|pair| F::from_f64(rough(pair) * scale + offset))
        .collect()
}

fn each_table<F: Float>(test: impl Fn(&'static Kernels<F>)) {
    F::tables().iter().for_each(|table| test(table));
}

fn check_nearest<F: Float>(table: &Kernels<F>, x: &[F], centroids: &[F], d: usize, story: &str) {
    let (points, centroids) = (Rows::new(x, d), Rows::new(centroids, d));
    let expected: Vec<u32> = points
        .iter()
        .map(|row| nearest_row(row, &centroids).0)
        .collect();
    let mut labels = vec![u32::MAX; points.len()];
    let packed = Packed::new(&centroids);
    let assigned = table.nearest(&points, &packed, &mut labels);
    let shape = (points.len(), d, centroids.len());
    assert_eq!(
        labels, expected,
        "{} n, d, k = {shape:?} {story}",
        table.name
    );
    assert_eq!(
        assigned.reassigned,
        points.len(),
        "{} {shape:?}",
        table.name
    );
    let again = table.nearest(&points, &packed, &mut labels);
    assert_eq!(
        again,
        Work {
            reassigned: 0,
            ..assigned
        },
        "{} {shape:?}",
        table.name
    );
}

fn nearest_equals_the_plain_loop_on_lattice_data<F: Float>() {
    each_table::<F>(|table| {
        for d in 1..=67 {
            for k in 1..=40 {
                // Around the panels' widths (8 to 64 points), a different one for each shape.
                let n = [1, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 129][(7 * d + k) % 13];
                let seed = (100 * d + k) as u64;
                check_nearest(
                    table,
                    &lattice(n * d, seed),
                    &lattice(k * d, seed + 1),
                    d,
                    "",
                );
            }
        }
        for n in (1..140).chain(250..260).chain([511, 512, 513]) {
            check_nearest(table, &lattice(3 * n, n as u64), &lattice(3 * 10, 1), 3, "");
            check_nearest(
                table,
                &lattice(17 * n, n as u64),
                &lattice(17 * 10, 1),
                17,
                "",
            );
        }
    });
}

fn nearest_equals_the_plain_loop_on_rough_data<F: Float>() {
    each_table::<F>(|table| {
        for (d, k) in [
            (1, 300),
            (2, 50),
            (3, 256),
            (5, 9),
            (16, 33),
            (64, 100),
            (130, 20),
        ] {
            for (scale, offset) in [
                (1.0, 0.0),
                (1.0, 1e4),
                (1e-20, 0.0),
                (1e20, 0.0),
                (1e-3, 1e3),
            ] {
                let x = rough::<F>(600 * d, 1, scale, offset);
                let centroids = rough::<F>(k * d, 7, scale, offset);
                check_nearest(table, &x, &centroids, d, &format!("{scale} {offset}"));
                // Centroids that are rows: distances of zero, and ties among equal rows.
                check_nearest(table, &x, &x[..k * d], d, &format!("{scale} {offset} rows"));
            }
        }
    });
}

fn nearest_finds_the_winner_among_centroids_a_rounding_apart<F: Float>() {
    each_table::<F>(|table| {
        for d in [1, 3, 16, 40] {
            let mut centroids = rough::<F>(d, 3, 1.0, 1.0);
            for step in 1..12 {
                let nudge = F::from_f64(1.0 + f64::from(step) * 3.0 * F::UNIT_ROUNDOFF);
                let row: Vec<F> = centroids[..d].iter().map(|&c| c * nudge).collect();
                centroids.extend(row);
            }
            // A centroid far away widens the frame, so that the scores cannot tell the others.
            centroids.extend(rough::<F>(d, 5, 1.0, 1e4));
            check_nearest(table, &rough(200 * d, 9, 2.0, 1.0), &centroids, d, "");
            check_nearest(table, &centroids.clone(), &centroids, d, "");
        }
    });
}

fn equal_centroids_go_to_the_lowest_index<F: Float>() {
    each_table::<F>(|table| {
        let x = lattice::<F>(100 * 3, 1);
        let centroids: Vec<F> = lattice::<F>(3, 2).repeat(9);
        let mut labels = vec![7; 100];
        let packed = Packed::new(&Rows::new(&centroids, 3));
        table.nearest(&Rows::new(&x, 3), &packed, &mut labels);
        assert_eq!(labels, vec![0; 100], "{}", table.name);
    });
}

fn extreme_values_are_labelled_as_by_the_plain_loop<F: Float>() {
    let max = F::MAX_MAGNITUDE;
    let min = F::SMALLEST_NORMAL;
    let values = [
        F::ZERO,
        max,
        -max,
        min,
        -min,
        F::ONE,
        min * F::from_f64(0.25),
        -F::ONE,
    ];
    each_table::<F>(|table| {
        for d in [1, 2, 3, 9] {
            let cycle = |len: usize, step: usize| -> Vec<F> {
                (0..len * d)
                    .map(|i| values[(i * step + i / d) % values.len()])
                    .collect()
            };
            check_nearest(table, &cycle(64, 3), &cycle(8, 5), d, "");
            check_nearest(table, &cycle(64, 3), &vec![min; 5 * d], d, "");
            // All tiny: in f64 the squares that decide underflow, in whole or in part.
            for scale in [1e-30, 3e-162, 1e-150, 1e-200] {
                let (x, centroids) = (
                    rough::<F>(100 * d, 3, scale, 0.0),
                    rough(6 * d, 4, scale, 0.0),
                );
                check_nearest(table, &x, &centroids, d, &format!("{scale}"));
            }
        }
    });
}

fn distances_have_the_bits_of_the_plain_loop<F: Float>() {
    each_table::<F>(|table| {
        for d in (1..=20).chain([31, 32, 33, 64, 67]) {
            for n in [1, 3, 4, 7, 8, 9, 33] {
                for m in [1, 2, 5] {
                    let x = rough::<F>(n * d, d as u64, 1.0, 0.3);
                    let targets = rough::<F>(m * d, 50 + d as u64, 1.0, 0.0);
                    let (points, targets) = (Rows::new(&x, d), Rows::new(&targets, d));
                    let mut out = vec![f64::NAN; n * m];
                    table.sq_dists(&points, &targets, &mut out);
                    for (index, found) in out.iter().enumerate() {
                        let expected = sq_dist(points.row(index % n), targets.row(index / n));
                        let place = (table.name, n, d, m, index);
                        assert_eq!(found.to_bits(), expected.to_bits(), "{place:?}");
                    }
                    let labels: Vec<u32> = (0..n).map(|i| (i % m) as u32).collect();
                    let mut own = vec![f64::NAN; n];
                    table.sq_dists_to_own(&points, &targets, &labels, &mut own);
                    for (i, (found, &label)) in own.iter().zip(&labels).enumerate() {
                        let expected = sq_dist(points.row(i), targets.row(label as usize));
                        assert_eq!(found.to_bits(), expected.to_bits(), "{} {d}", table.name);
                    }
                }
            }
        }
    });
}

fn sums_equal_the_plain_loop<F: Float>() {
    for (n, d, k) in [
        (1, 1, 1),
        (300, 1, 4),
        (301, 2, 4),
        (302, 3, 5),
        (303, 4, 4),
        (90, 5, 60),
    ]
    .into_iter()
    .chain((6..=40).map(|d| (97, d, 3)))
    {
        let (x, weights) = (lattice::<F>(n * d, 1), lattice::<F>(n, 2));
        let weights: Vec<F> = weights.into_iter().map(F::abs).collect();
        let labels: Vec<u32> = (0..n).map(|i| (i * i % k) as u32).collect();
        let centre: Vec<f64> = lattice(d, 3);
        for weights in [None, Some(&weights[..])] {
            let mut expected = vec![0.0; k * (d + 1)];
            for i in 0..n {
                let weight = weights.map_or(1.0, |weights| weights[i].to_f64());
                let start = labels[i] as usize * (d + 1);
                for j in 0..d {
                    expected[start + j] += weight * (x[i * d + j].to_f64() - centre[j]);
                }
                expected[start + d] += weight;
            }
            each_table::<F>(|table| {
                let mut sums = vec![0.0; k * (d + 1)];
                let data = Labelled {
                    points: Rows::new(&x, d),
                    labels: &labels,
                    weights,
                };
                table.accumulate(data, &centre, &mut sums);
                assert_eq!(
                    sums,
                    expected,
                    "{} {n} {d} {k} {}",
                    table.name,
                    weights.is_some()
                );
            });
        }
    }
}

fn sums_have_the_same_bits_in_every_table<F: Float>() {
    for (n, d, k) in [
        (500, 1, 3),
        (500, 3, 7),
        (500, 4, 7),
        (500, 23, 7),
        (40, 64, 90),
    ] {
        let (x, weights) = (rough::<F>(n * d, 1, 1.0, 5.0), rough::<F>(n, 2, 0.4, 0.5));
        let weights: Vec<F> = weights.into_iter().map(F::abs).collect();
        let labels: Vec<u32> = (0..n).map(|i| (i * i % k) as u32).collect();
        let centre: Vec<f64> = rough(d, 3, 1.0, 5.0);
        let data = Labelled {
            points: Rows::new(&x, d),
            labels: &labels,
            weights: Some(&weights),
        };
        let sums = |table: &Kernels<F>| {
            let mut sums = vec![0.0; k * (d + 1)];
            table.accumulate(data, &centre, &mut sums);
            sums.into_iter().map(f64::to_bits).collect::<Vec<_>>()
        };
        let expected = sums(
            F::tables()
                .last()
                .expect("the portable table is always there"),
        );
        each_table::<F>(|table| assert_eq!(sums(table), expected, "{} {n} {d} {k}", table.name));
    }
}

fn sums_of_distances_equal_the_plain_loop<F: Float>() {
    each_table::<F>(|table| {
        for (n, m, d) in [
            (1, 1, 1),
            (3, 5, 2),
            (9, 64, 3),
            (70, 65, 4),
            (131, 17, 21),
            (600, 90, 5),
        ] {
            let (x, y) = (lattice::<F>(n * d, 1), lattice::<F>(m * d, 2));
            let (points, others) = (Rows::new(&x, d), Rows::new(&y, d));
            // The middle one of three groups is empty.
            let ends = [n / 3, n / 3, n];
            let (mut sums, mut sums_of_others) = (vec![1.0; n], vec![1.0; 3 * m]);
            let grouped = Grouped {
                points,
                ends: &ends,
            };
            table.sum_dists(grouped, &others, &mut sums, &mut sums_of_others);
            let (mut expected, mut expected_of_others) = (vec![1.0; n], vec![1.0; 3 * m]);
            for (i, row) in points.iter().enumerate() {
                for (j, other) in others.iter().enumerate() {
                    let dist = sq_dist(row, other).sqrt();
                    expected[i] += dist;
                    expected_of_others[if i < n / 3 { j } else { 2 * m + j }] += dist;
                }
            }
            let found = sums.iter().chain(&sums_of_others);
            for (found, expected) in found.zip(expected.iter().chain(&expected_of_others)) {
                let error = (found - expected).abs() / expected;
                assert!(
                    error <= 32.0 * F::UNIT_ROUNDOFF,
                    "{} {n} {m} {d}: {error:e}",
                    table.name
                );
            }
        }
    });
}

for_both_types!(
    sums_of_distances_equal_the_plain_loop,
    nearest_equals_the_plain_loop_on_lattice_data,
    nearest_equals_the_plain_loop_on_rough_data,
    nearest_finds_the_winner_among_centroids_a_rounding_apart,
    equal_centroids_go_to_the_lowest_index,
    extreme_values_are_labelled_as_by_the_plain_loop,
    distances_have_the_bits_of_the_plain_loop,
    sums_equal_the_plain_loop,
    sums_have_the_same_bits_in_every_table,
);

/// `CENTROID_TEST_KERNELS=avx512,avx2,portable` names the tables that must not be left out.
#[test]
fn the_named_instruction_sets_are_tested() {
    let Ok(wanted) = std::env::var("CENTROID_TEST_KERNELS") else {
        return;
    };
    for name in wanted.split(',').filter(|name| !name.is_empty()) {
        use crate::float::private::Sealed;
        let found = f32::tables().iter().any(|table| table.name == name)
            && f64::tables().iter().any(|table| table.name == name);
        assert!(
            found,
            "{name} should be tested, but this processor does not support it"
        );
    }
}

/// What the filter lets through must be rare, or it would not be worth having.
#[test]
fn few_points_are_in_doubt() {
    each_table::<f32>(|table| {
        for (d, k) in [(3, 64), (16, 100), (64, 50)] {
            let (x, centroids) = (rough(4000 * d, 1, 1.0, 0.0), rough(k * d, 9, 1.0, 0.0));
            let packed = Packed::new(&Rows::new(&centroids, d));
            let assigned = table.nearest(&Rows::new(&x, d), &packed, &mut vec![0; 4000]);
            assert!(
                assigned.exact_checks <= 20,
                "{} {d} {k}: {assigned:?}",
                table.name
            );
        }
    });
}
