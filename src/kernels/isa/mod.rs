//! Instruction sets, and the table of kernels of each.

mod portable;
mod simd;
mod tables;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(super) use simd::{MAX_LANES, Simd, Widen};
pub(crate) use tables::{Kernels, supported_f32, supported_f64};
