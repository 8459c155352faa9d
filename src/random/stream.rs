//! The random streams. No other module makes a generator.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

/// A stream of random numbers.
///
/// The generator is xoshiro256++ and the conversions are written out here, so that a seed gives
/// the same numbers whatever the version of `rand`.
#[derive(Clone, Debug)]
pub(crate) struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream of one restart of a fit: streams of other seeds or restarts are independent.
    pub(crate) fn new(seed: u64, restart: u64) -> Self {
        // The seed is mixed before the restart comes in, so that streams of neighbouring seeds and
        // restarts do not meet.
        let mut state = seed;
        let mut state = split_mix(&mut state) ^ restart.wrapping_mul(SPREAD);
        let mut bytes = [0; 32];
        for word in bytes.chunks_exact_mut(8) {
            word.copy_from_slice(&split_mix(&mut state).to_le_bytes());
        }
        Self(Xoshiro256PlusPlus::from_seed(bytes))
    }

    /// A seed for streams of their own.
    pub(crate) fn seed(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in `0.0..1.0`, of 53 random bits.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * 2.0_f64.powi(-53)
    }

    /// From the exponential distribution of rate 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -(-self.uniform()).ln_1p()
    }

    /// From the exponential distribution of this rate. `None` if the rate is 0, or if the number surely
    /// exceeds `limit`.
    pub(crate) fn exponential_within(&mut self, rate: f64, limit: f64) -> Option<f64> {
        // The product is rounded, and must not refuse a number that is within the limit.
        const ROUNDED_UP: f64 = 1.0 + 4.0 * f64::EPSILON;
        let uniform = self.uniform();
        // PERF: -ln(1 - u) is at least u, and with a low limit few numbers need a logarithm.
        (rate > 0.0 && uniform <= limit * rate * ROUNDED_UP).then(|| -(-uniform).ln_1p() / rate)
    }

    /// Uniform in `0..bound`, for a bound of at least 1 (D. Lemire, Fast random integer generation
    /// in an interval, ACM TOMACS 29(1), 2019, doi:10.1145/3230636).
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = bound as u64;
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.0.next_u64()) * u128::from(bound);
            if product as u64 >= threshold {
                return (product >> 64) as usize;
            }
        }
    }

    /// The generator itself, for distributions of other crates.
    pub(crate) fn generator(&mut self) -> &mut Xoshiro256PlusPlus {
        &mut self.0
    }
}

/// An odd number that brings neighbouring restarts far apart.
const SPREAD: u64 = 0xd134_2543_de82_ef95;

/// One step of SplitMix64 (G. Steele, D. Lea, C. Flood, Fast splittable pseudorandom number
/// generators, OOPSLA 2014, doi:10.1145/2660193.2660195).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_stable() {
        let mut stream = Stream::new(0, 0);
        let values: [u64; 3] = std::array::from_fn(|_| stream.0.next_u64());
        assert_eq!(values, STABLE);
    }
    const STABLE: [u64; 3] = [
        9579327875526494010,
        14425024493257680155,
        12536166511277982743,
    ];

    #[test]
    fn streams_differ_by_seed_and_by_restart() {
        let first = |seed, restart| Stream::new(seed, restart).0.next_u64();
        assert_ne!(first(0, 0), first(0, 1));
        assert_ne!(first(0, 0), first(1, 0));
        assert_ne!(first(0, 1), first(1, 0));
    }

    #[test]
    fn first_values_of_neighbouring_streams_are_spread_evenly() {
        let mean = |values: &mut dyn Iterator<Item = f64>| values.take(1000).sum::<f64>() / 1000.0;
        let of_seeds = mean(&mut (0..).map(|seed| Stream::new(seed, 1).uniform()));
        let of_restarts = mean(&mut (0..).map(|restart| Stream::new(7, restart).uniform()));
        assert!((of_seeds - 0.5).abs() < 0.03, "{of_seeds}");
        assert!((of_restarts - 0.5).abs() < 0.03, "{of_restarts}");
    }

    #[test]
    fn below_reaches_every_value_and_no_other() {
        let mut stream = Stream::new(7, 0);
        let mut counts = [0; 5];
        (0..5000).for_each(|_| counts[stream.below(5)] += 1);
        assert!(
            counts.iter().all(|&count| (900..1100).contains(&count)),
            "{counts:?}"
        );
    }
}
