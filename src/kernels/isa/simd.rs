//! The vector operations that the kernels are written in.

use crate::float::Float;

/// An instruction set: what it is called, how much it holds, and what does not depend on the element
/// type.
///
/// A value of the implementing type is a token. Where a set needs a check at run time, only that check
/// makes the token, so holding one proves that the processor has the instructions. Methods are always
/// inlined, and every kernel is entered through a function compiled with the set's features, so they
/// become single instructions.
///
/// An operation that only some sets have as an instruction is a method with a portable default.
pub(in crate::kernels) trait Isa: Copy {
    /// As `CENTROID_KERNELS` and the reports of benchmarks call it.
    const NAME: &'static str;
    /// Vectors of points in a panel of the plain kernel.
    ///
    /// PERF: four fill the 32 registers of AVX-512 (with four centroids: 16 scores, four vectors of
    /// points, and the folding). With the 16 registers of AVX2 and SSE2 it is two: three spill, and
    /// halve the speed at d = 64.
    const VECTORS: usize;
    /// Vectors of points in a panel of sums of distances.
    const DISTANCE_VECTORS: usize;

    /// Asks for values that are read soon, the first 4 KB of them at most, so that they are in the
    /// nearest cache by then.
    #[inline(always)]
    fn prefetch<T>(self, _from: &[T]) {}
}

/// The vectors of `F` of an instruction set.
pub(in crate::kernels) trait Simd<F: Float>: Isa {
    /// A vector of [`LANES`](Self::LANES) values.
    type Vector: Copy;
    /// One truth value per lane.
    type Mask: Copy;
    /// Values per vector: a power of two, at most [`MAX_LANES`].
    const LANES: usize;
    /// Rows that are multiplied by a panel of columns together, as many as fill the registers.
    const ROWS: usize;

    /// All lanes equal to `value`.
    fn splat(self, value: F) -> Self::Vector;
    /// IN: `from`, at least `LANES` values. The first ones are loaded.
    fn load(self, from: &[F]) -> Self::Vector;
    /// OUT: `to`, at least `LANES` values. The first ones are overwritten.
    fn store(self, vector: Self::Vector, to: &mut [F]);
    /// `a + b`
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a - b`
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a * b`
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a * b + c`, rounded once where the set has fused multiply-add, else twice.
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// The square root, correctly rounded.
    fn sqrt(self, a: Self::Vector) -> Self::Vector;
    /// The smaller of each pair, for numbers other than NaN.
    fn min(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a < b`
    fn less(self, a: Self::Vector, b: Self::Vector) -> Self::Mask;
    /// Every lane set.
    fn all(self, mask: Self::Mask) -> bool;
    /// `yes` where the mask is set, else `no`. Bit patterns are moved unchanged.
    fn select(self, mask: Self::Mask, yes: Self::Vector, no: Self::Vector) -> Self::Vector;
    /// `(a0 b0 a1 b1 ..)`: first the lower halves of `a` and `b` interleaved, then the upper ones.
    fn zip(self, a: Self::Vector, b: Self::Vector) -> (Self::Vector, Self::Vector);
    /// IN: `LANES` rows of `D` values, at most four, one after the other. OUT: their columns.
    fn columns<const D: usize>(self, rows: [Self::Vector; D]) -> [Self::Vector; D];
}

/// Vectors of f64 that can be made from values of `F`, which loses nothing.
pub(in crate::kernels) trait Widen<F>: Simd<f64> {
    /// IN: `from`, at least `LANES` values. The first ones are loaded and converted.
    fn load_wide(self, from: &[F]) -> Self::Vector;
}

/// The most lanes of any set: 512 bits of `f32`.
pub(in crate::kernels) const MAX_LANES: usize = 16;
