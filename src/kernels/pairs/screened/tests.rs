//! Screened pairs against those of all distances, in every table.

use super::{FilterInput, NearPair, Sketches};
use crate::float::Float;
use crate::kernels::tests::{each_table, for_both_types, lattice, naive, projection, rough};
use crate::kernels::{Kernels, PANEL, Projection, Rows, Sketched, sq_dist};

fn sketched<'a, F: Float>(
    (rows, errors): &'a (Vec<F>, Vec<F>),
    projection: &Projection<F>,
) -> Sketched<'a, F> {
    let rows = Rows::new(rows, projection.width());
    Sketched { rows, errors }
}

/// The pairs that a table finds, in order.
fn found<F: Float>(table: &Kernels<F>, input: &FilterInput<'_, F>) -> Vec<NearPair> {
    let mut found = Vec::new();
    table.screened_pairs(input, &mut found);
    found.sort_by_key(|found| (found.point, found.target));
    found
}

fn screened_pairs_are_those_of_all_distances<F: Float>() {
    for (n, d, m) in [
        (1, 5, 1),
        (80, PANEL, 3),
        (33, 20, 17),
        (71, 64, 7),
        (40, 6, 40),
    ] {
        let (x, t) = (lattice::<F>(n * d, 1), lattice::<F>(m * d, 2));
        let (points, targets) = (Rows::new(&x, d), Rows::new(&t, d));
        let first = targets.row(0);
        let sum: f64 = points.iter().map(|row| sq_dist(row, first)).sum();
        // About half of the points are near to any one target, and one in five is not looked at.
        let limits: Vec<f64> = (0..n)
            .map(|i| sum / n as f64 * (0.8 + 0.4 * (i % 7) as f64 / 7.0))
            .collect();
        let open: Vec<usize> = (0..n).filter(|i| i % 5 != 4).collect();
        let mut expected = naive::near_pairs(&points, &targets, &limits);
        expected.retain(|pair| pair.point % 5 != 4);
        assert!(n == 1 || (expected.len() > n / 5 && expected.len() < n * m));
        let projection = (d >= PANEL).then(|| projection::<F>(d));
        each_table::<F>(|table| {
            let mut input = FilterInput {
                points,
                open: &open,
                limits: &limits,
                targets,
                sketches: None,
            };
            assert_eq!(found(table, &input), expected, "{} {n} {d}", table.name);
            let Some(projection) = &projection else {
                return;
            };
            let sketch = |rows: &Rows<'_, F>| {
                let mut sketches = vec![F::ZERO; rows.len() * projection.width()];
                let mut errors = vec![F::ZERO; rows.len()];
                table.sketch(rows, projection, &mut sketches, &mut errors);
                (sketches, errors)
            };
            let (of_points, of_targets) = (sketch(&points), sketch(&targets));
            input.sketches = Some(Sketches {
                points: sketched(&of_points, projection),
                targets: sketched(&of_targets, projection),
                scale: projection.scale(),
            });
            assert_eq!(found(table, &input), expected, "{} {n} {d}", table.name);
        });
    }
}

/// Squares that overflow, or are below the normal numbers, rule nothing out wrongly.
fn screened_pairs_are_found_at_any_scale<F: Float>() {
    let (n, d, m) = (50, 9, 4);
    let (least, most) = (
        F::SMALLEST_NORMAL.to_f64().sqrt(),
        F::MAX_MAGNITUDE.to_f64(),
    );
    for unit in [least, most / 1e3] {
        let scaled = |len, seed| -> Vec<F> {
            let values = rough::<F>(len, seed, 1.0, 0.0).into_iter();
            values.map(|x| F::from_f64(x.to_f64() * unit)).collect()
        };
        let (x, t) = (scaled(n * d, 1), scaled(m * d, 2));
        let (points, targets) = (Rows::new(&x, d), Rows::new(&t, d));
        // To the last bit: the distance of the second target, or a little more.
        let limits: Vec<f64> = (0..n)
            .map(|i| sq_dist(points.row(i), targets.row(1)))
            .map(|sq_dist| f64::from_bits(sq_dist.to_bits() + (sq_dist.to_bits() & 1)))
            .collect();
        let expected = naive::near_pairs(&points, &targets, &limits);
        let n_pairs = expected.len();
        assert!(n_pairs > n && n_pairs < 3 * n, "{n_pairs}");
        let open: Vec<usize> = (0..n).collect();
        let input = FilterInput {
            points,
            open: &open,
            limits: &limits,
            targets,
            sketches: None,
        };
        each_table::<F>(|table| {
            let found = found(table, &input);
            assert_eq!(found, expected, "{} {unit:e}", table.name);
        });
    }
}

for_both_types!(
    screened_pairs_are_those_of_all_distances,
    screened_pairs_are_found_at_any_scale,
);
