//! Sums of numbers and of products without rounding, whatever their range.
//!
//! A long accumulator holds a sum as a whole number of very small units: U. Kulisch, *Computer arithmetic and
//! validity*, de Gruyter, 2013, chapter 8. As in the small superaccumulator of R. M. Neal, *Fast exact
//! summation using small and large superaccumulators*, arXiv:1505.05571, each word holds one digit and has room
//! to spare, so that carries can wait. Here only the digits that the numbers reach are stored.

mod places;
#[cfg(feature = "serde")]
mod saving;

use super::power_of_two;
use places::DIGIT;
pub(crate) use places::{Binary, Places, Span};

/// The most numbers that may be added before the carries are propagated: each adds less than 2^33 to a digit, and
/// all of them less than 2^61. See R9 of docs/rounding.md.
pub(crate) const MOST_ADDITIONS: usize = 1 << 28;

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

#[cfg(test)]
mod tests;
