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
use super::projection::products;
use super::simd::{MAX_LANES, Simd};
use super::{Assigned, NO_LABEL, Packed, Rows, Sketched, nearest_row, sq_dist};
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
    /// For each panel `PANEL` values `|c'|^2 / 2`, then for each coordinate `PANEL` values `-c'`.
    tiles: Vec<F>,
    slack: Slack<F>,
    /// The largest error of a sketch of a centroid.
    error: f64,
    /// What distances are multiplied by in the frame.
    scale: f64,
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
            slack: Slack::new(1, 0.0, F::ONE),
            error: 0.0,
            scale: 1.0,
            shifts: vec![F::ZERO; n_clusters],
            group_shifts: vec![F::ZERO; order.len().div_ceil(PANEL * panels)],
            order,
        }
    }

    /// The number of groups.
    pub(crate) fn len(&self) -> usize {
        self.group_shifts.len()
    }

    /// Takes in where the centroids are now, or their sketches, and how far each has come.
    pub(crate) fn update(
        &mut self,
        centroids: &Packed<F>,
        sketched: Option<(Sketched<'_, F>, F)>,
        before: Option<&Rows<'_, F>>,
    ) {
        let rows = centroids.rows();
        if let Some(before) = before {
            let pairs = before.iter().zip(rows.iter());
            for (shift, (before, after)) in self.shifts.iter_mut().zip(pairs) {
                *shift = above(sq_dist(before, after), rows.n_features());
            }
        }
        let groups = self.order.chunks(PANEL * self.panels);
        for (shift, order) in self.group_shifts.iter_mut().zip(groups) {
            let shifts = order.iter().filter(|&&c| c != NO_LABEL);
            let larger = |a: F, b: F| if b > a { b } else { a };
            *shift = shifts
                .map(|&c| self.shifts[c as usize])
                .fold(F::ZERO, larger);
        }
        match sketched {
            None => {
                let (centre, scale) = (centroids.centre(), centroids.scale);
                let framed = |c: usize, j: usize| (rows.row(c)[j] - centre[j]) * scale;
                self.error = 0.0;
                self.set_tiles(rows.n_features(), scale, framed);
            }
            Some((sketched, scale)) => {
                let errors = sketched.errors.iter().map(|error| error.to_f64());
                self.error = errors.fold(0.0, f64::max);
                let n = sketched.rows.n_features();
                self.set_tiles(n, scale, |c, j| sketched.rows.row(c)[j]);
            }
        }
    }

    fn set_tiles(&mut self, n: usize, scale: F, coordinate: impl Fn(usize, usize) -> F) {
        let size = PANEL * (1 + n);
        self.tiles.clear();
        self.tiles.resize(self.order.len() / PANEL * size, F::ZERO);
        let mut sq_radius: f64 = 0.0;
        let tiles = self.tiles.chunks_exact_mut(size);
        for (tile, order) in tiles.zip(self.order.chunks(PANEL)) {
            let (halves, coordinates) = tile.split_at_mut(PANEL);
            halves.fill(F::INFINITY);
            for (lane, &c) in order.iter().enumerate().filter(|&(_, &c)| c != NO_LABEL) {
                let mut sq_norm = 0.0;
                for j in 0..n {
                    let c = coordinate(c as usize, j);
                    sq_norm += c.to_f64() * c.to_f64();
                    coordinates[j * PANEL + lane] = -c;
                }
                halves[lane] = F::from_f64(sq_norm / 2.0);
                sq_radius = sq_radius.max(sq_norm);
            }
        }
        self.slack = Slack::new(n, sq_radius, scale);
        self.scale = scale.to_f64();
    }
}

/// At least the square root of a distance that [`sq_dist`] computed.
#[inline(always)]
fn above<F: Float>(sq_dist: f64, n_features: usize) -> F {
    let rounding = 1.0 + (n_features + 8) as f64 * f64::UNIT_ROUNDOFF + 2.0 * F::UNIT_ROUNDOFF;
    let underflow = n_features as f64 * f64::MIN_POSITIVE;
    F::from_f64((sq_dist + underflow).sqrt() * rounding) + F::SMALLEST_NORMAL
}

/// At most that.
#[inline(always)]
fn below<F: Float>(sq_dist: f64, n_features: usize) -> F {
    let rounding = 1.0 - (n_features + 8) as f64 * f64::UNIT_ROUNDOFF - 2.0 * F::UNIT_ROUNDOFF;
    let underflow = n_features as f64 * f64::MIN_POSITIVE;
    F::from_f64((sq_dist - underflow).max(0.0).sqrt() * rounding) - F::SMALLEST_NORMAL
}

/// What is known of the points of a block.
#[derive(Debug)]
pub(crate) struct Bounds<'a, F> {
    /// A centroid for each point: any, and the nearest one afterwards.
    pub(crate) labels: &'a mut [u32],
    /// One for each point; infinite before the first time.
    pub(crate) upper: &'a mut [F],
    /// `len` for each group; zero before the first time.
    pub(crate) lower: &'a mut [F],
    /// Sketches of the points, if there are sketches of the centroids.
    pub(crate) sketched: Option<Sketched<'a, F>>,
}

/// What stays the same for all points of a block.
struct Frame<'a, F: Float> {
    points: &'a Rows<'a, F>,
    centroids: &'a Packed<F>,
    groups: &'a Groups<F>,
    sketched: Option<Sketched<'a, F>>,
    /// Coordinates in the frame.
    n: usize,
}

/// A point on its way to its nearest centroid.
#[derive(Clone, Copy)]
struct Open<F> {
    row: usize,
    /// The smallest [`sq_dist`] so far, of the centroid of the label.
    sq_dist: f64,
    /// The panel of that centroid.
    panel: usize,
    /// A centroid whose squared distance in the frame is larger than this is farther away.
    limit: F,
    /// What a distance in the frame may be too large by.
    error: f64,
    /// The squared norm in the frame.
    sq_norm: F,
}

impl<F: Float> Open<F> {
    fn new(row: usize) -> Self {
        Self {
            row,
            sq_dist: f64::INFINITY,
            panel: usize::MAX,
            limit: F::INFINITY,
            error: 0.0,
            sq_norm: F::ZERO,
        }
    }

    /// Takes in the distance to the centroid of the label.
    #[inline(always)]
    fn set(&mut self, frame: &Frame<'_, F>, label: u32, sq_dist: f64) {
        self.sq_dist = sq_dist;
        self.panel = frame.groups.place[label as usize] as usize / PANEL;
        let dist = above::<F>(sq_dist, frame.points.n_features()).to_f64();
        let dist = dist * frame.groups.scale + self.error;
        self.limit = F::from_f64(dist * dist * (1.0 + 8.0 * F::UNIT_ROUNDOFF));
    }
}

/// IN: points, centroids, and the same in groups. IN, OUT: `bounds`. `scratch` is workspace of
/// [`scratch_len`] values. `R` points are scored at a time, each against `V` vectors of centroids.
#[inline(always)]
pub(super) fn nearest_bounded<F: Float, S: Simd<F>, const R: usize, const V: usize>(
    simd: S,
    points: &Rows<'_, F>,
    centroids: &Packed<F>,
    groups: &Groups<F>,
    mut bounds: Bounds<'_, F>,
    scratch: &mut [F],
) -> Assigned {
    let frame = Frame {
        points,
        centroids,
        groups,
        sketched: bounds.sketched,
        n: bounds
            .sketched
            .map_or(points.n_features(), |sketched| sketched.rows.n_features()),
    };
    let len = points.len();
    let (closest, scratch) = scratch.split_at_mut(len);
    loosen(groups, &mut bounds, closest);
    let mut assigned = Assigned::default();
    let mut batch = [Open::new(0); BATCH];
    let mut in_batch = 0;
    for (row, &closest) in closest.iter().enumerate() {
        if bounds.upper[row] < closest {
            continue;
        }
        let mut open = Open::new(row);
        open.error = groups.error;
        open.error += frame.sketched.map_or(0.0, |s| s.errors[row].to_f64());
        let label = bounds.labels[row];
        let own = centroids.rows().row(label as usize);
        let sq_dist = sq_dist(points.row(row), own);
        assigned.distances += 1;
        assigned.settled += 1;
        bounds.upper[row] = above(sq_dist, points.n_features());
        if bounds.upper[row] < closest {
            continue;
        }
        open.set(&frame, label, sq_dist);
        batch[in_batch] = open;
        in_batch += 1;
        if in_batch == BATCH {
            assigned += search::<F, S, R, V>(simd, &frame, &mut batch, &mut bounds, scratch);
            in_batch = 0;
        }
    }
    if in_batch > 0 {
        let batch = &mut batch[..in_batch];
        assigned += search::<F, S, R, V>(simd, &frame, batch, &mut bounds, scratch);
    }
    assigned
}

/// The values of workspace for a block of `len` points.
pub(super) fn scratch_len(len: usize, n_features: usize) -> usize {
    len + BATCH * (n_features + PANEL)
}

/// Moves the bounds by what the centroids have moved. OUT: `closest`, the smallest lower bound.
#[inline(always)]
fn loosen<F: Float>(groups: &Groups<F>, bounds: &mut Bounds<'_, F>, closest: &mut [F]) {
    let shrink = F::from_f64(1.0 - 4.0 * F::UNIT_ROUNDOFF);
    let grow = F::from_f64(1.0 + 4.0 * F::UNIT_ROUNDOFF);
    for (upper, &label) in bounds.upper.iter_mut().zip(&*bounds.labels) {
        *upper = (*upper + groups.shifts[label as usize]) * grow;
    }
    closest.fill(F::INFINITY);
    let lower = bounds.lower.chunks_exact_mut(closest.len());
    for (lower, &shift) in lower.zip(&groups.group_shifts) {
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
    batch: &mut [Open<F>],
    bounds: &mut Bounds<'_, F>,
    scratch: &mut [F],
) -> Assigned {
    let groups = frame.groups;
    let n_panels = groups.order.len() / PANEL;
    let mut assigned = Assigned::default();
    let mut before = [NO_LABEL; BATCH];
    for (i, open) in batch.iter_mut().enumerate() {
        before[i] = bounds.labels[open.row];
        open.sq_norm = bring(
            simd,
            frame,
            open.row,
            &mut scratch[i * frame.n..][..frame.n],
        );
        if !open.sq_norm.is_finite() {
            assigned.distances += take_all(frame, open.row, bounds);
        }
    }
    let mut scores = [[F::ZERO; PANEL]; BATCH];
    for group in 0..groups.len() {
        let mut wanted = [0; BATCH];
        let mut n_wanted = 0;
        for (i, open) in batch.iter().enumerate() {
            wanted[n_wanted] = i;
            let lower = bounds.lower[group * bounds.labels.len() + open.row];
            let rules_out = bounds.upper[open.row] < lower || !open.sq_norm.is_finite();
            n_wanted += usize::from(!rules_out);
        }
        let wanted = &wanted[..n_wanted];
        let mut least = [F::INFINITY; BATCH];
        let first = group * groups.panels;
        for panel in first..n_panels.min(first + groups.panels) {
            let (chunks, rest) = wanted.as_chunks::<R>();
            let (whole, single) = scores.split_at_mut(R * chunks.len());
            for (chunk, scores) in chunks.iter().zip(whole.as_chunks_mut::<R>().0) {
                *scores = score_panel::<F, S, R, V>(simd, frame, panel, scratch, chunk, batch);
            }
            for (&i, scores) in rest.iter().zip(single) {
                [*scores] = score_panel::<F, S, 1, V>(simd, frame, panel, scratch, &[i], batch);
            }
            if frame.sketched.is_some() {
                assigned.sketched += PANEL * n_wanted;
            } else {
                assigned.distances += PANEL * n_wanted;
            }
            for (&i, scores) in wanted.iter().zip(&scores) {
                let open = &mut batch[i];
                let smallest = smallest(scores);
                if smallest > open.limit && panel != open.panel {
                    least[i] = if smallest < least[i] {
                        smallest
                    } else {
                        least[i]
                    };
                } else {
                    let n = offer(simd, frame, panel, scores, open, bounds, &mut least[i]);
                    assigned.distances += n;
                    assigned.settled += n;
                }
            }
        }
        for &i in wanted {
            let (open, len) = (&batch[i], bounds.labels.len());
            bounds.lower[group * len + open.row] = from_frame(frame, open, least[i]);
        }
    }
    let pairs = batch.iter().zip(before);
    let changed = pairs.filter(|(open, before)| bounds.labels[open.row] != *before);
    assigned.reassigned = changed.count();
    assigned
}

/// OUT: `framed`, a point in the frame. Returns its squared norm.
#[inline(always)]
fn bring<F: Float, S: Simd<F>>(simd: S, frame: &Frame<'_, F>, row: usize, framed: &mut [F]) -> F {
    if let Some(sketched) = frame.sketched {
        framed.copy_from_slice(sketched.rows.row(row));
    } else {
        let (centre, scale) = (frame.centroids.centre(), frame.centroids.scale);
        let values = frame.points.row(row).iter().zip(centre);
        for (framed, (&x, &m)) in framed.iter_mut().zip(values) {
            *framed = (x - m) * scale;
        }
    }
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

/// Compares a point with all centroids: it lies so far away that scores overflow. Returns how many
/// distances were computed.
#[cold]
#[inline(never)]
fn take_all<F: Float>(frame: &Frame<'_, F>, row: usize, bounds: &mut Bounds<'_, F>) -> usize {
    let x = frame.points.row(row);
    let (label, sq_dist) = nearest_row(x, &frame.centroids.rows());
    let len = bounds.labels.len();
    bounds.labels[row] = label;
    bounds.upper[row] = above(sq_dist, x.len());
    let own = bounds.lower.iter_mut().skip(row).step_by(len);
    own.for_each(|lower| *lower = F::ZERO);
    frame.centroids.len()
}

/// Lower bounds of the squared distances, in the frame, of some points and the centroids of a panel.
#[inline(always)]
fn score_panel<F: Float, S: Simd<F>, const R: usize, const V: usize>(
    simd: S,
    frame: &Frame<'_, F>,
    panel: usize,
    framed: &[F],
    chunk: &[usize; R],
    batch: &[Open<F>],
) -> [[F; PANEL]; R] {
    let n = frame.n;
    let size = PANEL * (1 + n);
    let (halves, coordinates) = frame.groups.tiles[panel * size..][..size].split_at(PANEL);
    let mut rows = [framed; R];
    for (row, &i) in rows.iter_mut().zip(chunk) {
        *row = &framed[i * n..][..n];
    }
    let score = products::<F, S, R, V>(simd, halves, coordinates, rows);
    let (two, lowest) = (simd.splat(F::ONE + F::ONE), simd.splat(-F::INFINITY));
    let mut out = [[F::ZERO; PANEL]; R];
    for r in 0..R {
        let sq_norm = simd.splat(batch[chunk[r]].sq_norm);
        for v in 0..V {
            let s = score[r][v];
            let error = frame.groups.slack.of_distance(simd, sq_norm, s);
            let sq_dist = simd.sub(simd.mul_add(two, s, sq_norm), error);
            // What is no number rules nothing out.
            let is_number = simd.less(lowest, sq_dist);
            let sq_dist = simd.select(is_number, sq_dist, lowest);
            simd.store(sq_dist, &mut out[r][v * S::LANES..]);
        }
    }
    out
}

/// PERF: halving lets the compiler compare several at a time; one after the other takes 16 steps.
#[inline(always)]
fn smallest<F: Float>(values: &[F; PANEL]) -> F {
    let mut values = *values;
    let mut half = PANEL / 2;
    while half > 0 {
        for i in 0..half {
            let other = values[i + half];
            values[i] = if other < values[i] { other } else { values[i] };
        }
        half /= 2;
    }
    values[0]
}

/// A lower bound of a distance, from a squared one in the frame.
#[inline(always)]
fn from_frame<F: Float>(frame: &Frame<'_, F>, open: &Open<F>, sq_dist: F) -> F {
    let shrink = 1.0 - 8.0 * F::UNIT_ROUNDOFF;
    let dist = sq_dist.to_f64().max(0.0).sqrt() * shrink - open.error;
    let dist = dist.max(0.0) * shrink / frame.groups.scale;
    // Bounds stay finite, so that subtracting from them is safe.
    F::from_f64(dist.min(F::MAX_MAGNITUDE.to_f64()))
}

/// The other way round: what [`from_frame`] would make no more than this squared distance of.
#[inline(always)]
fn to_frame<F: Float>(frame: &Frame<'_, F>, open: &Open<F>, sq_dist: f64) -> F {
    let framed = sq_dist.sqrt() * frame.groups.scale + open.error;
    let shrink = 1.0 - 8.0 * F::UNIT_ROUNDOFF;
    F::from_f64(framed * framed * shrink)
}

/// At most what [`sq_dist`] would compute.
#[inline(always)]
fn lowest_sq_dist<F: Float, S: Simd<F>>(simd: S, a: &[F], b: &[F]) -> f64 {
    let mut sums = [simd.splat(F::ZERO); 2];
    let step = 2 * S::LANES;
    let whole = a.len() - a.len() % step;
    for start in (0..whole).step_by(step) {
        for (i, sum) in sums.iter_mut().enumerate() {
            let start = start + i * S::LANES;
            let difference = simd.sub(simd.load(&a[start..]), simd.load(&b[start..]));
            *sum = simd.mul_add(difference, difference, *sum);
        }
    }
    let mut lanes = [F::ZERO; MAX_LANES];
    simd.store(simd.add(sums[0], sums[1]), &mut lanes);
    let mut sum = F::ZERO;
    lanes[..S::LANES].iter().for_each(|&lane| sum += lane);
    for (&a, &b) in a[whole..].iter().zip(&b[whole..]) {
        sum += (a - b) * (a - b);
    }
    // A sum that overflows says nothing.
    if sum.is_finite() {
        let rounding = 1.1 * (a.len() + 8) as f64 * F::UNIT_ROUNDOFF;
        sum.to_f64() * (1.0 - rounding)
    } else {
        0.0
    }
}

/// Lets the distances of those centroids of a panel decide which the scores do not rule out. IN, OUT:
/// `least`, the smallest squared distance in the frame of those that are not the nearest. Returns how
/// many distances were computed.
#[inline(always)]
fn offer<F: Float, S: Simd<F>>(
    simd: S,
    frame: &Frame<'_, F>,
    panel: usize,
    sq_dists: &[F; PANEL],
    open: &mut Open<F>,
    bounds: &mut Bounds<'_, F>,
    least: &mut F,
) -> usize {
    let groups = frame.groups;
    let order = &groups.order[panel * PANEL..][..PANEL];
    let row = frame.points.row(open.row);
    let keep = |least: &mut F, sq_dist: F| *least = if sq_dist < *least { sq_dist } else { *least };
    let mut sq_dists = *sq_dists;
    if open.panel == panel {
        let own = groups.place[bounds.labels[open.row] as usize] as usize % PANEL;
        sq_dists[own] = F::INFINITY;
    }
    let mut n_distances = 0;
    loop {
        let smallest = smallest(&sq_dists);
        if smallest > open.limit || smallest == F::INFINITY {
            keep(least, smallest);
            return n_distances;
        }
        let lane = sq_dists.iter().position(|&x| x == smallest).unwrap_or(0);
        sq_dists[lane] = F::INFINITY;
        let candidate = order[lane];
        if candidate == NO_LABEL {
            continue;
        }
        let other = frame.centroids.rows();
        let other = other.row(candidate as usize);
        n_distances += 1;
        // PERF: in the precision of the data more values fit a vector; embedding-like data of 384
        // features went from 85 to 43 ms per iteration (with 64 instead of 32 directions).
        let lowest = lowest_sq_dist(simd, row, other);
        if lowest > open.sq_dist {
            keep(least, to_frame(frame, open, lowest));
            continue;
        }
        let sq_dist = sq_dist(row, other);
        let label = &mut bounds.labels[open.row];
        let is_tie = sq_dist == open.sq_dist && candidate < *label;
        if sq_dist >= open.sq_dist && !is_tie {
            keep(least, smallest);
            continue;
        }
        // The centroid that was nearest is one of the others now.
        let dist = below::<F>(open.sq_dist, row.len());
        let group = open.panel / groups.panels;
        if group == panel / groups.panels {
            let dist = dist.to_f64().max(0.0);
            keep(least, to_frame(frame, open, dist * dist));
        } else {
            let place = group * bounds.upper.len() + open.row;
            keep(&mut bounds.lower[place], dist);
        }
        *label = candidate;
        bounds.upper[open.row] = above(sq_dist, row.len());
        open.set(frame, candidate, sq_dist);
    }
}

/// A point that is nearer to a candidate than to all centroids.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Nearer {
    pub(crate) point: usize,
    pub(crate) candidate: u32,
    /// Their [`sq_dist`].
    pub(crate) sq_dist: f64,
}

/// What is known of points when candidates come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    /// The squared distance of each point to its centroid.
    pub(crate) closest: &'a [f64],
    /// Which centroid that is, for each point.
    pub(crate) owners: &'a [u32],
    /// For each centroid how far from it, squared, a point must be to be nearer to a candidate.
    pub(crate) reaches: &'a [f64],
}

/// IN: points, candidates, one panel of them at most, and the same in `groups`. OUT: `nearer`, to
/// which the pairs of points and candidates are added whose squared distance is smaller than the one
/// known. `scratch` is as for [`nearest_bounded`].
#[inline(always)]
pub(super) fn find_nearer<F: Float, S: Simd<F>, const R: usize, const V: usize>(
    simd: S,
    (points, candidates, groups): (&Rows<'_, F>, &Packed<F>, &Groups<F>),
    sketched: Option<Sketched<'_, F>>,
    known: Known<'_>,
    nearer: &mut Vec<Nearer>,
    scratch: &mut [F],
) {
    let frame = Frame {
        points,
        centroids: candidates,
        groups,
        sketched,
        n: sketched.map_or(points.n_features(), |sketched| sketched.rows.n_features()),
    };
    let mut batch = [Open::new(0); BATCH];
    let mut in_batch = 0;
    for (row, (&closest, &owner)) in known.closest.iter().zip(known.owners).enumerate() {
        if closest <= known.reaches[owner as usize] {
            continue;
        }
        let open = &mut batch[in_batch];
        *open = Open::new(row);
        open.error = groups.error + sketched.map_or(0.0, |s| s.errors[row].to_f64());
        open.set(&frame, 0, closest);
        in_batch += 1;
        if in_batch == BATCH {
            compare::<F, S, R, V>(simd, &frame, &mut batch, nearer, scratch);
            in_batch = 0;
        }
    }
    compare::<F, S, R, V>(simd, &frame, &mut batch[..in_batch], nearer, scratch);
}

/// Compares the points of a batch with the candidates.
#[inline(always)]
fn compare<F: Float, S: Simd<F>, const R: usize, const V: usize>(
    simd: S,
    frame: &Frame<'_, F>,
    batch: &mut [Open<F>],
    nearer: &mut Vec<Nearer>,
    scratch: &mut [F],
) {
    for (i, open) in batch.iter_mut().enumerate() {
        open.sq_norm = bring(
            simd,
            frame,
            open.row,
            &mut scratch[i * frame.n..][..frame.n],
        );
    }
    let mut scores = [[F::ZERO; PANEL]; BATCH];
    // A last chunk that is not full is filled up with points of the batch.
    let all: [usize; BATCH] = std::array::from_fn(|i| i.min(batch.len().max(1) - 1));
    let chunks = all.as_chunks::<R>().0.iter();
    for (chunk, scores) in chunks
        .zip(scores.as_chunks_mut::<R>().0.iter_mut())
        .take(batch.len().div_ceil(R))
    {
        *scores = score_panel::<F, S, R, V>(simd, frame, 0, scratch, chunk, batch);
    }
    let candidates = frame.centroids.rows();
    for (open, scores) in batch.iter().zip(&scores) {
        if smallest(scores) > open.limit && open.sq_norm.is_finite() {
            continue;
        }
        for (candidate, &score) in scores[..candidates.len()].iter().enumerate() {
            if score > open.limit && open.sq_norm.is_finite() {
                continue;
            }
            let (row, other) = (frame.points.row(open.row), candidates.row(candidate));
            if lowest_sq_dist(simd, row, other) > open.sq_dist {
                continue;
            }
            let sq_dist = sq_dist(row, other);
            if sq_dist < open.sq_dist {
                nearer.push(Nearer {
                    point: open.row,
                    candidate: candidate as u32,
                    sq_dist,
                });
            }
        }
    }
}
