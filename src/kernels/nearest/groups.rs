//! Centroids in groups of neighbours, laid out to be scored a panel at a time.

use super::packed::Packed;
use super::slack::Slack;
use crate::float::Float;
use crate::kernels::decision::dist_above;
use crate::kernels::matrix::PANEL;
use crate::kernels::sketches::Sketched;
use crate::kernels::{NO_LABEL, Rows, sq_dist};

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
    pub(super) tiles: Vec<F>,
    pub(super) slack: Slack<F>,
    /// The largest error of a sketch of a centroid.
    pub(super) error: f64,
    /// What distances are multiplied by in the frame.
    pub(super) scale: f64,
    /// How far each centroid has moved since the bounds were made, at least.
    pub(super) drift: Vec<F>,
    /// The largest of each group.
    pub(super) group_drift: Vec<F>,
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
            drift: vec![F::ZERO; n_clusters],
            group_drift: vec![F::ZERO; order.len().div_ceil(PANEL * panels)],
            order,
        }
    }

    /// The number of groups.
    pub(crate) fn len(&self) -> usize {
        self.group_drift.len()
    }

    /// Takes in where the centroids are now, or their sketches, and how far each has moved.
    pub(crate) fn update(
        &mut self,
        centroids: &Packed<F>,
        sketched: Option<(Sketched<'_, F>, F)>,
        before: Option<&Rows<'_, F>>,
    ) {
        let rows = centroids.rows();
        if let Some(before) = before {
            let pairs = before.iter().zip(rows.iter());
            for (drift, (before, after)) in self.drift.iter_mut().zip(pairs) {
                *drift = dist_above(sq_dist(before, after), rows.n_features());
            }
        }
        let groups = self.order.chunks(PANEL * self.panels);
        for (drift, order) in self.group_drift.iter_mut().zip(groups) {
            let own = order.iter().filter(|&&c| c != NO_LABEL);
            let larger = |a: F, b: F| if b > a { b } else { a };
            *drift = own.map(|&c| self.drift[c as usize]).fold(F::ZERO, larger);
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
