//! Exact sums against sums in f64, in every table.

use super::{SumLevels, Transfer};
use crate::float::Float;
use crate::kernels::tests::{each_table, for_both_types, rough};
use crate::kernels::{NO_LABEL, Rows};

fn transfers_move_rows_between_sums_without_rounding<F: Float>() {
    let shapes = [(1, 1), (200, 2), (70, 3), (130, 4), (65, 5), (90, 17)];
    for (n, d) in shapes {
        const K: usize = 5;
        let x = rough::<F>(n * d, 3, 1.0, 100.0);
        let counts: Vec<F> = (0..n).map(|i| F::from_f64((i % 4) as f64)).collect();
        let before: Vec<u32> = (0..n).map(|i| (i % K) as u32).collect();
        let after: Vec<u32> = (0..n)
            .map(|i| ((i + usize::from(i % 3 == 0)) % K) as u32)
            .collect();
        let none = vec![NO_LABEL; n];
        let magnitude = x
            .iter()
            .fold(F::ZERO, |a, b| if b.abs() > a { b.abs() } else { a });
        let units = SumLevels::new(magnitude, 4.0 * n as f64).unwrap();
        let width = units.width(d);
        each_table::<F>(|table| {
            for weights in [None, Some(&counts[..])] {
                let move_all = |from: &[u32], to: &[u32], sums: &mut [f64]| {
                    let points = Rows::new(&x, d);
                    let data = Transfer {
                        points,
                        weights,
                        from,
                        to,
                    };
                    assert!(
                        table.transfer(data, 0..K, &units, sums),
                        "{} {n} {d}",
                        table.name
                    );
                };
                let (mut moved, mut anew) = (vec![0.0; K * width], vec![0.0; K * width]);
                move_all(&none, &before, &mut moved);
                move_all(&before, &after, &mut moved);
                move_all(&none, &after, &mut anew);
                assert_eq!(moved, anew, "{} {n} {d}", table.name);
                // Half of the clusters at a time.
                let (low, high) = anew.split_at(2 * width);
                for (own, expected) in [(0..2, low), (2..K, high)] {
                    let mut sums = vec![0.0; expected.len()];
                    let (points, from, to) = (Rows::new(&x, d), &none[..], &after[..]);
                    let data = Transfer {
                        points,
                        weights,
                        from,
                        to,
                    };
                    assert!(table.transfer(data, own, &units, &mut sums));
                    assert_eq!(sums, expected, "{} {n} {d}", table.name);
                }
                for (cluster, levels) in anew.chunks_exact(width).enumerate() {
                    let mut total = vec![0.0; d + 1];
                    units.total(levels, &mut total);
                    let own = (0..n).filter(|&i| after[i] as usize == cluster);
                    let mut expected = vec![0.0; d + 1];
                    for i in own {
                        let weight = weights.map_or(1.0, |w| w[i].to_f64());
                        for j in 0..d {
                            expected[j] += weight * x[i * d + j].to_f64();
                        }
                        expected[d] += weight;
                    }
                    for (found, expected) in total.iter().zip(expected) {
                        let rounding = 1e-12 * (1.0 + expected.abs());
                        assert!(
                            (found - expected).abs() <= rounding,
                            "{} {n} {d}",
                            table.name
                        );
                    }
                }
            }
        });
    }
}

fn what_does_not_fit_the_levels_is_reported<F: Float>() {
    // The second value is lost after the last level for the first.
    let x = [F::from_f64(1e30), F::from_f64(1e-30)];
    let units = SumLevels::new(x[0], 2.0).unwrap();
    each_table::<F>(|table| {
        for d in [1, 2] {
            let points = Rows::new(&x, d);
            let n = points.len();
            let (from, to) = (&vec![NO_LABEL; n][..], &vec![0; n][..]);
            let data = Transfer {
                points,
                weights: None,
                from,
                to,
            };
            let mut sums = vec![0.0; units.width(d)];
            assert!(
                !table.transfer(data, 0..1, &units, &mut sums),
                "{} {d}",
                table.name
            );
        }
    });
}

for_both_types!(
    transfers_move_rows_between_sums_without_rounding,
    what_does_not_fit_the_levels_is_reported,
);
