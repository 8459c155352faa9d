//! The law of samples, and what is kept between them.

use ndarray::{Array2, array};

use super::*;
use crate::kernels::nearest_row;

/// The law of a round, as a chi-square test over many seeds.
#[test]
fn rows_are_taken_by_squared_distance() {
    // Distances 1, 2 and 3 from row 0, and a row of weight 3 at distance 1.
    let x = array![[0.0_f64], [1.0], [-2.0], [3.0], [-1.0]];
    let weights = array![1.0, 1.0, 1.0, 1.0, 3.0];
    let points = Points::check("x", &x).unwrap();
    let points = points.with_weights(&weights).unwrap();
    let mut nearest = Nearest::default();
    nearest.resize(5);
    nearest.update(&points, &[0.0]);
    let (rounds, share) = (10_000, 1.0 / 17.0);
    let mut counts = [0.0; 5];
    for seed in 0..rounds {
        let mut taken = Reservoir::new(1);
        for (key, row) in keys(&points, 0, Some(&nearest.sq_dists), seed, taken.limit()) {
            taken.offer(key, row, || row as usize);
        }
        taken.into_values().for_each(|row| counts[row] += 1.0);
    }
    assert_eq!(counts[0], 0.0);
    let mut chi_square = 0.0;
    for (count, mass) in counts.iter().zip([0.0, 1.0, 4.0, 9.0, 3.0]).skip(1) {
        let expected = rounds as f64 * mass * share;
        let difference: f64 = count - expected;
        chi_square += difference.powi(2) / expected;
    }
    // Three degrees of freedom: 16.3 is passed once in a thousand times.
    assert!(chi_square < 16.3, "{counts:?}");
}

/// Round after round, distances and owners are those of all candidates together.
#[test]
fn rounds_add_up() {
    let x = Array2::from_shape_fn((3000, 3), |(i, j)| ((i * (7 + j) * 31) % 257) as f32);
    let points = Points::check("x", &x).unwrap();
    let candidates = points.values_of(&[5_usize, 77, 5, 1000, 2000, 2999]);
    let mut nearest = Nearest::default();
    nearest.resize(3000);
    for n_candidates in [1, 4, 4, 6] {
        nearest.update(&points, &candidates[..3 * n_candidates]);
        let all = Rows::new(&candidates[..3 * n_candidates], 3);
        for (row, point) in points.rows().iter().enumerate() {
            let (label, sq_dist) = nearest_row(point, &all);
            assert_eq!(
                (nearest.labels[row], nearest.sq_dists[row]),
                (label, sq_dist)
            );
        }
    }
    let weights = weights(&points, &nearest.labels, 6);
    for candidate in 0..6_u32 {
        let count = nearest
            .labels
            .iter()
            .filter(|&&label| label == candidate)
            .count();
        assert_eq!(weights.total(candidate as usize), count as f64);
    }
}

#[test]
fn rounds_go_on_until_there_are_enough_different_rows_or_no_more() {
    let method = Method::Parallel {
        rounds: 1,
        most: 1,
        oversampling: 1,
    };
    for n_distinct in [1, 2, 3, 10, 60] {
        let x = Array2::from_shape_fn((3000, 1), |(i, _)| (i % n_distinct) as f64);
        let points = Points::check("x", &x).unwrap();
        for seed in 0..5 {
            let mut chosen = choose(&points, method, 20, &mut Stream::new(seed, 0));
            assert_eq!(chosen.len(), 20);
            chosen.iter_mut().for_each(|row| *row %= n_distinct);
            chosen.sort_unstable();
            chosen.dedup();
            assert_eq!(chosen.len(), n_distinct.min(20), "{n_distinct} {seed}");
        }
    }
}
