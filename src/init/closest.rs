//! The squared distance of every point to the nearest of the centroids chosen so far, and the sum
//! of all, which k-means++ draws by.
//!
//! What a point adds to the sum, its weight times its squared distance, is rounded to a multiple of
//! a power of two so large that all partial sums fit an f64. So sums are exact: they do not depend on
//! the order of addition, and when a centroid is added, only the points that are nearer to it than
//! to the others need be looked at. Those are found without measuring the others:
//!
//! - where there is a tree, a box is passed over if it is farther from the centroid than all its
//!   points are from theirs (E. Raff, *Exact acceleration of k-means++ and k-means||*, IJCAI 2021,
//!   has such tests for points);
//! - otherwise scores, of sketches where there are any, rule points out.

use std::ops::Range;

use crate::float::Float;
use crate::float::private::Sealed;
use crate::kernels::{Groups, Known, NO_LABEL, Nearer, PANEL, Packed, Rows};
use crate::parallel::{self, BLOCK};
use crate::prepared::{Prepared, Tree};
use crate::random::Stream;

/// When the sum has fallen by this factor, its terms are rounded anew, more finely.
const FALLS: f64 = 1024.0;

pub(super) struct Closest<'a, F: Float> {
    prepared: &'a Prepared<'a, F>,
    /// The tree, where it can be used, and for each node the largest squared distance below.
    tree: Option<(&'a Tree<F>, Vec<f64>)>,
    /// For each original point its place in the tree.
    places: Vec<u32>,
    /// For each point worked on.
    sq_dists: Vec<f64>,
    /// Where points are scored: the centroids so far, and which of them each point is nearest to.
    chosen: Vec<F>,
    owners: Vec<u32>,
    /// Added and subtracted again, this rounds to the unit.
    splitter: f64,
    /// The sums over blocks of the original points.
    block_sums: Vec<f64>,
    /// The sum over all points.
    total: f64,
    /// When the unit was chosen.
    total_then: f64,
}

impl<'a, F: Float> Closest<'a, F> {
    /// IN: `sq_dist`, that of every point before there is a centroid.
    pub(super) fn new(prepared: &'a Prepared<'a, F>, sq_dist: f64) -> Self {
        // Points of different weights are not one in the sums.
        let tree = prepared.tree.as_ref();
        let tree = tree.filter(|_| prepared.points.weights().is_none());
        let n_working = tree.map_or(prepared.points.len(), |tree| tree.points.len());
        let mut closest = Self {
            prepared,
            places: tree.map_or(Vec::new(), |tree| {
                tree.spread(&(0..n_working as u32).collect::<Vec<u32>>())
            }),
            tree: tree.map(|tree| (tree, vec![sq_dist; 2 << tree.depth()])),
            sq_dists: vec![sq_dist; n_working],
            chosen: Vec::new(),
            owners: vec![0; if scores(prepared) { n_working } else { 0 }],
            splitter: 0.0,
            block_sums: Vec::new(),
            total: 0.0,
            total_then: 0.0,
        };
        if sq_dist.is_finite() {
            closest.sum_up();
        }
        closest
    }

    /// The sum over all points.
    pub(super) fn total(&self) -> f64 {
        self.total
    }

    /// What an original point adds to the sum, before rounding.
    fn term(&self, row: usize) -> f64 {
        let place = self.places.get(row).map_or(row, |&place| place as usize);
        self.prepared.points.weight(row) * self.sq_dists[place]
    }

    fn round(&self, term: f64) -> f64 {
        (term + self.splitter) - self.splitter
    }

    /// Chooses the unit, and adds up.
    fn sum_up(&mut self) {
        let n = self.prepared.points.len();
        let add_up = |closest: &Self, rounds: bool| -> Vec<f64> {
            parallel::map_blocks(n, BLOCK, 4 * n, |range| {
                let terms = range.map(|row| closest.term(row));
                if rounds {
                    terms.map(|term| closest.round(term)).sum()
                } else {
                    terms.sum::<f64>()
                }
            })
        };
        let total: f64 = add_up(self, false).iter().sum();
        // The unit is 2^-50 of a power of two above the sum.
        let exponent = (total.to_bits() >> 52) as i64 - 1022;
        let place = (exponent - 50 + 52).max(-1022) + 1023;
        self.splitter = 1.5 * f64::from_bits((place as u64) << 52);
        self.block_sums = add_up(self, true);
        self.total = self.block_sums.iter().sum();
        self.total_then = self.total;
    }

    /// A row drawn with probability proportional to weight times squared distance: the block
    /// first, then the row in it.
    pub(super) fn draw(&self, stream: &mut Stream) -> usize {
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
    pub(super) fn gains(&self, candidates: &[usize]) -> Vec<f64> {
        let targets = Targets::new(self.prepared, candidates, &self.chosen);
        let added = |mut a: Vec<f64>, b: Vec<f64>| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        };
        let gain = |place: usize, sq_dist: f64| {
            let (before, weight) = (self.sq_dists[place], self.weight(place));
            let copies = self.copies(place);
            copies * (self.round(weight * before) - self.round(weight * sq_dist))
        };
        let parts = self.map_nearer(&targets, |nearer| {
            let mut gains = vec![0.0; candidates.len()];
            for found in nearer {
                gains[found.candidate as usize] += gain(found.point, found.sq_dist);
            }
            gains
        });
        parts.into_iter().fold(vec![0.0; candidates.len()], added)
    }

    /// Takes a row in as a centroid.
    pub(super) fn add(&mut self, row: usize) {
        let is_first = self.block_sums.is_empty();
        let targets = Targets::new(self.prepared, &[row], &self.chosen);
        let d = self.prepared.points.n_features();
        let number = (self.chosen.len() / d) as u32;
        let parts = self.map_nearer(&targets, <[Nearer]>::to_vec);
        for found in parts.into_iter().flatten() {
            let place = found.point;
            let before = std::mem::replace(&mut self.sq_dists[place], found.sq_dist);
            if let Some(owner) = self.owners.get_mut(place) {
                *owner = number;
            }
            if is_first {
                continue;
            }
            let weight = self.weight(place);
            let less = self.round(weight * before) - self.round(weight * found.sq_dist);
            let mut subtract = |row: usize| self.block_sums[row / BLOCK] -= less;
            match &self.tree {
                None => subtract(place),
                Some((tree, _)) => {
                    let originals = tree.originals(place).iter();
                    originals.for_each(|&row| subtract(row as usize));
                }
            }
        }
        if !self.owners.is_empty() {
            self.chosen.extend_from_slice(&targets.values);
        }
        self.set_largest();
        self.total = self.block_sums.iter().sum();
        if is_first || self.total * FALLS < self.total_then {
            self.sum_up();
        }
    }

    fn weight(&self, place: usize) -> f64 {
        // In the tree no weights were given.
        match self.tree {
            None => self.prepared.points.weight(place),
            Some(_) => 1.0,
        }
    }

    /// How many original points one stands for.
    fn copies(&self, place: usize) -> f64 {
        self.tree
            .as_ref()
            .map_or(1.0, |(tree, _)| tree.originals(place).len() as f64)
    }

    /// The results of `f` for the points that are nearer to a target than to all centroids, in parts.
    fn map_nearer<R: Send>(
        &self,
        targets: &Targets<F>,
        f: impl Fn(&[Nearer]) -> R + Sync,
    ) -> Vec<R> {
        if let Some((tree, largest)) = &self.tree {
            let level = tree.depth().min(6);
            let work = self.sq_dists.len();
            return parallel::map(1 << level, work, |index| {
                let mut nearer = Vec::new();
                for target in 0..targets.len() {
                    let node = ((1 << level) + index, level);
                    self.search(tree, largest, targets, target, node, &mut nearer);
                }
                f(&nearer)
            });
        }
        let points = self.prepared.points;
        let width = points.n_features().min(64);
        let work = parallel::work(points.len(), PANEL, width);
        parallel::map_parts(points.len(), work, |part| {
            let mut nearer = Vec::new();
            for start in part.clone().step_by(BLOCK) {
                let range = start..part.end.min(start + BLOCK);
                targets.find_nearer(self, range, &mut nearer);
            }
            f(&nearer)
        })
    }

    /// OUT: `nearer`, to which the points below a node are added that are nearer to a target.
    fn search(
        &self,
        tree: &Tree<F>,
        largest: &[f64],
        targets: &Targets<F>,
        target: usize,
        (node, level): (usize, u32),
        nearer: &mut Vec<Nearer>,
    ) {
        let rows = tree.rows(node, level);
        let row = targets.rows().row(target);
        if rows.is_empty() || sq_dist_to_box(row, tree.corners(node)) >= largest[node] {
            return;
        }
        if level < tree.depth() {
            self.search(
                tree,
                largest,
                targets,
                target,
                (2 * node, level + 1),
                nearer,
            );
            self.search(
                tree,
                largest,
                targets,
                target,
                (2 * node + 1, level + 1),
                nearer,
            );
            return;
        }
        f64::with_scratch(rows.len(), |sq_dists| {
            let points = tree.points.rows().slice(rows.clone());
            let target_row = Rows::new(row, row.len());
            tree.points.kernels.sq_dists(&points, &target_row, sq_dists);
            for (place, &mut sq_dist) in rows.zip(sq_dists) {
                if sq_dist < self.sq_dists[place] {
                    nearer.push(Nearer {
                        point: place,
                        candidate: target as u32,
                        sq_dist,
                    });
                }
            }
        });
    }

    /// Brings the largest distances of the nodes up to date.
    fn set_largest(&mut self) {
        let Some((tree, largest)) = &mut self.tree else {
            return;
        };
        let first = 1 << tree.depth();
        let sq_dists = &self.sq_dists;
        let work = sq_dists.len();
        parallel::fill_blocks(&mut largest[first..], 1, 64, work, |leaves, largest| {
            for (leaf, largest) in leaves.zip(largest) {
                let rows = tree.rows(first + leaf, tree.depth());
                *largest = sq_dists[rows]
                    .iter()
                    .fold(0.0, |a, &b| if b > a { b } else { a });
            }
            0
        });
        for node in (1..first).rev() {
            largest[node] = largest[2 * node].max(largest[2 * node + 1]);
        }
    }
}

/// At most the squared distance of a point to any in a box.
fn sq_dist_to_box<F: Float>(row: &[F], corners: &[f64]) -> f64 {
    let (low, high) = corners.split_at(row.len());
    let mut sum = 0.0;
    for (x, (low, high)) in row.iter().zip(low.iter().zip(high)) {
        let outside = (low - x.to_f64()).max(x.to_f64() - high).max(0.0);
        sum += outside * outside;
    }
    let rounding = 4.0 * (row.len() + 8) as f64 * f64::UNIT_ROUNDOFF;
    sum * (1.0 - rounding) - row.len() as f64 * f64::MIN_POSITIVE
}

/// Rows that may become centroids, made ready.
struct Targets<F> {
    values: Vec<F>,
    n_features: usize,
    /// With their scores, a panel at a time, where those are of use.
    panels: Vec<(Packed<F>, Groups<F>)>,
    /// For each centroid so far how far from it, squared, a point must be to be nearer to a target:
    /// by the triangle inequality, half as far as the target.
    reaches: Vec<f64>,
}

/// Whether scores, and the triangle inequality, rule points out.
///
/// PERF: with few features, or a tree, distances take no longer: choosing 100 of 200,000 x 16 took
/// 0.35 s by distances, 0.54 s by scores.
fn scores<F: Float>(prepared: &Prepared<'_, F>) -> bool {
    prepared.points.n_features() >= 32 && prepared.tree.is_none()
}

impl<F: Float> Targets<F> {
    fn new(prepared: &Prepared<'_, F>, rows: &[usize], chosen: &[F]) -> Self {
        let n_features = prepared.points.n_features();
        let values = super::gather(prepared.points, rows);
        let panel = |values: &[F]| {
            let packed = Packed::new(&Rows::new(values, n_features));
            let mut order: Vec<u32> = (0..packed.len() as u32).collect();
            order.resize(PANEL, NO_LABEL);
            let mut groups = Groups::new(order, 1);
            match &prepared.sketch {
                None => groups.update(&packed, None, None),
                Some(sketch) => {
                    let (rows, errors) = sketch.of_others(prepared.points, &packed.rows());
                    groups.update(&packed, Some(sketch.sketched(&rows, &errors)), None);
                }
            }
            (packed, groups)
        };
        let mut reaches = vec![f64::NEG_INFINITY];
        let mut panels = Vec::new();
        if scores(prepared) {
            panels.extend(values.chunks(PANEL * n_features).map(panel));
            if !chosen.is_empty() {
                let chosen = Rows::new(chosen, n_features);
                let targets = Rows::new(&values, n_features);
                let mut sq_dists = vec![0.0; chosen.len() * targets.len()];
                let kernels = prepared.points.kernels;
                kernels.sq_dists(&chosen, &targets, &mut sq_dists);
                reaches = vec![f64::INFINITY; chosen.len()];
                for of_target in sq_dists.chunks_exact(chosen.len()) {
                    let pairs = reaches.iter_mut().zip(of_target);
                    pairs.for_each(|(reach, sq_dist)| *reach = reach.min(*sq_dist));
                }
                // So far that rounding does not matter.
                let rounding = 32.0 * (n_features + 8) as f64;
                for reach in &mut reaches {
                    *reach = *reach / 4.0 * (1.0 - rounding * f64::UNIT_ROUNDOFF)
                        - rounding * f64::MIN_POSITIVE;
                }
            }
        }
        Self {
            values,
            n_features,
            panels,
            reaches,
        }
    }

    fn rows(&self) -> Rows<'_, F> {
        Rows::new(&self.values, self.n_features)
    }

    fn len(&self) -> usize {
        self.rows().len()
    }

    /// OUT: `nearer`, to which the points of a range are added that are nearer to a target than to
    /// their centroids.
    fn find_nearer(&self, closest: &Closest<'_, F>, range: Range<usize>, nearer: &mut Vec<Nearer>) {
        let (points, sketch) = (closest.prepared.points, &closest.prepared.sketch);
        let rows = points.rows().slice(range.clone());
        let owners = closest.owners.get(range.clone()).unwrap_or_default();
        let closest = &closest.sq_dists[range.clone()];
        let before = nearer.len();
        for (number, (packed, groups)) in self.panels.iter().enumerate() {
            let sketched = sketch.as_ref().map(|sketch| sketch.of_rows(range.clone()));
            let begin = nearer.len();
            let kernels = points.kernels;
            let known = Known {
                closest,
                owners,
                reaches: &self.reaches,
            };
            kernels.find_nearer(&rows, packed, groups, sketched, known, nearer);
            for found in &mut nearer[begin..] {
                found.candidate += (number * PANEL) as u32;
            }
        }
        if self.panels.is_empty() {
            f64::with_scratch(rows.len() * self.len(), |sq_dists| {
                points.kernels.sq_dists(&rows, &self.rows(), sq_dists);
                for (target, sq_dists) in sq_dists.chunks_exact(rows.len()).enumerate() {
                    for (point, (&sq_dist, &closest)) in sq_dists.iter().zip(closest).enumerate() {
                        if sq_dist < closest {
                            nearer.push(Nearer {
                                point,
                                candidate: target as u32,
                                sq_dist,
                            });
                        }
                    }
                }
            });
        }
        for found in &mut nearer[before..] {
            found.point += range.start;
        }
    }
}
