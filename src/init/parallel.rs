//! k-means||: few passes, each of which samples many rows at once.
//!
//! ```text
//! draw the first candidate by weight
//! in each round:
//!     take every row with probability l w D^2 / (sum of w D^2)   (D: distance to the candidates)
//! weigh each candidate by the rows nearest to it
//! choose k of the candidates by greedy k-means++
//! ```
//!
//! B. Bahmani et al., *Scalable k-means++*, PVLDB 5(7), 2012, doi:10.14778/2180912.2180915.

use super::plus_plus;
use crate::data::Points;
use crate::float::Float;
use crate::kernels::{NO_LABEL, Packed, Rows};
use crate::parallel::{self, BLOCK, Blocks};
use crate::prepared::Prepared;
use crate::random::Stream;

/// Rows that share a stream of random numbers.
const SAMPLED: usize = 16 * BLOCK;

/// IN: `per_round`, the number of rows that a round takes on average, at most.
pub(super) fn choose<F: Float>(
    prepared: &Prepared<'_, F>,
    n_clusters: usize,
    rounds: usize,
    per_round: usize,
    stream: &mut Stream,
) -> Vec<usize> {
    let points = prepared.points;
    let mut candidates = Candidates::new(points);
    candidates.add(&[plus_plus::by_weight(points, stream)]);
    for _ in 0..rounds {
        let Some(sampled) = candidates.sample(per_round, stream) else {
            break;
        };
        candidates.add(&sampled);
    }
    let (rows, weights) = candidates.weighted();
    // Too few rounds, or too few distinct rows.
    if rows.len() < n_clusters {
        return plus_plus::choose(prepared, n_clusters, stream);
    }
    let chosen = among(&points.values_of(&rows), &weights, n_clusters, stream);
    chosen
        .into_iter()
        .map(|candidate| rows[candidate])
        .collect()
}

/// The values of `n_clusters` of some candidates, chosen by greedy k-means++.
///
/// IN: `values` of the candidates and their `weights`, of which at least `n_clusters` are positive.
pub(crate) fn choose_among<F: Float>(
    values: &[F],
    weights: &[f64],
    n_clusters: usize,
    stream: &mut Stream,
) -> Vec<F> {
    let chosen = among(values, weights, n_clusters, stream).into_iter();
    let d = values.len() / weights.len();
    chosen
        .flat_map(|candidate| &values[candidate * d..][..d])
        .copied()
        .collect()
}

/// Which of the candidates these are.
fn among<F: Float>(
    values: &[F],
    weights: &[f64],
    n_clusters: usize,
    stream: &mut Stream,
) -> Vec<usize> {
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let share = |&weight: &f64| F::from_f64(weight / largest);
    let weights: Vec<F> = weights.iter().map(share).collect();
    let candidates = Points::check_block(
        "candidates",
        values,
        values.len() / weights.len(),
        Some(&weights),
    )
    .expect("the values were checked");
    plus_plus::choose(&Prepared::plain(&candidates), n_clusters, stream)
}

/// The rows taken so far, and for each row the nearest of them.
struct Candidates<'a, F: Float> {
    points: &'a Points<'a, F>,
    rows: Vec<usize>,
    /// For each point the squared distance to the nearest candidate, and which one that is.
    nearest: Vec<(f64, u32)>,
}

impl<'a, F: Float> Candidates<'a, F> {
    fn new(points: &'a Points<'a, F>) -> Self {
        Self {
            points,
            rows: Vec::new(),
            nearest: vec![(f64::INFINITY, NO_LABEL); points.len()],
        }
    }

    fn add(&mut self, rows: &[usize]) {
        if rows.is_empty() {
            return;
        }
        let (points, before) = (self.points, self.rows.len() as u32);
        let values = points.values_of(rows);
        let added = Packed::new(&Rows::new(&values, points.n_features()));
        let work = parallel::work(points.len(), rows.len(), points.n_features());
        let blocks = Blocks::new(points.len(), BLOCK, work);
        blocks.fill(&mut self.nearest[..], |range, nearest| {
            let (mut labels, mut sq_dists) = ([NO_LABEL; BLOCK], [0.0; BLOCK]);
            let (labels, sq_dists) = (&mut labels[..range.len()], &mut sq_dists[..range.len()]);
            let block = points.rows().slice(range);
            let kernels = points.kernels;
            kernels.nearest(&block, &added, labels);
            kernels.sq_dists_to_own(&block, &added.rows(), labels, sq_dists);
            for ((nearest, &label), &sq_dist) in nearest.iter_mut().zip(&*labels).zip(&*sq_dists) {
                if sq_dist < nearest.0 {
                    *nearest = (sq_dist, before + label);
                }
            }
        });
        self.rows.extend_from_slice(rows);
    }

    /// Rows that are taken independently of one another, each with probability `count w D^2` over
    /// the sum of all `w D^2`, or 1 if that is more. `None` where all rows are candidates already.
    fn sample(&self, count: usize, stream: &mut Stream) -> Option<Vec<usize>> {
        let (points, n) = (self.points, self.points.len());
        let mass = |row: usize| points.weight(row) * self.nearest[row].0;
        let sums = Blocks::new(n, BLOCK, 4 * n).map(|range| range.map(mass).sum::<f64>());
        let total: f64 = sums.into_iter().sum();
        if total <= 0.0 {
            return None;
        }
        let share = count as f64 / total;
        let seed = stream.seed();
        let taken = Blocks::new(n, SAMPLED, 16 * n).map(|range| {
            let mut stream = Stream::new(seed, range.start / SAMPLED);
            range
                .filter(|&row| stream.uniform() < share * mass(row))
                .collect::<Vec<_>>()
        });
        Some(taken.concat())
    }

    /// The candidates that a row is nearest to, with the weight of all these rows.
    fn weighted(self) -> (Vec<usize>, Vec<f64>) {
        let mut weights = vec![0.0; self.rows.len()];
        for (row, &(_, candidate)) in self.nearest.iter().enumerate() {
            weights[candidate as usize] += self.points.weight(row);
        }
        let pairs = self.rows.into_iter().zip(weights);
        pairs.filter(|pair| pair.1 > 0.0).unzip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The law of a round, as a chi-square test over many seeds.
    #[test]
    fn rows_are_taken_by_squared_distance() {
        // Distances 1, 2 and 3 from row 0, and a row of weight 3 at distance 1.
        let x = ndarray::array![[0.0_f64], [1.0], [-2.0], [3.0], [-1.0]];
        let weights = ndarray::array![1.0, 1.0, 1.0, 1.0, 3.0];
        let points = Points::check("x", &x)
            .unwrap()
            .with_weights(&weights)
            .unwrap();
        let mut candidates = Candidates::new(&points);
        candidates.add(&[0]);
        let (rounds, share) = (10_000, 1.0 / 17.0);
        let mut counts = [0.0; 5];
        let mut stream = Stream::new(1, 0);
        for _ in 0..rounds {
            for row in candidates.sample(1, &mut stream).unwrap() {
                counts[row] += 1.0;
            }
        }
        assert_eq!(counts[0], 0.0);
        let mut chi_square = 0.0;
        for (count, mass) in counts.iter().zip([0.0, 1.0, 4.0, 9.0, 3.0]).skip(1) {
            let p: f64 = mass * share;
            let expected = f64::from(rounds) * p;
            chi_square += (count - expected).powi(2) / (expected * (1.0 - p));
        }
        // Four degrees of freedom: 18.5 is passed once in a thousand times.
        assert!(chi_square < 18.5, "{counts:?}");
    }

    /// Round after round, distances and owners are those of all candidates together.
    #[test]
    fn rounds_add_up() {
        let x =
            ndarray::Array2::from_shape_fn((3000, 3), |(i, j)| ((i * (7 + j) * 31) % 257) as f32);
        let points = Points::check("x", &x).unwrap();
        let mut candidates = Candidates::new(&points);
        candidates.add(&[5]);
        let mut stream = Stream::new(0, 0);
        for _ in 0..3 {
            let sampled = candidates.sample(20, &mut stream).unwrap();
            candidates.add(&sampled);
        }
        assert!(
            (40..=90).contains(&candidates.rows.len()),
            "{:?}",
            candidates.rows
        );
        let values = points.values_of(&candidates.rows);
        let all = Rows::new(&values, 3);
        for (row, &(sq_dist, _)) in candidates.nearest.iter().enumerate() {
            let (_, expected) = crate::kernels::nearest_row(points.rows().row(row), &all);
            assert_eq!(sq_dist, expected);
        }
        let mut counts = vec![0.0; candidates.rows.len()];
        candidates
            .nearest
            .iter()
            .for_each(|near| counts[near.1 as usize] += 1.0);
        let (rows, weights) = candidates.weighted();
        assert_eq!(
            rows.len(),
            counts.iter().filter(|&&count| count > 0.0).count()
        );
        counts.retain(|&count| count > 0.0);
        assert_eq!(weights, counts);
    }
}
