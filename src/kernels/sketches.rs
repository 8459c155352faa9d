//! Sketches: points in a few coordinates, in which no distance is larger than it was.
//!
//! The first coordinates are those along some orthonormal directions, the last one is the length of
//! what they leave over. By the triangle inequality in the space that is left over, the distance of
//! two sketches is at most that of the points.

use super::isa::Simd;
use super::matrix::{Panels, multiply};
use super::{Kernels, Rows};
use crate::float::Float;

/// What makes sketches.
#[derive(Clone, Debug)]
pub(crate) struct Projection<F> {
    /// Sketches are taken about this point.
    centre: Vec<F>,
    /// A power of two that brings coordinates to about 1.
    scale: F,
    directions: Panels<F>,
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
    /// IN: `centre`; `scale`; `directions`, each as long as the centre and nearly orthonormal.
    pub(crate) fn new(centre: Vec<F>, scale: F, directions: &Rows<'_, F>) -> Self {
        let (d, h) = (centre.len(), directions.len());
        // How far the products are from the unit matrix: R8 of docs/rounding.md.
        let mut sq_error = 0.0;
        for (i, a) in directions.iter().enumerate() {
            for b in directions.slice(0..i).iter() {
                sq_error += 2.0 * product(a, b).powi(2);
            }
            sq_error += (product(a, a) - 1.0).powi(2);
        }
        let of_coordinates = (h as f64).sqrt() * (d + 8) as f64 * F::UNIT_ROUNDOFF;
        let of_products = (h * (d + 8)) as f64 * f64::UNIT_ROUNDOFF;
        Self {
            centre,
            scale,
            directions: Panels::from_columns(directions),
            error: sq_error.sqrt() + of_coordinates + of_products,
        }
    }

    /// Coordinates of a sketch.
    pub(crate) fn width(&self) -> usize {
        self.directions.n_columns() + 1
    }

    /// What coordinates and distances are multiplied by.
    pub(crate) fn scale(&self) -> F {
        self.scale
    }

    /// From the squared norm of a point and that of its first coordinates to the last one, and to the
    /// error of the sketch: R8.
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

impl<F: Float> Kernels<F> {
    /// Sketches of points.
    ///
    /// IN: `points`, of as many features as the `projection`. OUT: `sketches`, [`Projection::width`]
    /// values for each point; `errors`, one for each.
    pub(crate) fn sketch(
        &self,
        points: &Rows<'_, F>,
        projection: &Projection<F>,
        sketches: &mut [F],
        errors: &mut [F],
    ) {
        let n = points.len();
        assert_eq!(
            (sketches.len(), errors.len()),
            (n * projection.width(), n),
            "a sketch for each point"
        );
        F::with_scratch(self.rows * points.n_features(), |scratch| {
            (self.sketch)(points, projection, sketches, errors, scratch);
        });
    }
}

/// See [`Kernels::sketch`]; `scratch` is workspace of `R` points.
#[inline(always)]
pub(super) fn sketch<F: Float, S: Simd<F>, const R: usize, const V: usize>(
    simd: S,
    points: &Rows<'_, F>,
    projection: &Projection<F>,
    sketches: &mut [F],
    errors: &mut [F],
    scratch: &mut [F],
) {
    let (d, width) = (points.n_features(), projection.width());
    let blocks = sketches.chunks_mut(R * width).zip(errors.chunks_mut(R));
    for (number, (sketches, errors)) in blocks.enumerate() {
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
        multiply::<F, S, R, V>(simd, framed, &projection.directions, sketches, width);
        let sketches = sketches.chunks_exact_mut(width).zip(errors);
        for ((sketch, error), framed) in sketches.zip(framed) {
            let head = &sketch[..width - 1];
            let (rest, of_sketch) = projection.rest(product(framed, framed), product(head, head));
            sketch[width - 1] = F::from_f64(rest);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::PANEL;
    use crate::kernels::sq_dist;
    use crate::kernels::tests::{each_table, for_both_types, projection, rough};

    fn sketches_bring_no_points_farther_apart<F: Float>() {
        for d in [PANEL, 19, 64] {
            let n = 45;
            let x = rough::<F>(n * d, 4, 2.0, 0.5);
            let points = Rows::new(&x, d);
            let projection = projection::<F>(d);
            let scale = projection.scale().to_f64();
            each_table::<F>(|table| {
                let mut rows = vec![F::ZERO; n * projection.width()];
                let mut errors = vec![F::ZERO; n];
                table.sketch(&points, &projection, &mut rows, &mut errors);
                let sketches = Rows::new(&rows, projection.width());
                let mut share = 0.0;
                for a in 0..n {
                    for b in 0..a {
                        let dist = sq_dist(points.row(a), points.row(b)).sqrt() * scale;
                        let sketched = sq_dist(sketches.row(a), sketches.row(b)).sqrt();
                        let error = errors[a].to_f64() + errors[b].to_f64();
                        assert!(sketched <= dist + error, "{} {d}", table.name);
                        // The length of a rest that should be zero is the root of a rounding.
                        let most = if d == PANEL { 0.05 } else { 1e-3 };
                        assert!(error < most * dist, "{} {d}: {error} {dist}", table.name);
                        share += sketched / dist / (n * (n - 1) / 2) as f64;
                    }
                }
                // And they keep most of the distance, all of it where nothing is left over.
                let least = if d == PANEL { 0.999 } else { 0.3 };
                assert!(share > least, "{} {d}: {share}", table.name);
            });
        }
    }

    for_both_types!(sketches_bring_no_points_farther_apart);
}
