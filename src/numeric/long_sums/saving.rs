//! How long sums are saved, and which are refused on loading.

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
