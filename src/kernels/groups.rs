//! Nearest centroids with bounds: one upper bound for each point, and a lower one for each point
//! and group of centroids.
//!
//! ```text
//! for each point
//!     upper  >= the distance to its centroid              grows by that centroid's shift
//!     lower_g <= the distances to the others of group g   falls by the largest shift in the group
//!     where upper < every lower_g: nothing to do
//!     else measure upper; where upper >= lower_g: score the group, PANEL centroids at a time
//! ```
//!
//! Y. Ding et al., *Yinyang k-means: a drop-in replacement of the classic k-means with consistent
//! speedup*, ICML 2015.
//!
//! Every bound is rounded outward. A score only rules a centroid out; where it does not, the
//! distance that decides is computed, [`sq_dist`]. So the label is that of the plain kernel.

use super::packed::Slack;
use super::simd::{MAX_LANES, Simd};
use super::{Assigned, NO_LABEL, Packed, Rows, nearest_row, sq_dist};
use crate::float::Float;

/// Centroids that are scored together, one per lane.
pub(crate) const PANEL: usize = 16;
/// Points that are brought into the frame together.
const BATCH: usize = 32;

/// Centroids in groups of neighbours.
#[derive(Clone, Debug)]
pub(crate) struct Groups<F> {
    /// The centroids, panel by panel, [`NO_LABEL`] in places that are left over.
    order: Vec<u32>,
    /// For each centroid its place in `order`.
    place: Vec<u32>,
    /// Panels in a group.
    panels: usize,
    /// For each panel `PANEL` values `|c'|^2 / 2`, then for each feature `PANEL` values `-c'`.
    tiles: Vec<F>,
    /// How far each centroid has moved since the bounds were made, at least.
    shifts: Vec<F>,
    /// The largest of each group.
    group_shifts: Vec<F>,
}

impl<F: Float> Groups<F> {
    /// IN: `order`, a whole number of panels, in groups of `panels`.
    pub(crate) fn new(order: Vec<u32>, panels: usize) -> Self {
        let n_clusters = order.iter().filter(|&&c| c != NO_LABEL).count();
        let mut place = vec![0; n_clusters];
        for (i, &c) in order.iter().enumerate() {
            if c != NO_LABEL {
                place[c as usize] = i as u32;
            }
        }
        Self {
            place,
            panels,
            tiles: Vec::new(),
            shifts: vec![F::ZERO; n_clusters],
            group_shifts: vec![F::ZERO; order.len().div_ceil(PANEL * panels)],
            order,
        }
    }

    /// The number of groups.
    pub(crate) fn len(&self) -> usize {
        self.group_shifts.len()
    }

    /// Takes in where the centroids are now, and how far each has come.
    pub(crate) fn update(&mut self, centroids: &Packed<F>, before: Option<&Rows<'_, F>>) {
        let rows = centroids.rows();
        if let Some(before) = before {
            for ((shift, before), after) in
                self.shifts.iter_mut().zip(before.iter()).zip(rows.iter())
            {
                *shift = above::<F>(sq_dist(before, after), rows.n_features());
            }
        }
        for (shift, order) in self
            .group_shifts
            .iter_mut()
            .zip(self.order.chunks(PANEL * self.panels))
        {
            let shifts = order.iter().filter(|&&c| c != NO_LABEL);
            let larger = |a: F, b: F| if b > a { b } else { a };
            *shift = shifts
                .map(|&c| self.shifts[c as usize])
                .fold(F::ZERO, larger);
        }
        let (centre, scale) = (centroids.centre(), centroids.scale);
        let size = PANEL * (1 + rows.n_features());
        self.tiles.clear();
        self.tiles.resize(self.order.len() / PANEL * size, F::ZERO);
        for (tile, order) in self
            .tiles
            .chunks_exact_mut(size)
            .zip(self.order.chunks(PANEL))
        {
            let (halves, coordinates) = tile.split_at_mut(PANEL);
            halves.fill(F::INFINITY);
            for (lane, &c) in order.iter().enumerate().filter(|&(_, &c)| c != NO_LABEL) {
                let mut sq_norm = 0.0;
                for (j, (&c, &m)) in rows.row(c as usize).iter().zip(centre).enumerate() {
                    let c = (c - m) * scale;
                    sq_norm += c.to_f64() * c.to_f64();
                    coordinates[j * PANEL + lane] = -c;
                }
                halves[lane] = F::from_f64(sq_norm / 2.0);
            }
        }
    }
}

/// At least the square root of a distance that [`sq_dist`] computed.
fn above<F: Float>(sq_dist: f64, n_features: usize) -> F {
    let rounding = 1.0 + (n_features + 8) as f64 * f64::UNIT_ROUNDOFF + 2.0 * F::UNIT_ROUNDOFF;
    F::from_f64((sq_dist + n_features as f64 * f64::MIN_POSITIVE).sqrt() * rounding)
        + F::SMALLEST_NORMAL
}

/// At most that.
fn below<F: Float>(sq_dist: f64, n_features: usize) -> F {
    let rounding = 1.0 - (n_features + 8) as f64 * f64::UNIT_ROUNDOFF - 2.0 * F::UNIT_ROUNDOFF;
    F::from_f64(
        (sq_dist - n_features as f64 * f64::MIN_POSITIVE)
            .max(0.0)
            .sqrt()
            * rounding,
    ) - F::SMALLEST_NORMAL
}

/// What is known of the points of a block.
#[derive(Debug)]
pub(crate) struct Bounds<'a, F> {
    pub(crate) labels: &'a mut [u32],
    /// One for each point; infinite before the first time.
    pub(crate) upper: &'a mut [F],
    /// `len` for each group; zero before the first time.
    pub(crate) lower: &'a mut [F],
}

/// What stays the same for all points of a block.
struct Frame<'a, F: Float> {
    points: &'a Rows<'a, F>,
    centroids: &'a Packed<F>,
    groups: &'a Groups<F>,
    slack: Slack<F>,
    sq_scale: f64,
    inverse_scale: F,
}

/// A point on its way to its nearest centroid.
#[derive(Clone, Copy)]
struct Open {
    row: usize,
    /// The smallest [`sq_dist`] so far, of the centroid of the label.
    sq_dist: f64,
}

/// IN: points, centroids, and the same in groups. IN, OUT: `bounds`. `scratch` is workspace of
/// [`scratch_len`] values. `R` points are scored at a time, each against `V` vectors of centroids.
#[inline(always)]
pub(super) fn nearest_bounded<F: Float, S: Simd<F>, const R: usize, const V: usize>(
    simd: S,
    points: &Rows<'_, F>,
    centroids: &Packed<F>,
    groups: &Groups<F>,
    bounds: Bounds<'_, F>,
    scratch: &mut [F],
) -> Assigned {
    let frame = Frame {
        points,
        centroids,
        groups,
        slack: centroids.slack(),
        sq_scale: centroids.scale.to_f64() * centroids.scale.to_f64(),
        inverse_scale: F::ONE / centroids.scale,
    };
    let Bounds {
        labels,
        upper,
        lower,
    } = bounds;
    let len = labels.len();
    let (closest, scratch) = scratch.split_at_mut(len);
    loosen(groups, labels, upper, lower, closest);
    let mut assigned = Assigned::default();
    let mut batch = [Open {
        row: 0,
        sq_dist: f64::INFINITY,
    }; BATCH];
    let mut in_batch = 0;
    for row in 0..len {
        let rules_out = upper[row] < closest[row];
        if !rules_out || labels[row] == NO_LABEL {
            let mut open = Open {
                row,
                sq_dist: f64::INFINITY,
            };
            if labels[row] != NO_LABEL {
                let own = centroids.rows();
                open.sq_dist = sq_dist(points.row(row), own.row(labels[row] as usize));
                upper[row] = above(open.sq_dist, points.n_features());
                assigned.distances += 1;
                if upper[row] < closest[row] {
                    continue;
                }
            }
            batch[in_batch] = open;
            in_batch += 1;
        }
        if in_batch == BATCH || (row + 1 == len && in_batch > 0) {
            let batch = &mut batch[..std::mem::take(&mut in_batch)];
            let bounds = Bounds {
                labels: &mut *labels,
                upper: &mut *upper,
                lower: &mut *lower,
            };
            assigned += search::<F, S, R, V>(simd, &frame, batch, bounds, scratch);
        }
    }
    // NOTE: the loop may end with `continue`, a batch being open.
    if in_batch > 0 {
        let bounds = Bounds {
            labels,
            upper,
            lower,
        };
        assigned += search::<F, S, R, V>(simd, &frame, &mut batch[..in_batch], bounds, scratch);
    }
    assigned
}

/// The values of workspace for a block of `len` points.
pub(super) fn scratch_len(len: usize, n_features: usize) -> usize {
    len + BATCH * n_features
}

/// Moves the bounds by what the centroids have moved. OUT: `closest`, the smallest lower bound.
#[inline(always)]
fn loosen<F: Float>(
    groups: &Groups<F>,
    labels: &[u32],
    upper: &mut [F],
    lower: &mut [F],
    closest: &mut [F],
) {
    let shrink = F::from_f64(1.0 - 4.0 * F::UNIT_ROUNDOFF);
    let grow = F::from_f64(1.0 + 4.0 * F::UNIT_ROUNDOFF);
    for (upper, &label) in upper.iter_mut().zip(labels) {
        if let Some(&shift) = groups.shifts.get(label as usize) {
            *upper = (*upper + shift) * grow;
        }
    }
    closest.fill(F::INFINITY);
    for (lower, &shift) in lower
        .chunks_exact_mut(closest.len())
        .zip(&groups.group_shifts)
    {
        for (lower, closest) in lower.iter_mut().zip(&mut *closest) {
            *lower = *lower * shrink - shift;
            *closest = if *lower < *closest { *lower } else { *closest };
        }
    }
}

/// Finds the nearest centroids of the points of a batch, whose own distances are tight.
#[inline(always)]
fn search<F: Float, S: Simd<F>, const R: usize, const V: usize>(
    simd: S,
    frame: &Frame<'_, F>,
    batch: &mut [Open],
    bounds: Bounds<'_, F>,
    scratch: &mut [F],
) -> Assigned {
    let d = frame.points.n_features();
    let (centre, scale) = (frame.centroids.centre(), frame.centroids.scale);
    let mut sq_norms = [F::ZERO; BATCH];
    let mut before = [NO_LABEL; BATCH];
    for (i, open) in batch.iter().enumerate() {
        let framed = &mut scratch[i * d..][..d];
        let row = frame.points.row(open.row).iter().zip(centre);
        for (framed, (&x, &m)) in framed.iter_mut().zip(row) {
            *framed = (x - m) * scale;
        }
        sq_norms[i] = sq_norm(simd, framed);
        before[i] = bounds.labels[open.row];
    }
    let Bounds {
        labels,
        upper,
        lower,
    } = bounds;
    let len = labels.len();
    let mut assigned = Assigned::default();
    for (open, sq_norm) in batch.iter().zip(sq_norms) {
        if !sq_norm.is_finite() {
            // So far away that scores overflow.
            let row = frame.points.row(open.row);
            let (label, sq_dist) = nearest_row(row, &frame.centroids.rows());
            labels[open.row] = label;
            upper[open.row] = above(sq_dist, d);
            let own = lower.iter_mut().skip(open.row).step_by(len);
            own.for_each(|lower| *lower = F::ZERO);
            assigned.distances += frame.centroids.len();
        }
    }
    for group in 0..frame.groups.len() {
        let mut wanted = [0; BATCH];
        let mut n_wanted = 0;
        for (i, open) in batch.iter().enumerate() {
            wanted[n_wanted] = i;
            let rules_out = upper[open.row] < lower[group * len + open.row];
            n_wanted += usize::from(!rules_out && sq_norms[i].is_finite());
        }
        let wanted = &wanted[..n_wanted];
        let n_panels = frame.groups.order.len() / PANEL;
        let first = group * frame.groups.panels;
        for panel in first..n_panels.min(first + frame.groups.panels) {
            let mut score = |chunk: &[usize], scores: &[[F; PANEL]]| {
                for (&i, scores) in chunk.iter().zip(scores) {
                    let row = batch[i].row;
                    let mut point = Point {
                        labels: &mut labels[row],
                        upper: &mut upper[row],
                        lower: &mut *lower,
                        len,
                        open: &mut batch[i],
                        is_first: panel == first,
                    };
                    assigned.distances += point.offer(frame, panel, scores);
                }
            };
            let (chunks, rest) = wanted.as_chunks::<R>();
            for chunk in chunks {
                let scores =
                    score_panel::<F, S, R, V>(simd, frame, panel, scratch, chunk, &sq_norms);
                score(chunk, &scores);
            }
            for &i in rest {
                let scores =
                    score_panel::<F, S, 1, V>(simd, frame, panel, scratch, &[i], &sq_norms);
                score(&[i], &scores);
            }
        }
    }
    let changed = batch
        .iter()
        .zip(before)
        .filter(|(open, before)| labels[open.row] != *before);
    assigned.reassigned = changed.count();
    assigned
}

#[inline(always)]
fn sq_norm<F: Float, S: Simd<F>>(simd: S, framed: &[F]) -> F {
    let mut sums = simd.splat(F::ZERO);
    let whole = framed.len() - framed.len() % S::LANES;
    for start in (0..whole).step_by(S::LANES) {
        let x = simd.load(&framed[start..]);
        sums = simd.mul_add(x, x, sums);
    }
    let mut lanes = [F::ZERO; MAX_LANES];
    simd.store(sums, &mut lanes);
    let mut sum = F::ZERO;
    lanes[..S::LANES].iter().for_each(|&lane| sum += lane);
    framed[whole..].iter().for_each(|&x| sum += x * x);
    sum
}

/// Lower bounds of the squared distances, in the frame, of some points and the centroids of a panel.
#[inline(always)]
fn score_panel<F: Float, S: Simd<F>, const R: usize, const V: usize>(
    simd: S,
    frame: &Frame<'_, F>,
    panel: usize,
    framed: &[F],
    chunk: &[usize; R],
    sq_norms: &[F; BATCH],
) -> [[F; PANEL]; R] {
    let d = frame.points.n_features();
    let size = PANEL * (1 + d);
    let (halves, coordinates) = frame.groups.tiles[panel * size..][..size].split_at(PANEL);
    let mut score = [[simd.splat(F::ZERO); V]; R];
    for score in &mut score {
        for v in 0..V {
            score[v] = simd.load(&halves[v * S::LANES..]);
        }
    }
    let mut rows = [&framed[..d]; R];
    for (row, &i) in rows.iter_mut().zip(chunk) {
        *row = &framed[i * d..][..d];
    }
    let (columns, _) = coordinates.as_chunks::<PANEL>();
    for (j, column) in columns[..d].iter().enumerate() {
        let mut c = [simd.splat(F::ZERO); V];
        for v in 0..V {
            c[v] = simd.load(&column[v * S::LANES..]);
        }
        for r in 0..R {
            let x = simd.splat(rows[r][j]);
            for v in 0..V {
                score[r][v] = simd.mul_add(x, c[v], score[r][v]);
            }
        }
    }
    let (two, lowest) = (simd.splat(F::ONE + F::ONE), simd.splat(-F::INFINITY));
    let mut out = [[F::ZERO; PANEL]; R];
    for r in 0..R {
        let sq_norm = simd.splat(sq_norms[chunk[r]]);
        for v in 0..V {
            let s = score[r][v];
            let error = frame.slack.of_distance(simd, sq_norm, s);
            let sq_dist = simd.sub(simd.mul_add(two, s, sq_norm), error);
            // What is no number rules nothing out.
            let is_number = simd.less(lowest, sq_dist);
            let sq_dist = simd.select(is_number, sq_dist, lowest);
            simd.store(sq_dist, &mut out[r][v * S::LANES..]);
        }
    }
    out
}

/// A point with its bounds, before the centroids of a panel.
struct Point<'a, F> {
    labels: &'a mut u32,
    upper: &'a mut F,
    lower: &'a mut [F],
    len: usize,
    open: &'a mut Open,
    /// Whether this is the first panel of its group.
    is_first: bool,
}

impl<F: Float> Point<'_, F> {
    /// Takes the nearest, if it is nearer than the label, and bounds the distances to the others.
    /// Returns how many distances were computed.
    #[inline(always)]
    fn offer(&mut self, frame: &Frame<'_, F>, panel: usize, sq_dists: &[F; PANEL]) -> usize {
        let order = &frame.groups.order[panel * PANEL..][..PANEL];
        let own = |label: u32| match frame.groups.place.get(label as usize) {
            Some(&place) => (place as usize).wrapping_sub(panel * PANEL),
            None => PANEL,
        };
        let mut own_lane = own(*self.labels);
        let limit =
            |sq_dist: f64| F::from_f64(sq_dist * frame.sq_scale * (1.0 + 4.0 * F::UNIT_ROUNDOFF));
        let mut sq_dists = *sq_dists;
        let mut least = F::INFINITY;
        let mut n_distances = PANEL;
        if own_lane < PANEL {
            sq_dists[own_lane] = F::INFINITY;
        }
        loop {
            let smallest = sq_dists
                .iter()
                .fold(F::INFINITY, |a, &b| if b < a { b } else { a });
            if smallest > limit(self.open.sq_dist) || smallest == F::INFINITY {
                least = if smallest < least { smallest } else { least };
                break;
            }
            let lane = sq_dists.iter().position(|&x| x == smallest).unwrap_or(0);
            let candidate = order[lane];
            if candidate == NO_LABEL {
                sq_dists[lane] = F::INFINITY;
                continue;
            }
            let row = frame.points.row(self.open.row);
            let sq_dist = sq_dist(row, frame.centroids.rows().row(candidate as usize));
            n_distances += 1;
            let ahead = sq_dist < self.open.sq_dist
                || (sq_dist == self.open.sq_dist && candidate < *self.labels);
            sq_dists[lane] = F::INFINITY;
            if ahead {
                // The centroid that was nearest is one of the others now.
                if own_lane < PANEL {
                    // Of this panel.
                    let scaled = below::<F>(self.open.sq_dist * frame.sq_scale, row.len());
                    let bound = scaled * scaled;
                    least = if bound < least { bound } else { least };
                } else if *self.labels != NO_LABEL {
                    let group = frame.groups.place[*self.labels as usize] as usize
                        / (PANEL * frame.groups.panels);
                    let bound = below(self.open.sq_dist, row.len());
                    let lower = &mut self.lower[group * self.len + self.open.row];
                    *lower = if bound < *lower { bound } else { *lower };
                }
                *self.labels = candidate;
                self.open.sq_dist = sq_dist;
                *self.upper = above(sq_dist, row.len());
                own_lane = lane;
            } else {
                least = if smallest < least { smallest } else { least };
            }
        }
        let group = panel / frame.groups.panels;
        let lower = &mut self.lower[group * self.len + self.open.row];
        let shrink = F::from_f64(1.0 - 4.0 * F::UNIT_ROUNDOFF);
        let least = if least > F::ZERO {
            least.sqrt() * shrink * frame.inverse_scale
        } else {
            F::ZERO
        };
        // Bounds stay finite, so that subtracting from them is safe.
        let least = if least < F::MAX_MAGNITUDE {
            least
        } else {
            F::MAX_MAGNITUDE
        };
        *lower = if self.is_first || least < *lower {
            least
        } else {
            *lower
        };
        n_distances
    }
}
