//! The plain kernel against the plain loop, in every table.

use crate::float::Float;
use crate::kernels::tests::{each_table, for_both_types, lattice, naive, rough};
use crate::kernels::{Kernels, Packed, Rows, Work};

fn check_nearest<F: Float>(table: &Kernels<F>, x: &[F], centroids: &[F], d: usize, story: &str) {
    let (points, centroids) = (Rows::new(x, d), Rows::new(centroids, d));
    let expected = naive::nearest(&points, &centroids);
    let mut labels = vec![u32::MAX; points.len()];
    let packed = Packed::new(&centroids);
    let work = table.nearest(&points, &packed, &mut labels);
    let shape = (points.len(), d, centroids.len());
    assert_eq!(
        labels, expected,
        "{} n, d, k = {shape:?} {story}",
        table.name
    );
    assert_eq!(work.reassigned, points.len(), "{} {shape:?}", table.name);
    let again = table.nearest(&points, &packed, &mut labels);
    assert_eq!(
        again,
        Work {
            reassigned: 0,
            ..work
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
            // A centroid far away widens the frame, so that the scores cannot tell the others apart.
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

for_both_types!(
    nearest_equals_the_plain_loop_on_lattice_data,
    nearest_equals_the_plain_loop_on_rough_data,
    nearest_finds_the_winner_among_centroids_a_rounding_apart,
    equal_centroids_go_to_the_lowest_index,
    extreme_values_are_labelled_as_by_the_plain_loop,
);

/// What the filter lets through must be rare, or it would not be worth having.
#[test]
fn few_points_are_in_doubt() {
    each_table::<f32>(|table| {
        for (d, k) in [(3, 64), (16, 100), (64, 50)] {
            let (x, centroids) = (rough(4000 * d, 1, 1.0, 0.0), rough(k * d, 9, 1.0, 0.0));
            let packed = Packed::new(&Rows::new(&centroids, d));
            let work = table.nearest(&Rows::new(&x, d), &packed, &mut vec![0; 4000]);
            assert!(work.exact_checks <= 20, "{} {d} {k}: {work:?}", table.name);
        }
    });
}
