//! What the tests of the kernels share. Each tests every table that the processor supports.

macro_rules! for_both_types {
    ($($test:ident),* $(,)?) => {
        mod f32 { $(#[test] fn $test() { super::$test::<f32>(); })* }
        mod f64 { $(#[test] fn $test() { super::$test::<f64>(); })* }
    };
}
pub(super) use for_both_types;

pub(super) mod naive;

use super::{Kernels, PANEL, Projection, Rows};
use crate::float::Float;
use crate::float::private::Sealed;

/// Whole numbers in -8..=8: sums of their products are exact, whatever the order.
pub(super) fn lattice<F: Float>(len: usize, seed: u64) -> Vec<F> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..len)
        .map(|_| F::from_f64((next() % 17) as f64 - 8.0))
        .collect()
}

/// Values without a pattern, around 0, in units of `scale`, moved by `offset`.
pub(super) fn rough<F: Float>(len: usize, seed: u64, scale: f64, offset: f64) -> Vec<F> {
    let (coarse, fine) = (lattice::<f64>(len, seed), lattice::<f64>(len, seed + 1));
    let rough = |(coarse, fine): (f64, f64)| (coarse * 0.1 + fine * 0.013_7).sin();
    coarse
        .into_iter()
        .zip(fine)
        .map(|pair| F::from_f64(rough(pair) * scale + offset))
        .collect()
}

pub(super) fn each_table<F: Float>(test: impl Fn(&'static Kernels<F>)) {
    F::tables().iter().for_each(|table| test(table));
}

/// Orthonormal directions: features themselves, and sums and differences of pairs of them.
pub(super) fn projection<F: Float>(d: usize) -> Projection<F> {
    let half = 0.5_f64.sqrt();
    let direction = |i: usize| {
        let mut direction = vec![F::ZERO; d];
        direction[2 * (i / 2)] = F::from_f64(half);
        direction[2 * (i / 2) + 1] = F::from_f64(if i.is_multiple_of(2) { half } else { -half });
        direction
    };
    let directions: Vec<F> = (0..PANEL).flat_map(direction).collect();
    let centre = vec![F::from_f64(0.25); d];
    Projection::new(centre, F::from_f64(0.5), &Rows::new(&directions, d))
}

/// `CENTROID_TEST_KERNELS=avx512,avx2,portable` names the tables that must not be left out.
#[test]
fn the_named_instruction_sets_are_tested() {
    let Ok(wanted) = std::env::var("CENTROID_TEST_KERNELS") else {
        return;
    };
    for name in wanted.split(',').filter(|name| !name.is_empty()) {
        let found = f32::tables().iter().any(|table| table.name == name)
            && f64::tables().iter().any(|table| table.name == name);
        assert!(
            found,
            "{name} should be tested, but this processor does not support it"
        );
    }
}
