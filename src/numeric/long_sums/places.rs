//! Which digits of a long accumulator a number reaches, and what it adds to them.

use crate::numeric::exponent_above;

/// The bits of a digit.
pub(super) const DIGIT: i32 = 32;

/// A finite number: `mantissa x 2^exponent`, the mantissa odd or 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binary {
    mantissa: u64,
    exponent: i32,
    sign: i64,
}

impl Binary {
    #[inline]
    pub(crate) fn new(value: f64) -> Self {
        let (bits, sign) = (value.to_bits(), if value < 0.0 { -1 } else { 1 });
        let (exponent, fraction) = ((bits >> 52) as i32 & 0x7ff, bits & ((1 << 52) - 1));
        let (mantissa, exponent) = match exponent {
            0 => (fraction, -1074),
            _ => (fraction | 1 << 52, exponent - 1075),
        };
        let zeros = mantissa.trailing_zeros() & 63;
        Self {
            mantissa: mantissa >> zeros,
            exponent: exponent + zeros as i32,
            sign,
        }
    }
}

/// The places of the bits that some numbers have: from `2^lowest` to below `2^end`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    pub(super) lowest: i32,
    pub(super) end: i32,
}

impl Span {
    /// That of no bits.
    pub(crate) const EMPTY: Self = Self {
        lowest: i32::MAX,
        end: i32::MIN,
    };

    pub(crate) fn of(value: f64) -> Self {
        Self::between(value.abs(), value.abs())
    }

    /// That of numbers, of which `most` has the greatest magnitude, and `least` the smallest that is not 0.
    /// Empty if `most` is 0.
    pub(crate) fn between(least: f64, most: f64) -> Self {
        if most == 0.0 {
            return Self::EMPTY;
        }
        // The last bit of the precision, and the bit above the first.
        Self {
            lowest: exponent_above(least) - 53,
            end: exponent_above(most),
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            lowest: self.lowest.min(other.lowest),
            end: self.end.max(other.end),
        }
    }

    /// That of products of a number of each.
    pub(crate) fn times(self, other: Self) -> Self {
        match self == Self::EMPTY || other == Self::EMPTY {
            true => Self::EMPTY,
            false => Self {
                lowest: self.lowest + other.lowest,
                end: self.end + other.end,
            },
        }
    }
}

/// Which digits are stored of each sum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Places {
    /// The lowest digit counts units of `2^(32 lowest)`.
    pub(super) lowest: i32,
    pub(super) count: usize,
}

impl Places {
    pub(crate) fn count(self) -> usize {
        self.count
    }

    /// Those for numbers with bits in this span, each of which takes [`TERM`] digits.
    pub(super) fn of(span: Span) -> Self {
        if span == Span::EMPTY {
            return Self::default();
        }
        let lowest = span.lowest.div_euclid(DIGIT);
        Self {
            lowest,
            count: ((span.end - 1).div_euclid(DIGIT) - lowest) as usize + TERM,
        }
    }

    fn end(self) -> i32 {
        self.lowest + self.count as i32
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self.count, other.count) {
            (0, _) => other,
            (_, 0) => self,
            _ => {
                let lowest = self.lowest.min(other.lowest);
                let count = (self.end().max(other.end()) - lowest) as usize;
                Self { lowest, count }
            }
        }
    }

    /// The product of two numbers, whose bits must have places here.
    #[inline]
    pub(crate) fn product(self, a: Binary, b: Binary) -> Term {
        let product = u128::from(a.mantissa) * u128::from(b.mantissa);
        self.term(product, a.exponent + b.exponent, a.sign * b.sign)
    }

    /// `sign x magnitude x 2^exponent`, of at most 128 bits.
    #[inline]
    pub(super) fn term(self, magnitude: u128, exponent: i32, sign: i64) -> Term {
        let first = match magnitude {
            0 => 0,
            _ => (exponent.div_euclid(DIGIT) - self.lowest) as usize,
        };
        let shift = exponent.rem_euclid(DIGIT);
        let low = u128::from(magnitude as u64) << shift;
        let high = u128::from((magnitude >> 64) as u64) << shift;
        let digit = |value: u128, place: i32| sign * i64::from((value >> (DIGIT * place)) as u32);
        Term {
            first,
            low: [digit(low, 0), digit(low, 1), digit(low, 2)],
            high: (high != 0).then(|| [digit(high, 0), digit(high, 1), digit(high, 2)]),
        }
    }
}

/// The digits of a number to be added.
///
/// PERF: of the lower half all are added, though they may be 0: how many are not cannot be predicted. The upper
/// half is that of no product of two f32, and of nearly all products of two f64.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    first: usize,
    /// Those of the lower 64 bits.
    low: [i64; 3],
    /// Those of the upper 64 bits, two places higher, if there are any.
    high: Option<[i64; 3]>,
}

/// The digits of a number of 128 bits that begins anywhere.
const TERM: usize = 5;

impl Term {
    #[inline]
    pub(crate) fn add_to(&self, sum: &mut [i64]) {
        self.apply(sum, |digit, own| digit + own);
    }

    #[inline]
    pub(crate) fn subtract_from(&self, sum: &mut [i64]) {
        self.apply(sum, |digit, own| digit - own);
    }

    #[inline]
    fn apply(&self, sum: &mut [i64], f: impl Fn(i64, i64) -> i64) {
        let digits = &mut sum[self.first..][..TERM];
        for (digit, own) in digits.iter_mut().zip(self.low) {
            *digit = f(*digit, own);
        }
        for (digit, own) in digits[2..].iter_mut().zip(self.high.into_iter().flatten()) {
            *digit = f(*digit, own);
        }
    }
}
