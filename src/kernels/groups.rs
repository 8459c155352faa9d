//! Centroids in groups of neighbours, scored a panel at a time.
//!
//! ```text
//! for each batch of points
//!     bring the points into the frame
//!     for each panel of PANEL centroids          one centroid per lane
//!         score[r] = |x_r - c|^2                 R points at a time, up to rounding
//! ```
//!
//! A score only rules a centroid out; where it does not, the distance that decides is computed,
//! [`sq_dist`](super::sq_dist).

use super::packed::Slack;
use super::projection::products;
use super::simd::{MAX_LANES, Simd};
use super::{NO_LABEL, Packed, Rows, Sketched, sq_dist};
use crate::float::Float;

/// Centroids that are scored together, one per lane.
pub(crate) const PANEL: usize = 16;
/// Points that are brought into the frame together.
pub(super) const BATCH: usize = 64;

/// Centroids in groups of neighbours.
#[derive(Clone, Debug)]
pub(crate) struct Groups<F> {
    /// The centroids, panel by panel, [`NO_LABEL`] in places that are left over.
    pub(super) order: Vec<u32>,
    /// For each centroid its place in `order`.
    pub(super) place: Vec<u32>,
    /// Panels in a group.
    pub(super) panels: usize,
    /// For each panel `PANEL` values `|c'|^2 / 2`, minus infinity where that is too large, infinity
    /// where there is no centroid, then for each coordinate `PANEL` values `-c'`.
    tiles: Vec<F>,
    slack: Slack<F>,
    /// The largest error of a sketch of a centroid.
    pub(super) error: f64,
    /// What distances are multiplied by in the frame.
    pub(super) scale: f64,
    /// How far each centroid has moved since the bounds were made, at least.
    pub(super) shifts: Vec<F>,
    /// The largest of each group.
    pub(super) group_shifts: Vec<F>,
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
                // NOTE: a centroid so far away that its norm overflows may be the nearest one all the
                // same. Without a score it is not ruled out.
                let half = F::from_f64(sq_norm / 2.0);
                halves[lane] = if half.is_finite() { half } else { -F::INFINITY };
                sq_radius = sq_radius.max(sq_norm);
            }
        }
        self.slack = Slack::new(n, sq_radius, scale);
        self.scale = scale.to_f64();
    }
}

/// At least the square root of a distance that [`sq_dist`] computed.
#[inline(always)]
pub(super) fn above<F: Float>(sq_dist: f64, n_features: usize) -> F {
    let rounding = 1.0 + (n_features + 8) as f64 * f64::UNIT_ROUNDOFF + 2.0 * F::UNIT_ROUNDOFF;
    let underflow = n_features as f64 * f64::MIN_POSITIVE;
    F::from_f64((sq_dist + underflow).sqrt() * rounding) + F::SMALLEST_NORMAL
}

/// At most that.
#[inline(always)]
pub(super) fn below<F: Float>(sq_dist: f64, n_features: usize) -> F {
    let rounding = 1.0 - (n_features + 8) as f64 * f64::UNIT_ROUNDOFF - 2.0 * F::UNIT_ROUNDOFF;
    let underflow = n_features as f64 * f64::MIN_POSITIVE;
    F::from_f64((sq_dist - underflow).max(0.0).sqrt() * rounding) - F::SMALLEST_NORMAL
}

/// What stays the same for all points of a block.
pub(super) struct Frame<'a, F: Float> {
    pub(super) points: &'a Rows<'a, F>,
    pub(super) centroids: &'a Packed<F>,
    pub(super) groups: &'a Groups<F>,
    pub(super) sketched: Option<Sketched<'a, F>>,
    /// Coordinates in the frame.
    pub(super) n: usize,
}

/// A point on its way to its nearest centroid.
#[derive(Clone, Copy)]
pub(super) struct Open<F> {
    pub(super) row: usize,
    /// The smallest [`sq_dist`] so far, of the centroid of the label.
    pub(super) sq_dist: f64,
    /// The panel of that centroid.
    pub(super) panel: usize,
    /// A centroid whose squared distance in the frame is larger than this is farther away.
    pub(super) limit: F,
    /// What a distance in the frame may be too large by.
    pub(super) error: f64,
    /// The squared norm in the frame.
    pub(super) sq_norm: F,
}

impl<F: Float> Open<F> {
    pub(super) fn new(row: usize) -> Self {
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
    pub(super) fn set(&mut self, frame: &Frame<'_, F>, label: u32, sq_dist: f64) {
        self.sq_dist = sq_dist;
        self.panel = frame.groups.place[label as usize] as usize / PANEL;
        let dist = above::<F>(sq_dist, frame.points.n_features()).to_f64();
        let dist = dist * frame.groups.scale + self.error;
        self.limit = F::from_f64(dist * dist * (1.0 + 8.0 * F::UNIT_ROUNDOFF));
    }
}

/// The values of workspace for a block of `len` points.
pub(super) fn scratch_len(len: usize, n_features: usize) -> usize {
    len + BATCH * (n_features + PANEL)
}

/// OUT: `framed`, a point in the frame. Returns its squared norm.
#[inline(always)]
pub(super) fn bring<F: Float, S: Simd<F>>(
    simd: S,
    frame: &Frame<'_, F>,
    row: usize,
    framed: &mut [F],
) -> F {
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

/// Lower bounds of the squared distances, in the frame, of some points and the centroids of a panel.
#[inline(always)]
pub(super) fn score_panel<F: Float, S: Simd<F>, const R: usize, const V: usize>(
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
pub(super) fn smallest<F: Float>(values: &[F; PANEL]) -> F {
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

/// At most what [`sq_dist`] would compute.
#[inline(always)]
pub(super) fn lowest_sq_dist<F: Float, S: Simd<F>>(simd: S, a: &[F], b: &[F]) -> f64 {
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
    // A sum that overflows says nothing. A square below the normal numbers may be rounded up by a
    // part of the least of these.
    if sum.is_finite() {
        let rounding = 1.1 * (a.len() + 8) as f64 * F::UNIT_ROUNDOFF;
        let underflow = a.len() as f64 * F::SMALLEST_NORMAL.to_f64();
        sum.to_f64() * (1.0 - rounding) - underflow
    } else {
        0.0
    }
}
