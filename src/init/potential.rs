//! The potential of k-means++: the squared distance of every point to the nearest centroid chosen so far,
//! and the sum of these distances, by which the next centroid is drawn.
//!
//! What a point adds to the sum, its weight times its squared distance, is rounded to a multiple of a power
//! of two so large that all partial sums fit in an f64. So sums are exact: they do not depend on the order
//! of addition, and when a centroid is added, only the points that are nearer to it than to the others need
//! to be updated. A [`Search`] finds those.

use super::search::{Found, Search, Searched};
use crate::data::Points;
use crate::float::Float;
use crate::kernels::{MAX_TARGETS, NearPair, PotentialTerms, Rows};
use crate::numeric::{exponent_above, splitter};
use crate::parallel::{self, BLOCK, Blocks, PARTS, PerItem};
use crate::prepared::Prepared;
use crate::random::Stream;

/// When the sum has dropped by this factor, its terms are rounded anew, more finely.
const REFINED: f64 = 1024.0;

/// If all points are measured, those nearer to a candidate are listed only from this number of centroids
/// per candidate on: before that, there are too many of them.
const CROWDED: usize = 4;

/// At most this share of all points is kept in the list of points found: 6 bytes per row.
const KEPT: f64 = 0.25;

/// Blocks of points that are measured in one go.
const BLOCKS: usize = 4;

pub(super) struct Potential<'a, F: Float> {
    prepared: &'a Prepared<'a, F>,
    searched: Searched<'a, F>,
    search: Box<dyn Search + 'a>,
    n_chosen: usize,
    /// The last candidates, and the points that were found nearer to one of them, if these are kept.
    found: Option<(Vec<usize>, Vec<Vec<NearPair>>)>,
    /// For each original point, its place in the tree, if there is one.
    places: Vec<u32>,
    /// For each point worked on.
    sq_dists: Vec<f64>,
    /// Added and subtracted again, this rounds to the unit.
    splitter: f64,
    /// The sums over blocks of the original points.
    block_sums: Vec<f64>,
    /// The sum over all points.
    total: f64,
    /// The sum when the unit was chosen.
    total_then: f64,
}

impl<'a, F: Float> Potential<'a, F> {
    /// The potential with one centroid, a row.
    pub(super) fn new(prepared: &'a Prepared<'a, F>, first: usize) -> Self {
        let points = prepared.points;
        let searched = Searched::new(prepared);
        let mut search = searched.search(prepared);
        let sq_dists = sq_dists_to(searched.points, points.rows().row(first));
        search.add(first, &mut [].iter(), &sq_dists);
        let mut potential = Self {
            prepared,
            places: searched.places(),
            searched,
            search,
            n_chosen: 1,
            found: None,
            sq_dists,
            splitter: 0.0,
            block_sums: Vec::new(),
            total: 0.0,
            total_then: 0.0,
        };
        potential.sum_up();
        potential
    }

    /// The sum over all points.
    pub(super) fn total(&self) -> f64 {
        self.total
    }

    /// The squared distance of an original point.
    pub(super) fn sq_dist(&self, row: usize) -> f64 {
        let place = self.places.get(row).map_or(row, |&place| place as usize);
        self.sq_dists[place]
    }

    /// What an original point adds to the sum, before rounding.
    fn term(&self, row: usize) -> f64 {
        self.prepared.points.weight(row) * self.sq_dist(row)
    }

    fn round(&self, term: f64) -> f64 {
        (term + self.splitter) - self.splitter
    }

    /// Chooses the unit, and adds up.
    fn sum_up(&mut self) {
        let n = self.prepared.points.len();
        let add_up = |potential: &Self, rounds: bool| -> Vec<f64> {
            Blocks::new(n, BLOCK, 4 * n).map(|range| {
                let terms = range.map(|row| potential.term(row));
                if rounds {
                    terms.map(|term| potential.round(term)).sum()
                } else {
                    terms.sum::<f64>()
                }
            })
        };
        let total: f64 = add_up(self, false).iter().sum();
        // The unit is 2^-50 of a power of two above the sum.
        self.splitter = splitter(exponent_above(total) - 50);
        self.block_sums = add_up(self, true);
        self.total = self.block_sums.iter().sum();
        self.total_then = self.total;
    }

    /// A row drawn with probability proportional to weight times squared distance: the block
    /// first, then the row in it.
    pub(super) fn draw_row(&self, stream: &mut Stream) -> usize {
        let mut left = stream.uniform() * self.total;
        let mut drawn = None;
        for (block, &sum) in self.block_sums.iter().enumerate() {
            if sum > 0.0 {
                drawn = Some(block);
                if left < sum {
                    break;
                }
                left -= sum;
            }
        }
        // NOTE: sums are exact, but the uniform number times the total is rounded, and may be the
        // total itself. The last block or row that has a part in the sum is then the one meant.
        let block = drawn.expect("the sum is positive, so a block has a part in it");
        let mut drawn = None;
        for row in block * BLOCK..self.prepared.points.len().min((block + 1) * BLOCK) {
            let mass = self.round(self.term(row));
            if mass > 0.0 {
                drawn = Some(row);
                if left < mass {
                    break;
                }
                left -= mass;
            }
        }
        drawn.expect("the sum of the block is positive, so a row has a part in it")
    }

    /// How much smaller the sum would be with each of these rows as a centroid.
    pub(super) fn drops(&mut self, candidates: &[usize]) -> Vec<f64> {
        self.found = None;
        if self.searched.is_exhaustive() && self.n_chosen < CROWDED * candidates.len() {
            return self.drops_of_all(candidates);
        }
        let drop = |found: &NearPair| {
            let (before, weight) = (
                self.sq_dists[found.point],
                self.searched.weight(found.point),
            );
            let less = self.round(weight * before) - self.round(weight * found.sq_dist);
            self.searched.n_originals(found.point) * less
        };
        // A part keeps no more than its share.
        let most = BLOCK + (KEPT * self.sq_dists.len() as f64) as usize / PARTS;
        let collect = |nearer: &[NearPair]| {
            let mut drops = vec![0.0; candidates.len()];
            for found in nearer {
                drops[found.target as usize] += drop(found);
            }
            let pairs = (nearer.len() <= most).then(|| nearer.to_vec());
            Found { drops, pairs }
        };
        let parts = self.search.find(candidates, &self.sq_dists, &collect);
        let mut drops = vec![0.0; candidates.len()];
        for part in &parts {
            drops.iter_mut().zip(&part.drops).for_each(|(a, b)| *a += b);
        }
        let pairs: Option<Vec<_>> = parts.into_iter().map(|part| part.pairs).collect();
        self.found = pairs.map(|pairs| (candidates.to_vec(), pairs));
        drops
    }

    /// [`drops`](Self::drops) without a list of the points found.
    fn drops_of_all(&self, candidates: &[usize]) -> Vec<f64> {
        let points = self.prepared.points;
        let targets = points.values_of(candidates);
        let targets = Rows::new(&targets, points.n_features());
        let work = parallel::work(points.len(), candidates.len(), points.n_features());
        let drops = |range: std::ops::Range<usize>| {
            let mut drops = [0.0; MAX_TARGETS];
            let rows = points.rows().slice(range.clone());
            let terms = self.terms(range.clone());
            let closest = &self.sq_dists[range];
            let own = &mut drops[..targets.len()];
            points
                .kernels
                .potential_drops(&rows, &targets, terms, closest, own);
            drops
        };
        let added = |a: [f64; MAX_TARGETS], b: [f64; MAX_TARGETS]| {
            std::array::from_fn(|target| a[target] + b[target])
        };
        let blocks = Blocks::new(points.len(), BLOCKS * BLOCK, work);
        let drops = blocks.reduce(drops, added).expect("there is a point");
        drops[..candidates.len()].to_vec()
    }

    fn terms(&self, range: std::ops::Range<usize>) -> PotentialTerms<'_, F> {
        PotentialTerms {
            weights: self
                .prepared
                .points
                .weights()
                .map(|weights| &weights[range]),
            splitter: self.splitter,
        }
    }

    /// Adds a row as a centroid.
    pub(super) fn add(&mut self, row: usize) {
        match self.found.take() {
            Some((candidates, found)) if candidates.contains(&row) => {
                let is_own = |found: &&NearPair| candidates[found.target as usize] == row;
                // NOTE: a row that was drawn twice was found twice.
                self.update(row, found.iter().flatten().filter(is_own));
            }
            _ if self.searched.is_exhaustive() => self.update_all(row),
            _ => {
                let collect = |nearer: &[NearPair]| Found {
                    drops: Vec::new(),
                    pairs: Some(nearer.to_vec()),
                };
                let parts = self.search.find(&[row], &self.sq_dists, &collect);
                let found = parts.iter().flat_map(|part| part.pairs.iter().flatten());
                self.update(row, found);
            }
        }
        self.n_chosen += 1;
        self.total = self.block_sums.iter().sum();
        if self.total * REFINED < self.total_then {
            self.sum_up();
        }
    }

    /// Lowers the distances of the points found to those to a row, and the sums with them.
    fn update<'b>(&mut self, row: usize, found: impl Iterator<Item = &'b NearPair> + Clone) {
        for found in found.clone() {
            let place = found.point;
            let before = std::mem::replace(&mut self.sq_dists[place], found.sq_dist);
            let weight = self.searched.weight(place);
            let less = self.round(weight * before) - self.round(weight * found.sq_dist);
            for row in self.searched.originals(place) {
                self.block_sums[row / BLOCK] -= less;
            }
        }
        self.search.add(row, &mut { found }, &self.sq_dists);
    }

    /// [`update`](Self::update) without a list of the points found.
    fn update_all(&mut self, row: usize) {
        let points = self.prepared.points;
        let target = points.rows().row(row);
        let work = points.len() * (points.n_features() + 4);
        let splitter = self.splitter;
        let blocks = Blocks::new(self.block_sums.len(), BLOCKS, work);
        let sq_dists = PerItem(&mut self.sq_dists, BLOCK);
        blocks.fill(
            (&mut self.block_sums[..], sq_dists),
            |blocks, (sums, closest)| {
                let pairs = blocks.zip(sums.iter_mut().zip(closest.chunks_mut(BLOCK)));
                for (block, (sum, closest)) in pairs {
                    let range = block * BLOCK..block * BLOCK + closest.len();
                    let rows = points.rows().slice(range.clone());
                    let terms = PotentialTerms {
                        weights: points.weights().map(|weights| &weights[range]),
                        splitter,
                    };
                    *sum -= points.kernels.update_min(&rows, target, terms, closest);
                }
            },
        );
    }
}

/// The squared distances of all points to a row.
fn sq_dists_to<F: Float>(points: &Points<'_, F>, row: &[F]) -> Vec<f64> {
    let mut sq_dists = vec![0.0; points.len()];
    let work = parallel::work(points.len(), 1, row.len() + 4);
    let blocks = Blocks::new(points.len(), BLOCKS * BLOCK, work);
    blocks.fill(&mut sq_dists[..], |range, out| {
        let row = Rows::new(row, row.len());
        points
            .kernels
            .sq_dists(&points.rows().slice(range), &row, out);
    });
    sq_dists
}
