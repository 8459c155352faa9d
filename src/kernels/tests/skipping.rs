//! The kernels that rule centroids or points out, and those of exact sums and of seeding.

use super::super::{
    Bounds, Candidacy, Candidates, Groups, Kernels, Known, NO_LABEL, NearPair, PANEL, Packed,
    PotentialTerms, Projection, Rows, Sketched, Sketches, SumLevels, Transfer, nearest_row,
    sq_dist,
};
use super::{each_table, lattice, rough};
use crate::float::Float;

/// Labels by the plain loop.
fn nearest<F: Float>(points: &Rows<'_, F>, centroids: &Rows<'_, F>) -> Vec<u32> {
    let nearest = |row: &[F]| nearest_row(row, centroids).0;
    points.iter().map(nearest).collect()
}

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
        let sum_levels = SumLevels::new(magnitude, 4.0 * n as f64).unwrap();
        let width = sum_levels.width(d);
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
                        table.transfer(data, 0..K, &sum_levels, sums),
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
                    assert!(table.transfer(data, own, &sum_levels, &mut sums));
                    assert_eq!(sums, expected, "{} {n} {d}", table.name);
                }
                for (cluster, levels) in anew.chunks_exact(width).enumerate() {
                    let mut total = vec![0.0; d + 1];
                    sum_levels.total(levels, &mut total);
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

fn what_does_not_fit_the_grid_is_told<F: Float>() {
    // The second value is lost behind the last level of a sum_levels for the first.
    let x = [F::from_f64(1e30), F::from_f64(1e-30)];
    let sum_levels = SumLevels::new(x[0], 2.0).unwrap();
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
            let mut sums = vec![0.0; sum_levels.width(d)];
            assert!(
                !table.transfer(data, 0..1, &sum_levels, &mut sums),
                "{} {d}",
                table.name
            );
        }
    });
}

fn narrowing_keeps_every_centroid_that_can_be_nearest<F: Float>() {
    for (d, k) in [(1, 9), (2, 40), (3, 64), (4, 50), (5, 33)] {
        let (x, c) = (
            rough::<F>(400 * d, 1, 1.0, 0.0),
            rough::<F>(k * d, 7, 1.0, 0.0),
        );
        let (points, centroids) = (Rows::new(&x, d), Rows::new(&c, d));
        let labels = nearest(&points, &centroids);
        each_table::<F>(|table| {
            let all = Candidates::all(&centroids);
            let mut ruled_out = 0;
            // Boxes around a point and those near it.
            for i in (0..400).step_by(20) {
                let mut corners = vec![0.0; 2 * d];
                let inside = |row: &[F]| {
                    let pairs = row.iter().zip(points.row(i));
                    pairs
                        .clone()
                        .all(|(a, b)| (a.to_f64() - b.to_f64()).abs() < 0.3)
                };
                let rows: Vec<usize> = (0..400).filter(|&r| inside(points.row(r))).collect();
                for j in 0..d {
                    let values = rows.iter().map(|&r| points.row(r)[j].to_f64());
                    corners[j] = values.clone().fold(f64::INFINITY, f64::min);
                    corners[d + j] = values.fold(f64::NEG_INFINITY, f64::max);
                }
                let (mut left, mut far) = (Candidates::default(), Vec::new());
                table.filter_candidates(&corners, &all, &mut left, &mut far);
                ruled_out += k - left.index.len();
                for &r in &rows {
                    assert!(left.index.contains(&labels[r]), "{} {d} {k}", table.name);
                }
                // Among those left, the nearest is the nearest of all.
                let own: Vec<F> = rows.iter().flat_map(|&r| points.row(r)).copied().collect();
                let mut found = vec![NO_LABEL; rows.len()];
                let own = Rows::new(&own, d);
                let assigned = table.nearest_among(&own, &centroids, &left.index, &mut found);
                assert!(
                    found
                        .iter()
                        .zip(&rows)
                        .all(|(found, &r)| *found == labels[r])
                );
                assert_eq!(assigned.reassigned, rows.len());
            }
            assert!(ruled_out > 5 * k, "{} {d} {k}: {ruled_out}", table.name);
        });
    }
}

fn bounds_give_the_labels_of_the_plain_loop_while_centroids_move<F: Float>() {
    for (n, d, k) in [
        (150, 3, 20_usize),
        (100, 8, 33),
        (90, 21, 70),
        (64, 40, 130),
    ] {
        let x = lattice::<F>(n * d, 5);
        let points = Rows::new(&x, d);
        each_table::<F>(|table| {
            for panels in [1, 2] {
                let mut order: Vec<u32> = (0..k as u32).rev().collect();
                order.resize(k.next_multiple_of(PANEL * panels), NO_LABEL);
                let mut groups = Groups::new(order, panels);
                let mut labels = vec![0; n];
                let mut upper = vec![F::INFINITY; n];
                let mut lower = vec![F::ZERO; n * groups.len()];
                let mut before = Vec::<F>::new();
                let mut skipped = 0;
                for step in 0..6 {
                    // Whole numbers: there are ties in plenty.
                    let drift = lattice::<f64>(k * d, 20 + step);
                    let start = lattice::<f64>(k * d, 9);
                    let moves = (0..k * d).map(|i| {
                        let moves = i / d % 5 == step as usize % 5 && i % 7 == 0;
                        F::from_f64(start[i] + if moves { drift[i].signum() } else { 0.0 })
                    });
                    let c: Vec<F> = moves.collect();
                    let packed = Packed::new(&Rows::new(&c, d));
                    let rows = (!before.is_empty()).then(|| Rows::new(&before, d));
                    groups.update(&packed, None, rows.as_ref());
                    let bounds = Bounds {
                        labels: &mut labels,
                        upper: &mut upper,
                        lower: &mut lower,
                        sketched: None,
                    };
                    let assigned = table.nearest_bounded(&points, &packed, &groups, bounds);
                    let expected = nearest(&points, &packed.rows());
                    assert_eq!(labels, expected, "{} {n} {d} {k} {step}", table.name);
                    skipped += (n * k).saturating_sub(assigned.distances);
                    before = c;
                }
                assert!(skipped > 0, "{} {n} {d} {k}", table.name);
            }
        });
    }
}

fn falls_and_lowering_follow_the_plain_loop<F: Float>() {
    for (n, d, m) in [
        (1, 1, 1),
        (39, 1, 4),
        (37, 2, 3),
        (40, 3, 7),
        (25, 4, 2),
        (51, 4, 31),
    ] {
        let (x, t) = (lattice::<F>(n * d, 1), lattice::<F>(m * d, 2));
        let weights: Vec<F> = (0..n).map(|i| F::from_f64((i % 3) as f64)).collect();
        let (points, targets) = (Rows::new(&x, d), Rows::new(&t, d));
        let known: Vec<f64> = (0..n).map(|i| (40 + i % 90) as f64).collect();
        for weights in [None, Some(&weights[..])] {
            // A unit of 1 / 4.
            let splitter = 1.5 * f64::from_bits((50 + 1023) << 52);
            let terms = PotentialTerms { weights, splitter };
            let weight = |i: usize| weights.map_or(1.0, |weights| weights[i].to_f64());
            let fall = |i: usize, target: usize| {
                let sq_dist = sq_dist(points.row(i), targets.row(target));
                weight(i) * (known[i] - sq_dist).max(0.0)
            };
            each_table::<F>(|table| {
                let mut falls = vec![1.0; m];
                table.potential_drops(&points, &targets, terms, &known, &mut falls);
                for (target, found) in falls.into_iter().enumerate() {
                    let expected: f64 = (0..n).map(|i| fall(i, target)).sum();
                    assert_eq!(found, 1.0 + expected, "{} {n} {d} {m}", table.name);
                    let mut closest = known.clone();
                    let row = targets.row(target);
                    let found = table.update_min(&points, row, terms, &mut closest);
                    assert_eq!(found, expected, "{} {n} {d} {m}", table.name);
                    for (i, found) in closest.into_iter().enumerate() {
                        let sq_dist = sq_dist(points.row(i), row);
                        assert_eq!(found, known[i].min(sq_dist), "{} {n} {d}", table.name);
                    }
                }
            });
        }
    }
}

/// Orthonormal directions: features themselves, and sums and differences of pairs of them.
fn projection<F: Float>(d: usize) -> Projection<F> {
    let half = 0.5_f64.sqrt();
    let direction = |i: usize| {
        let mut direction = vec![F::ZERO; d];
        direction[2 * (i / 2)] = F::from_f64(half);
        direction[2 * (i / 2) + 1] = F::from_f64(if i.is_multiple_of(2) { half } else { -half });
        direction
    };
    let directions: Vec<Vec<F>> = (0..PANEL).map(direction).collect();
    Projection::new(vec![F::from_f64(0.25); d], F::from_f64(0.5), &directions)
}

fn sketches_bring_no_points_farther_apart<F: Float>() {
    for d in [PANEL, 19, 64] {
        let n = 45;
        let x = rough::<F>(n * d, 4, 2.0, 0.5);
        let points = Rows::new(&x, d);
        let projection = projection::<F>(d);
        let scale = projection.scale().to_f64();
        each_table::<F>(|table| {
            let mut rows = vec![F::ZERO; n * projection.width()];
            let mut errors = vec![F::ZERO; n];
            table.project(&points, &projection, &mut rows, &mut errors);
            let sketches = Rows::new(&rows, projection.width());
            let mut share = 0.0;
            for a in 0..n {
                for b in 0..a {
                    let dist = sq_dist(points.row(a), points.row(b)).sqrt() * scale;
                    let sketched = sq_dist(sketches.row(a), sketches.row(b)).sqrt();
                    let error = errors[a].to_f64() + errors[b].to_f64();
                    assert!(sketched <= dist + error, "{} {d}", table.name);
                    // The length of a rest that should be zero is the root of a rounding.
                    let most = if d == PANEL { 0.05 } else { 1e-3 };
                    assert!(error < most * dist, "{} {d}: {error} {dist}", table.name);
                    share += sketched / dist / (n * (n - 1) / 2) as f64;
                }
            }
            // And they tell something: all of the distance where nothing is left over.
            let least = if d == PANEL { 0.999 } else { 0.3 };
            assert!(share > least, "{} {d}: {share}", table.name);
        });
    }
}

fn sketched<'a, F: Float>(
    (rows, errors): &'a (Vec<F>, Vec<F>),
    projection: &Projection<F>,
) -> Sketched<'a, F> {
    let rows = Rows::new(rows, projection.width());
    Sketched { rows, errors }
}

/// The pairs of points and candidates nearer than known, by all distances.
fn nearer<F: Float>(
    points: &Rows<'_, F>,
    candidates: &Rows<'_, F>,
    known: &[f64],
) -> Vec<NearPair> {
    let mut nearer = Vec::new();
    for (point, (row, &known)) in points.iter().zip(known).enumerate() {
        for (candidate, other) in candidates.iter().enumerate() {
            let sq_dist = sq_dist(row, other);
            if sq_dist < known {
                nearer.push(NearPair {
                    point,
                    target: candidate as u32,
                    sq_dist,
                });
            }
        }
    }
    nearer
}

/// The pairs that a table finds, in order.
fn found<F: Float>(table: &Kernels<F>, candidacy: &Candidacy<'_, F>) -> Vec<NearPair> {
    let mut found = Vec::new();
    table.find_nearer(candidacy, &mut found);
    found.sort_by_key(|found| (found.point, found.target));
    found
}

fn nearer_points_are_those_of_all_distances<F: Float>() {
    for (n, d, m) in [
        (1, 5, 1),
        (80, PANEL, 3),
        (33, 20, 17),
        (71, 64, 7),
        (40, 6, 40),
    ] {
        let (x, c) = (lattice::<F>(n * d, 1), lattice::<F>(m * d, 2));
        let (points, candidates) = (Rows::new(&x, d), Rows::new(&c, d));
        let mean = (0..n)
            .map(|i| sq_dist(points.row(i), candidates.row(0)))
            .sum::<f64>()
            / n as f64;
        // About half of them are nearer to any one candidate, and one in five is passed over.
        let known: Vec<f64> = (0..n)
            .map(|i| mean * (0.8 + 0.4 * (i % 7) as f64 / 7.0))
            .collect();
        let owners: Vec<u32> = (0..n).map(|i| u32::from(i % 5 == 4)).collect();
        let known_of = Known {
            closest: &known,
            owners: &owners,
            reaches: &[0.0, f64::INFINITY],
        };
        let mut expected = nearer(&points, &candidates, &known);
        expected.retain(|found| owners[found.point] == 0);
        assert!(n == 1 || (expected.len() > n / 5 && expected.len() < n * m));
        let projection = (d >= PANEL).then(|| projection::<F>(d));
        each_table::<F>(|table| {
            let mut candidacy = Candidacy {
                points,
                candidates,
                known: known_of,
                sketches: None,
            };
            assert_eq!(found(table, &candidacy), expected, "{} {n} {d}", table.name);
            let Some(projection) = &projection else {
                return;
            };
            let sketch = |rows: &Rows<'_, F>| {
                let mut sketches = vec![F::ZERO; rows.len() * projection.width()];
                let mut errors = vec![F::ZERO; rows.len()];
                table.project(rows, projection, &mut sketches, &mut errors);
                (sketches, errors)
            };
            let (of_points, of_candidates) = (sketch(&points), sketch(&candidates));
            candidacy.sketches = Some(Sketches {
                points: sketched(&of_points, projection),
                candidates: sketched(&of_candidates, projection),
                scale: projection.scale(),
            });
            assert_eq!(found(table, &candidacy), expected, "{} {n} {d}", table.name);
        });
    }
}

/// Squares that overflow, or are below the normal numbers, rule nothing out wrongly.
fn nearer_points_are_found_at_any_scale<F: Float>() {
    let (n, d, m) = (50, 9, 4);
    let (least, most) = (
        F::SMALLEST_NORMAL.to_f64().sqrt(),
        F::MAX_MAGNITUDE.to_f64(),
    );
    for unit in [least, most / 1e3] {
        let scaled = |values: Vec<F>| -> Vec<F> {
            let scaled = values.into_iter().map(|x| F::from_f64(x.to_f64() * unit));
            scaled.collect()
        };
        let (x, c) = (
            scaled(rough(n * d, 1, 1.0, 0.0)),
            scaled(rough(m * d, 2, 1.0, 0.0)),
        );
        let (points, candidates) = (Rows::new(&x, d), Rows::new(&c, d));
        // Known to the last bit: the distance of the second candidate, or a little more.
        let known: Vec<f64> = (0..n)
            .map(|i| sq_dist(points.row(i), candidates.row(1)))
            .map(|sq_dist| f64::from_bits(sq_dist.to_bits() + (sq_dist.to_bits() & 1)))
            .collect();
        let expected = nearer(&points, &candidates, &known);
        assert!(
            expected.len() > n && expected.len() < 3 * n,
            "{}",
            expected.len()
        );
        let candidacy = Candidacy {
            points,
            candidates,
            known: Known {
                closest: &known,
                owners: &vec![0; n],
                reaches: &[f64::NEG_INFINITY],
            },
            sketches: None,
        };
        each_table::<F>(|table| {
            assert_eq!(
                found(table, &candidacy),
                expected,
                "{} {unit:e}",
                table.name
            );
        });
    }
}

fn measured_points_are_those_of_all_distances<F: Float>() {
    for (n, d) in [(1, 3), (38, 1), (39, 2), (41, 3), (42, 4)] {
        let (x, t) = (lattice::<F>(n * d, 1), lattice::<F>(3 * d, 2));
        let (points, targets) = (Rows::new(&x, d), Rows::new(&t, d));
        // Most are nearer to some target and not to another.
        let sum: f64 = points.iter().map(|row| sq_dist(row, targets.row(0))).sum();
        let known: Vec<f64> = (0..n)
            .map(|i| sum / n as f64 * (0.5 + (i % 7) as f64 / 7.0))
            .collect();
        let expected = nearer(&points, &targets, &known);
        assert!(n == 1 || (expected.len() > 10 && expected.len() < 3 * n));
        each_table::<F>(|table| {
            let mut found = Vec::new();
            table.measured_pairs(&points, &targets, &known, &mut found);
            found.sort_by_key(|found| (found.point, found.target));
            assert_eq!(found, expected, "{} {n} {d}", table.name);
        });
    }
}

super::for_both_types!(
    transfers_move_rows_between_sums_without_rounding,
    what_does_not_fit_the_grid_is_told,
    narrowing_keeps_every_centroid_that_can_be_nearest,
    bounds_give_the_labels_of_the_plain_loop_while_centroids_move,
    falls_and_lowering_follow_the_plain_loop,
    sketches_bring_no_points_farther_apart,
    nearer_points_are_those_of_all_distances,
    nearer_points_are_found_at_any_scale,
    measured_points_are_those_of_all_distances,
);
