//! The two element types that the crate computes with.

use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use crate::kernels::Kernels;

/// An element type of the data: `f32` or `f64`.
///
/// The trait is sealed: kernels exist for these two types and no others.
///
/// # Example
/// ```
/// use centroid::Float;
///
/// /// The Euclidean length of a row, if it can be computed with.
/// fn length<F: Float>(row: &[F]) -> Option<F> {
///     let fits = |value: &F| value.is_finite() && value.abs() <= F::MAX_MAGNITUDE;
///     let squares = row.iter().fold(F::ZERO, |sum, &value| sum + value * value);
///     row.iter().all(fits).then(|| squares.sqrt())
/// }
/// assert_eq!((length(&[3.0_f32, -4.0]), length(&[f64::NAN])), (Some(5.0), None));
/// assert_eq!((f32::from_f64(0.1), 0.5_f32.to_f64()), (0.1, 0.5));
/// ```
pub trait Float:
    private::Sealed
    + Copy
    + Default
    + PartialEq
    + PartialOrd
    + Debug
    + Display
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + 'static
{
    /// The additive identity.
    const ZERO: Self;
    /// The multiplicative identity.
    const ONE: Self;
    /// Positive infinity.
    const INFINITY: Self;
    /// Half the distance between 1 and the next larger number: the largest relative error of one
    /// rounded operation.
    const UNIT_ROUNDOFF: f64;
    /// The smallest positive number of full precision.
    const SMALLEST_NORMAL: Self;
    /// The largest magnitude accepted in data. Squared distances between rows within it, and sums
    /// of very many of them, stay finite.
    const MAX_MAGNITUDE: Self;

    /// Rounds to the nearest value of this type. See the [example](Float#example).
    fn from_f64(value: f64) -> Self;
    /// Converts without loss. See the [example](Float#example).
    fn to_f64(self) -> f64;
    /// The magnitude. See the [example](Float#example).
    fn abs(self) -> Self;
    /// The square root, correctly rounded. See the [example](Float#example).
    fn sqrt(self) -> Self;
    /// Neither infinite nor NaN. See the [example](Float#example).
    fn is_finite(self) -> bool;
}

/// A pointer to a function that is compiled in this crate for both element types, and not again in each
/// crate that calls it. The function is written as a closure that captures nothing. `F` in it is the element
/// type `F` of the caller.
///
/// Without it, a generic function is compiled in the crate that calls it with a known type. Functions in a
/// static table are compiled with the table.
///
/// PERF: after a change of a program of ten lines, `cargo build --release` takes 0.6 s, and 7.2 s if it
/// compiles the engines. In a debug build whose dependencies are optimised, fits of 50,000 x 3 take as long as
/// in a release build (1.9 times as long with overflow checks and debug assertions), and 8 times as long if
/// the program compiles the engines.
macro_rules! compiled {
    (|$($name:ident: $argument:ty),* $(,)?| -> $output:ty $body:block) => {{
        fn instance<F: $crate::float::Float>($($name: $argument),*) -> $output $body
        struct Instance;
        impl $crate::float::private::PerType for Instance {
            type Of<F: $crate::float::Float> = fn($($argument),*) -> $output;
        }
        static INSTANCES: $crate::float::private::Both<Instance> = $crate::float::private::Both {
            of_f32: instance,
            of_f64: instance,
        };
        F::choose(&INSTANCES)
    }};
}
pub(crate) use compiled;

pub(crate) mod private {
    use super::{Float, Kernels};

    /// A family of types, one for each element type.
    pub trait PerType {
        /// The type for `F`.
        type Of<F: Float>: 'static;
    }

    /// The values of a family for both element types.
    #[allow(
        missing_debug_implementations,
        reason = "functions have nothing to show"
    )]
    pub struct Both<P: PerType> {
        pub(crate) of_f32: P::Of<f32>,
        pub(crate) of_f64: P::Of<f64>,
    }

    /// The methods of a [`Float`](super::Float) that only the crate may use.
    pub trait Sealed: Sized {
        /// The number of levels of exact sums. Except for extraordinary data, the last level holds the last
        /// bits of every value.
        const LEVELS: usize;

        /// A value whose bit pattern holds `index`. It travels through vector registers together with the
        /// scores, and is only moved, never used in arithmetic.
        fn from_index(index: u32) -> Self;
        /// The index that [`from_index`](Self::from_index) put in.
        fn to_index(self) -> u32;
        /// Every kernel table that this processor can run, the fastest first.
        #[allow(
            private_interfaces,
            reason = "the trait is sealed, nobody outside can call this"
        )]
        fn tables() -> &'static [&'static Kernels<Self>];
        /// The value for this type. See [`compiled`](super::compiled).
        fn choose<P: PerType>(both: &'static Both<P>) -> &'static P::Of<Self>
        where
            Self: Float;
        /// The bytes of values, in the order of this machine.
        #[cfg(feature = "npy")]
        fn bytes_mut(values: &mut [Self]) -> &mut [u8];
        /// The value with its bytes in the opposite order.
        #[cfg(feature = "npy")]
        fn swap_bytes(self) -> Self;
        /// Calls `f` with a buffer of `len` arbitrary values. Buffers belong to the thread and are reused,
        /// so that a workspace is allocated once and not once per call.
        fn with_scratch<R>(len: usize, f: impl FnOnce(&mut [Self]) -> R) -> R;
    }
}

/// Scratch buffers with more than this many values are freed after use.
const KEPT_SCRATCH: usize = 1 << 18;

macro_rules! impl_float {
    ($float:ty, $bits:ty, $of:ident, $supported:ident, $max_magnitude:expr, $levels:literal) => {
        impl Float for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const INFINITY: Self = Self::INFINITY;
            const UNIT_ROUNDOFF: f64 = (Self::EPSILON / 2.0) as f64;
            const SMALLEST_NORMAL: Self = Self::MIN_POSITIVE;
            const MAX_MAGNITUDE: Self = $max_magnitude;

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as Self
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                self.abs()
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                self.sqrt()
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                self.is_finite()
            }
        }

        impl private::Sealed for $float {
            const LEVELS: usize = $levels;

            #[inline(always)]
            fn from_index(index: u32) -> Self {
                Self::from_bits(<$bits>::from(index))
            }
            #[inline(always)]
            fn to_index(self) -> u32 {
                self.to_bits() as u32
            }
            #[allow(private_interfaces, reason = "the trait is sealed")]
            fn tables() -> &'static [&'static Kernels<Self>] {
                static TABLES: std::sync::OnceLock<Vec<&'static Kernels<$float>>> =
                    std::sync::OnceLock::new();
                TABLES.get_or_init(crate::kernels::$supported)
            }
            fn choose<P: private::PerType>(
                both: &'static private::Both<P>,
            ) -> &'static P::Of<Self> {
                &both.$of
            }
            #[cfg(feature = "npy")]
            fn bytes_mut(values: &mut [Self]) -> &mut [u8] {
                bytemuck::cast_slice_mut(values)
            }
            #[cfg(feature = "npy")]
            fn swap_bytes(self) -> Self {
                Self::from_bits(self.to_bits().swap_bytes())
            }
            fn with_scratch<R>(len: usize, f: impl FnOnce(&mut [Self]) -> R) -> R {
                thread_local! {
                    static POOL: std::cell::Cell<Vec<Vec<$float>>> =
                        const { std::cell::Cell::new(Vec::new()) };
                }
                // The buffer is taken out of the pool, so that a nested call takes another one.
                let mut pool = POOL.take();
                let mut buffer = pool.pop().unwrap_or_default();
                POOL.set(pool);
                if buffer.len() < len {
                    buffer.resize(len, 0.0);
                }
                let result = f(&mut buffer[..len]);
                if buffer.len() <= KEPT_SCRATCH {
                    let mut pool = POOL.take();
                    pool.push(buffer);
                    POOL.set(pool);
                }
                result
            }
        }
    };
}

// Values of f32 have 24 bits: for a million points two levels leave room for 40 binary orders of
// magnitude.
impl_float!(f32, u32, of_f32, supported_f32, 1e35, 2);
impl_float!(f64, u64, of_f64, supported_f64, 1e90, 3);
