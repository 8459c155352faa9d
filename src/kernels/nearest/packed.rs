//! Centroids laid out for the plain kernel.

use super::slack::Slack;
use crate::float::Float;
use crate::kernels::Rows;
use crate::numeric::{exponent_above, power_of_two};

/// Centroids per tile: the kernel scores this many against a panel of points at a time.
///
/// PERF: with four centroids times four vectors of points AVX-512 reaches the same product rate
/// as 12 x 2 and 8 x 3 (99 to 107 GFLOP/s at d = 64 and 384, of a peak of 103 by matrix product),
/// is faster at d <= 16, and wastes fewer places on a number of clusters that is no multiple.
pub(super) const TILE: usize = 4;

/// Centroids in a frame of their own, transposed into tiles.
///
/// Scores are formed from inner products, whose rounding grows with the size of the numbers. So
/// the kernel sees `x' = (x - centre) * scale` and `c' = (c - centre) * scale`: the centre is near
/// the mean of the centroids, and the scale, a power of two, brings the largest centroid
/// coordinate to about 1. Shifting the data by a large constant, or measuring it in other units,
/// then changes nothing but the rounding of the input itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Packed<F> {
    /// The centroids as given, row-major.
    rows: Vec<F>,
    centre: Vec<F>,
    /// The centre again, for sums.
    origin: Vec<f64>,
    pub(super) scale: F,
    /// One tile after another: `TILE` values `|c'|^2 / 2`, then for each feature `TILE` values
    /// `-c'`. Places beyond the last centroid have a score of infinity.
    pub(super) tiles: Vec<F>,
    /// A centroid is this far from the centre at most, squared, in the frame.
    sq_radius: f64,
}

impl<F: Float> Packed<F> {
    /// IN: `centroids`, at least one.
    pub(crate) fn new(centroids: &Rows<'_, F>) -> Self {
        let mut packed = Self {
            rows: Vec::with_capacity(centroids.data().len()),
            centre: vec![F::ZERO; centroids.n_features()],
            origin: vec![0.0; centroids.n_features()],
            scale: F::ONE,
            tiles: Vec::new(),
            sq_radius: 0.0,
        };
        packed.replace(centroids);
        packed
    }

    /// Takes other centroids in, of the same number of features, reusing the memory.
    pub(crate) fn replace(&mut self, centroids: &Rows<'_, F>) {
        self.rows.clear();
        self.rows.extend_from_slice(centroids.data());
        self.set_frame();
        self.set_tiles();
    }

    /// The centroids as they were given.
    #[inline(always)]
    pub(crate) fn rows(&self) -> Rows<'_, F> {
        Rows::new(&self.rows, self.centre.len())
    }

    /// [`rows`](Self::rows), without a copy.
    pub(crate) fn into_rows(self) -> Vec<F> {
        self.rows
    }

    /// The number of centroids.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() / self.centre.len()
    }

    /// A point near all centroids, its coordinates short numbers.
    pub(crate) fn centre(&self) -> &[F] {
        &self.centre
    }

    /// The centre, from which sums of points are taken.
    pub(crate) fn origin(&self) -> &[f64] {
        &self.origin
    }

    /// The centre is the mean of the centroids, rounded towards zero to a multiple of their spread.
    /// So it has few digits, and subtracting it from data of few digits (integers, pixels) is
    /// exact; and it is zero if a centroid is near zero, whose points a far centre would blur.
    fn set_frame(&mut self) {
        let n_features = self.centre.len();
        let share = 1.0 / self.len() as f64;
        for (feature, centre) in self.centre.iter_mut().enumerate() {
            let first = self.rows[feature].to_f64();
            let column = self.rows.iter().skip(feature).step_by(n_features);
            let mean = first + column.map(|c| (c.to_f64() - first) * share).sum::<f64>();
            *centre = F::from_f64(mean);
        }
        let mut spread = F::ZERO;
        for row in self.rows.chunks_exact(n_features) {
            for (&c, &m) in row.iter().zip(&self.centre) {
                let offset = (c - m).abs();
                spread = if offset > spread { offset } else { spread };
            }
        }
        self.scale = F::ONE;
        if spread > F::ZERO {
            let step = power_of_two_above(spread);
            self.scale = F::from_f64(1.0 / step);
            for centre in &mut self.centre {
                *centre = F::from_f64((centre.to_f64() / step).trunc() * step);
            }
        }
        self.origin
            .iter_mut()
            .zip(&self.centre)
            .for_each(|(origin, m)| *origin = m.to_f64());
    }

    fn set_tiles(&mut self) {
        let n_features = self.centre.len();
        let size = TILE * (1 + n_features);
        self.tiles.clear();
        self.tiles.resize(self.len().div_ceil(TILE) * size, F::ZERO);
        self.sq_radius = 0.0;
        let tiles = self.tiles.chunks_exact_mut(size);
        for (tile, rows) in tiles.zip(self.rows.chunks(TILE * n_features)) {
            let (halves, coordinates) = tile.split_at_mut(TILE);
            halves.fill(F::INFINITY);
            for (t, row) in rows.chunks_exact(n_features).enumerate() {
                let mut sq_norm = 0.0;
                for (j, (&c, &m)) in row.iter().zip(&self.centre).enumerate() {
                    let c = (c - m) * self.scale;
                    sq_norm += c.to_f64() * c.to_f64();
                    coordinates[j * TILE + t] = -c;
                }
                halves[t] = F::from_f64(sq_norm / 2.0);
                self.sq_radius = self.sq_radius.max(sq_norm);
            }
        }
    }

    /// The bounds on what rounding does to the scores of these centroids.
    pub(super) fn slack(&self) -> Slack<F> {
        Slack::new(self.centre.len(), self.sq_radius, self.scale)
    }
}

/// The smallest power of two above a positive `value`, kept within what `F` can invert.
fn power_of_two_above<F: Float>(value: F) -> f64 {
    // NOTE: a subnormal f32 is a normal f64; a subnormal f64 counts as the smallest normal one.
    let exponent = exponent_above(value.to_f64());
    let limit = F::MAX_MAGNITUDE.to_f64().log2() as i32;
    power_of_two(exponent.clamp(-limit, limit))
}
