//! Sketches: points in a few coordinates, in which no distance is larger than it was.
//!
//! The first coordinates are those along some orthonormal directions, the last one is the length of
//! what they leave over. By the triangle inequality in the space that is left over, the distance of
//! two sketches is at most that of the points.

use super::simd::Simd;
use super::{PANEL, Rows};
use crate::float::Float;

/// What makes sketches.
#[derive(Clone, Debug)]
pub(crate) struct Projection<F> {
    /// Sketches are taken about this point.
    centre: Vec<F>,
    /// A power of two that brings coordinates to about 1.
    scale: F,
    /// The number of directions.
    n_directions: usize,
    /// For each `PANEL` directions, for each feature their `PANEL` values.
    tiles: Vec<F>,
    /// How far a computed coordinate vector is from that along exactly orthonormal directions,
    /// relative to the norm of the point.
    error: f64,
}

/// Points in few coordinates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sketched<'a, F> {
    /// [`Projection::width`] coordinates for each point.
    pub(crate) rows: Rows<'a, F>,
    /// For each point how far its sketch may be from where it would be without rounding.
    pub(crate) errors: &'a [F],
}

impl<F: Float> Projection<F> {
    /// IN: `centre`; `scale`; `directions`, a whole number of panels, each as long as the centre and
    /// nearly orthonormal.
    pub(crate) fn new(centre: Vec<F>, scale: F, directions: &[Vec<F>]) -> Self {
        let (d, h) = (centre.len(), directions.len());
        // The nearest orthonormal directions differ by no more than the products differ from the
        // unit matrix.
        let mut sq_error = 0.0;
        for (i, a) in directions.iter().enumerate() {
            for b in &directions[..i] {
                sq_error += 2.0 * product(a, b).powi(2);
            }
            sq_error += (product(a, a) - 1.0).powi(2);
        }
        // Rounding of the products, and of bringing the point into the frame.
        let rounding = (h as f64).sqrt() * (d + 8) as f64 * F::UNIT_ROUNDOFF;
        Self {
            error: sq_error.sqrt() + rounding + 1e-15 * d as f64,
            ..Self::along(centre, scale, directions)
        }
    }

    /// The same along any directions, a whole number of panels, each as long as the centre. For the
    /// coordinates alone: of their errors nothing is known.
    pub(crate) fn along(centre: Vec<F>, scale: F, directions: &[Vec<F>]) -> Self {
        let mut tiles = Vec::with_capacity(centre.len() * directions.len());
        for panel in directions.chunks_exact(PANEL) {
            for j in 0..centre.len() {
                tiles.extend(panel.iter().map(|direction| direction[j]));
            }
        }
        Self {
            centre,
            scale,
            n_directions: directions.len(),
            tiles,
            // NOTE: so large that sketches would rule nothing out, and finite.
            error: 1e100,
        }
    }

    /// Coordinates of a sketch.
    pub(crate) fn width(&self) -> usize {
        self.n_directions + 1
    }

    /// What coordinates and distances are multiplied by.
    pub(crate) fn scale(&self) -> F {
        self.scale
    }

    /// From the squared norm of a point and that of its first coordinates to the last one, and to the
    /// error of the sketch.
    fn rest(&self, sq_norm: f64, sq_head: f64) -> (f64, f64) {
        let norm = sq_norm.sqrt();
        let sq_rest = (sq_norm - sq_head).max(0.0);
        let sq_error = (2.0 * self.error + self.error * self.error) * sq_norm;
        let rest = sq_rest.sqrt();
        let above = (sq_rest + sq_error).sqrt() - rest;
        let below = rest - (sq_rest - sq_error).max(0.0).sqrt();
        let error = self.error * norm + above.max(below) + 2.0 * F::UNIT_ROUNDOFF * norm;
        (rest, 1.01 * error + F::SMALLEST_NORMAL.to_f64())
    }
}

/// IN: points. OUT: `rows`, their sketches, `errors`. `scratch` is workspace of `R` points.
#[inline(always)]
pub(super) fn project<F: Float, S: Simd<F>, const R: usize, const V: usize>(
    simd: S,
    points: &Rows<'_, F>,
    projection: &Projection<F>,
    rows: &mut [F],
    errors: &mut [F],
    scratch: &mut [F],
) {
    let (d, width) = (points.n_features(), projection.width());
    let zeros = [F::ZERO; PANEL];
    for (number, errors) in errors.chunks_mut(R).enumerate() {
        let block = points.slice(number * R..number * R + errors.len());
        for (framed, row) in scratch.chunks_exact_mut(d).zip(block.iter()) {
            for (framed, (&x, &m)) in framed.iter_mut().zip(row.iter().zip(&projection.centre)) {
                *framed = (x - m) * projection.scale;
            }
        }
        let mut framed = [&scratch[..d]; R];
        for (r, framed) in framed.iter_mut().enumerate() {
            *framed = &scratch[r * d..][..d];
        }
        let rows = &mut rows[number * R * width..][..errors.len() * width];
        for (panel, tile) in projection.tiles.chunks_exact(PANEL * d).enumerate() {
            let values = products::<F, S, R, V>(simd, &zeros, tile, framed);
            for (row, values) in rows.chunks_exact_mut(width).zip(values) {
                for (v, value) in values.into_iter().enumerate() {
                    simd.store(value, &mut row[panel * PANEL + v * S::LANES..]);
                }
            }
        }
        let sketches = rows.chunks_exact_mut(width).zip(errors);
        for ((row, error), framed) in sketches.zip(framed) {
            let head = &row[..width - 1];
            let (rest, of_sketch) = projection.rest(product(framed, framed), product(head, head));
            row[width - 1] = F::from_f64(rest);
            *error = F::from_f64(of_sketch);
        }
    }
}

#[inline(always)]
fn product<F: Float>(a: &[F], b: &[F]) -> f64 {
    const LANES: usize = 8;
    let ((a, a_tail), (b, b_tail)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut parts = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            parts[lane] += a[lane].to_f64() * b[lane].to_f64();
        }
    }
    let tail = a_tail.iter().zip(b_tail);
    let tail: f64 = tail.map(|(a, b)| a.to_f64() * b.to_f64()).sum();
    parts.iter().sum::<f64>() + tail
}

/// `start + sum over j of x_j c_j` for `R` rows `x` and the `PANEL` columns `c` of a tile.
#[inline(always)]
pub(super) fn products<F: Float, S: Simd<F>, const R: usize, const V: usize>(
    simd: S,
    start: &[F],
    tile: &[F],
    rows: [&[F]; R],
) -> [[S::Vector; V]; R] {
    let mut sums = [[simd.splat(F::ZERO); V]; R];
    for sums in &mut sums {
        for v in 0..V {
            sums[v] = simd.load(&start[v * S::LANES..]);
        }
    }
    let (columns, _) = tile.as_chunks::<PANEL>();
    let n = columns.len();
    // PERF: lengths that are seen to be equal leave no bounds to check.
    let mut own = [&rows[0][..n]; R];
    for r in 0..R {
        own[r] = &rows[r][..n];
    }
    for j in 0..n {
        let mut c = [simd.splat(F::ZERO); V];
        for v in 0..V {
            c[v] = simd.load(&columns[j][v * S::LANES..]);
        }
        for r in 0..R {
            let x = simd.splat(own[r][j]);
            for v in 0..V {
                sums[r][v] = simd.mul_add(x, c[v], sums[r][v]);
            }
        }
    }
    sums
}
