//! Sums of numbers and of products without rounding, whatever their range.
//!
//! A long accumulator holds a sum as a whole number of very small units: U. Kulisch, *Computer arithmetic and
//! validity*, de Gruyter, 2013, chapter 8. As in the small superaccumulator of R. M. Neal, *Fast exact
//! summation using small and large superaccumulators*, arXiv:1505.05571, each word holds one digit and has room
//! to spare, so that carries can wait. Here only the digits that the numbers reach are stored.

use super::{exponent_above, power_of_two};

/// The bits of a digit.
const DIGIT: i32 = 32;

/// So many numbers may be added before carries must be handed on: each adds less than 2^33 to a digit, and
/// all of them less than 2^61. See R9 of docs/rounding.md.
pub(crate) const MOST_ADDITIONS: usize = 1 << 28;

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
    lowest: i32,
    end: i32,
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
    lowest: i32,
    count: usize,
}

impl Places {
    pub(crate) fn count(self) -> usize {
        self.count
    }

    /// Those for numbers with bits in this span, each of which takes [`TERM`] digits.
    fn of(span: Span) -> Self {
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

    fn and(self, other: Self) -> Self {
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
    fn term(self, magnitude: u128, exponent: i32, sign: i64) -> Term {
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

/// A digit between -2^31 and 2^31 - 1, and what is handed on to the next.
fn carried(digit: i64) -> (i64, i64) {
    let low = i64::from(digit as i32);
    (low, (digit - low) >> DIGIT)
}

/// Several sums, each exact.
#[derive(Clone, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "saving::Saved", into = "saving::Saved")
)]
pub(crate) struct LongSums {
    places: Places,
    /// For each sum its digits, the lowest first.
    digits: Vec<i64>,
    len: usize,
    /// The additions since carries were handed on.
    additions: usize,
}

impl LongSums {
    /// `len` sums of nothing.
    pub(crate) fn new(len: usize) -> Self {
        Self {
            len,
            ..Self::default()
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn places(&self) -> Places {
        self.places
    }

    /// The digits and their places, to which each [`Term`] adds less than 2^33: at most [`MOST_ADDITIONS`]
    /// times, `additions` times in all.
    pub(crate) fn digits_mut(&mut self, additions: usize) -> (Places, &mut [i64]) {
        self.make_room(additions);
        (self.places, &mut self.digits)
    }

    /// Counts additions, and hands on carries before there are too many.
    fn make_room(&mut self, additions: usize) {
        self.additions = self.additions.saturating_add(additions);
        if self.additions > MOST_ADDITIONS {
            self.settle();
            self.additions = additions;
        }
    }

    /// Makes places for numbers with bits in this span.
    pub(crate) fn cover(&mut self, span: Span) {
        let wanted = self.places.and(Places::of(span));
        if wanted != self.places {
            self.move_to(wanted);
        }
    }

    /// IN: `places`, which have room for what is there.
    fn move_to(&mut self, places: Places) {
        let mut digits = vec![0; self.len * places.count];
        if self.places.count.min(places.count) > 0 {
            let shift = self.places.lowest - places.lowest;
            let (from, to) = (shift.min(0).unsigned_abs(), shift.max(0) as usize);
            let wide = digits.chunks_exact_mut(places.count);
            let own = self.digits.chunks_exact(self.places.count);
            for (wide, own) in wide.zip(own) {
                let pairs = wide[to..].iter_mut().zip(&own[from as usize..]);
                pairs.for_each(|(wide, &own)| *wide = own);
            }
        }
        (self.places, self.digits) = (places, digits);
    }

    /// Adds a finite number to a sum.
    pub(crate) fn add(&mut self, index: usize, value: f64) {
        self.add_product(index, value, 1.0);
    }

    /// Adds the product of two finite numbers to a sum.
    pub(crate) fn add_product(&mut self, index: usize, a: f64, b: f64) {
        let span = Span::of(a).times(Span::of(b));
        if span == Span::EMPTY {
            return;
        }
        self.cover(span);
        self.make_room(1);
        let (places, count) = (self.places, self.places.count);
        let own = &mut self.digits[index * count..][..count];
        places.product(Binary::new(a), Binary::new(b)).add_to(own);
    }

    /// Adds `sign` times the product of a sum of `a` and a sum of `b`.
    pub(crate) fn add_product_of_sums(
        &mut self,
        index: usize,
        sign: i64,
        (a, of_a): (&Self, usize),
        (b, of_b): (&Self, usize),
    ) {
        for (place_of_a, digit_of_a) in a.settled_digits(of_a) {
            for (place_of_b, digit_of_b) in b.settled_digits(of_b) {
                let product = i128::from(digit_of_a) * i128::from(digit_of_b);
                let exponent = DIGIT * (place_of_a + place_of_b);
                self.cover(Span {
                    lowest: exponent,
                    end: exponent + 2 * DIGIT,
                });
                self.make_room(1);
                let (places, count) = (self.places, self.places.count);
                let own = &mut self.digits[index * count..][..count];
                let sign = sign * product.signum() as i64;
                places
                    .term(product.unsigned_abs(), exponent, sign)
                    .add_to(own);
            }
        }
    }

    /// Adds as many other sums.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.places.count == 0 {
            return;
        }
        let places = self.places.and(other.places);
        if places != self.places {
            self.move_to(places);
        }
        // This may add a digit.
        self.make_room(other.additions.saturating_add(1));
        let shift = (other.places.lowest - self.places.lowest) as usize;
        let own = self.digits.chunks_exact_mut(self.places.count);
        for (own, other) in own.zip(other.digits.chunks_exact(other.places.count)) {
            let pairs = own[shift..].iter_mut().zip(other);
            pairs.for_each(|(own, other)| *own += other);
        }
    }

    /// The sum of some of the sums.
    pub(crate) fn sum_of(&self, indices: impl IntoIterator<Item = usize>) -> Self {
        let mut sum = Self {
            places: self.places,
            digits: vec![0; self.places.count],
            len: 1,
            additions: 0,
        };
        for index in indices {
            sum.make_room(self.additions.saturating_add(1));
            let own = &self.digits[index * self.places.count..][..self.places.count];
            // Handing on carries may have added a digit at the end.
            sum.digits
                .iter_mut()
                .zip(own)
                .for_each(|(sum, own)| *sum += own);
        }
        sum
    }

    /// Hands on carries, so that all digits are from -2^31 to 2^31 - 1.
    fn settle(&mut self) {
        let is_full = |own: &[i64]| own.last().is_some_and(|&top| top.abs() >= 1 << 30);
        if self.places.count > 0 && (self.digits.chunks_exact(self.places.count)).any(is_full) {
            let count = self.places.count + 1;
            self.move_to(Places {
                count,
                ..self.places
            });
        }
        for own in self.digits.chunks_exact_mut(self.places.count.max(1)) {
            let mut carry = 0;
            for digit in own {
                (*digit, carry) = carried(*digit + carry);
            }
        }
        self.additions = 0;
    }

    /// Settles, and stores no more digits than the sums need: equal sums are then stored alike.
    pub(crate) fn trim(&mut self) {
        self.settle();
        let count = self.places.count.max(1);
        let rows = || self.digits.chunks_exact(count);
        let is_used = |place: &usize| rows().any(|own| own[*place] != 0);
        let first = (0..self.places.count).find(is_used);
        let last = (0..self.places.count).rfind(is_used);
        let places = match first.zip(last) {
            Some((first, last)) => Places {
                lowest: self.places.lowest + first as i32,
                count: last - first + 1,
            },
            None => Places::default(),
        };
        if places != self.places {
            self.move_to(places);
        }
    }

    /// The digits of a sum that are not 0, settled, with their places, from the lowest.
    fn settled_digits(&self, index: usize) -> impl Iterator<Item = (i32, i64)> {
        let count = self.places.count;
        let own = &self.digits[index * count..][..count];
        let mut carry = 0;
        // What is carried out of the highest digit takes up to two more.
        let digits = own.iter().copied().chain([0, 0]).map(move |digit| {
            let (low, next) = carried(digit + carry);
            carry = next;
            low
        });
        let digits = (self.places.lowest..).zip(digits);
        digits.filter(|&(_, digit)| digit != 0)
    }

    /// A sum, rounded to the nearest f64, to even in a tie.
    pub(crate) fn total(&self, index: usize) -> f64 {
        self.total_times(index, 0)
    }

    /// A sum times `2^exponent`, rounded to the nearest f64, to even in a tie.
    pub(crate) fn total_times(&self, index: usize, exponent: i32) -> f64 {
        // The three highest digits, the place of the highest, and whether anything is below them.
        let (mut high, mut place, mut below) = ([0_i64; 3], 0, 0);
        for (next, digit) in self.settled_digits(index) {
            for _ in 0..(next - place).min(3) {
                below = if high[0] == 0 {
                    below
                } else {
                    high[0].signum()
                };
                high = [high[1], high[2], 0];
            }
            (high[2], place) = (digit, next);
        }
        let [low, middle, top] = high.map(i128::from);
        let high = (((top << DIGIT) + middle) << DIGIT) + low;
        // One more bit says on which side of the three digits the sum lies.
        let exponent = exponent.saturating_add(DIGIT * (place - 2) - 1);
        rounded(2 * high + i128::from(below), exponent)
    }

    /// An exponent for which `2^exponent` is above the magnitude of a sum, and at most four times it. 0 for 0.
    pub(crate) fn exponent(&self, index: usize) -> i32 {
        let last = self.settled_digits(index).last();
        last.map_or(0, |(place, digit)| {
            DIGIT * place + 64 - digit.unsigned_abs().leading_zeros() as i32
        })
    }
}

/// `value x 2^exponent`, rounded to the nearest f64, to even in a tie.
fn rounded(value: i128, exponent: i32) -> f64 {
    let (magnitude, sign) = (value.unsigned_abs(), value.signum() as f64);
    let bits = 128 - magnitude.leading_zeros() as i32;
    // Bits below the last one of an f64, which is 2^-1074 at the least.
    let dropped = (bits - 53).max(-1074 - exponent).max(0);
    if dropped > bits {
        return 0.0;
    }
    let (kept, half) = (
        magnitude.checked_shr(dropped as u32).unwrap_or(0),
        1_u128 << dropped >> 1,
    );
    let rest = magnitude - (kept << dropped);
    let is_up = rest > half || (rest == half && half > 0 && kept % 2 == 1);
    let kept = sign * (kept + u128::from(is_up)) as f64;
    // In two steps, since a power of two below 2^-1022 has not the full precision.
    let exponent = (exponent + dropped).clamp(-2000, 2000);
    kept * power_of_two(exponent / 2) * power_of_two(exponent - exponent / 2)
}

impl PartialEq for LongSums {
    fn eq(&self, other: &Self) -> bool {
        let trimmed = |sums: &Self| {
            let mut sums = sums.clone();
            sums.trim();
            (sums.len, sums.places, sums.digits)
        };
        trimmed(self) == trimmed(other)
    }
}

#[cfg(feature = "serde")]
mod saving {
    use serde::{Deserialize, Serialize};

    use super::{LongSums, Places};

    /// As few digits as possible, from -2^31 to 2^31 - 1.
    #[derive(Serialize, Deserialize)]
    pub(super) struct Saved {
        len: usize,
        lowest: i32,
        digits: Vec<i32>,
    }

    impl From<LongSums> for Saved {
        fn from(mut sums: LongSums) -> Self {
            sums.trim();
            // At least one digit of each, so that a reader knows that there is room for as many.
            if sums.places.count == 0 {
                let (lowest, count) = (0, 1);
                sums.move_to(Places { lowest, count });
            }
            Self {
                len: sums.len,
                lowest: sums.places.lowest,
                digits: sums.digits.into_iter().map(|digit| digit as i32).collect(),
            }
        }
    }

    impl TryFrom<Saved> for LongSums {
        type Error = &'static str;

        fn try_from(saved: Saved) -> Result<Self, Self::Error> {
            // Products of two f64 have places from -68 to 63.
            const MOST: i32 = 80;
            let n_digits = saved.digits.len();
            let count = n_digits.checked_div(saved.len).unwrap_or(0);
            if saved.len == 0 || n_digits == 0 || count * saved.len != n_digits {
                return Err("sums have unequal digits");
            }
            let is_near = saved.lowest >= -MOST && count <= 2 * MOST as usize;
            if !is_near || saved.lowest > MOST - count as i32 {
                return Err("a sum is too large or too small");
            }
            Ok(Self {
                places: Places {
                    lowest: saved.lowest,
                    count,
                },
                digits: saved.digits.into_iter().map(i64::from).collect(),
                len: saved.len,
                additions: 1,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(values: &[f64]) -> LongSums {
        let mut sums = LongSums::new(1);
        values.iter().for_each(|&value| sums.add(0, value));
        sums
    }

    /// Numbers of all magnitudes and both signs.
    fn rough(count: u64, exponents: u64) -> Vec<f64> {
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            state >> 11
        };
        let value = |(mantissa, exponent, sign): (u64, u64, u64)| {
            let exponent = 1023 - exponents / 2 + exponent % exponents;
            f64::from_bits(mantissa >> 1 | exponent << 52 | (sign & 1) << 63)
        };
        (0..count)
            .map(|_| value((next(), next(), next() >> 20)))
            .collect()
    }

    #[test]
    fn one_number_is_its_own_sum() {
        let mut values = rough(1000, 2000);
        values.extend([
            0.0,
            -0.0,
            f64::MIN_POSITIVE,
            5e-324,
            -5e-324,
            1e-310,
            f64::MAX,
            -f64::MAX,
        ]);
        for value in values {
            assert_eq!(sum(&[value]).total(0), value, "{value:e}");
        }
    }

    #[test]
    fn two_numbers_are_rounded_as_the_processor_does() {
        for exponents in [4, 40, 120, 2000] {
            let values = rough(4000, exponents);
            for pair in values.chunks_exact(2) {
                assert_eq!(sum(pair).total(0), pair[0] + pair[1], "{pair:?}");
                let mut product = LongSums::new(1);
                product.add_product(0, pair[0], pair[1]);
                assert_eq!(product.total(0), pair[0] * pair[1], "{pair:?}");
            }
        }
    }

    #[test]
    fn ties_go_to_even_and_anything_below_breaks_them() {
        let (one, half) = (1.0, f64::EPSILON / 2.0);
        for (values, expected) in [
            (vec![one, half], one),
            (vec![one, half, 1e-300], one + f64::EPSILON),
            (vec![one, half, -1e-300], one),
            (vec![one + f64::EPSILON, half], one + 2.0 * f64::EPSILON),
            (vec![-one, -half, -5e-324], -one - f64::EPSILON),
            (vec![5e-324, 5e-324], 1e-323),
            (vec![f64::MAX, 1e300, -f64::MAX, -1e300], 0.0),
        ] {
            assert_eq!(sum(&values).total(0), expected, "{values:?}");
        }
        // A tie between two subnormal numbers.
        let mut product = LongSums::new(1);
        product.add_product(0, 3.0 * 2.0_f64.powi(-600), 2.0_f64.powi(-475));
        assert_eq!(product.total(0), 2.0 * 5e-324);
    }

    #[test]
    fn sums_do_not_depend_on_order_or_grouping() {
        let values = rough(3000, 700);
        let whole = sum(&values);
        let mut reversed = values.clone();
        reversed.reverse();
        assert_eq!(sum(&reversed), whole);
        let mut merged = LongSums::new(1);
        for part in values.rchunks(170) {
            merged.merge(&sum(part));
        }
        assert_eq!(merged, whole);
        assert_eq!(merged.total(0), whole.total(0));
        values.iter().for_each(|&value| merged.add(0, -value));
        merged.trim();
        assert_eq!(merged.places.count(), 0);
    }

    #[test]
    fn carries_pass_through_all_digits() {
        let mut sums = LongSums::new(2);
        for index in [0, 1] {
            sums.add(index, 1.0);
            sums.add(index, -(2.0_f64.powi(-200)));
            // Each doubling is an addition to itself; in the end the sum is 2^300 times as large.
            for _ in 0..300 {
                let copy = sums.clone();
                sums.merge(&copy);
                sums.settle();
            }
            assert_eq!(sums.total(index), 2.0_f64.powi(300));
            sums = LongSums::new(2);
        }
        sums.add(0, 3.0);
        assert_eq!((sums.exponent(0), sums.total_times(0, -1200)), (2, 0.0));
        assert_eq!(sums.total_times(0, -4), 0.1875);
    }

    #[test]
    fn carries_are_handed_on_in_time() {
        // As many additions as there may be, and digits without room above them.
        let mut sums = LongSums::new(2);
        let large = 2.0_f64.powi(62);
        [large, -large]
            .into_iter()
            .enumerate()
            .for_each(|(i, x)| sums.add(i, x));
        sums.trim();
        let mut other = sums.clone();
        for times in 2..70 {
            other.additions = MOST_ADDITIONS;
            sums.merge(&other);
            let expected = f64::from(times) * large;
            assert_eq!((sums.total(0), sums.total(1)), (expected, -expected));
            sums.trim();
        }
    }

    #[test]
    fn products_of_sums_are_exact() {
        let (a, b) = (sum(&[1e100, 1.0, -1e-100]), sum(&[-1e50, 3.0]));
        let mut product = LongSums::new(1);
        product.add_product_of_sums(0, 1, (&a, 0), (&b, 0));
        for x in [1e100, 1.0, -1e-100] {
            for y in [-1e50, 3.0] {
                product.add_product(0, -x, y);
            }
        }
        assert_eq!(product, LongSums::new(1));
    }
}
