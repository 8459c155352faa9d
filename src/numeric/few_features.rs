//! Numbers of features that are worth code of their own.

/// Evaluates an expression with a constant number of features where there are 1 to 4, and another expression
/// where there are more: loops over so few features are worth unrolling.
///
/// ```ignore
/// few_features!(d, D => sum_of::<D>(row), else sum(row))
/// ```
macro_rules! few_features {
    ($d:expr, $D:ident => $few:expr, else $many:expr $(,)?) => {
        match $d {
            1 => {
                const $D: usize = 1;
                $few
            }
            2 => {
                const $D: usize = 2;
                $few
            }
            3 => {
                const $D: usize = 3;
                $few
            }
            4 => {
                const $D: usize = 4;
                $few
            }
            _ => $many,
        }
    };
}

pub(crate) use few_features;

#[cfg(test)]
mod tests {
    #[test]
    fn the_constant_is_the_number_of_features() {
        let of = |d: usize| few_features!(d, D => [0; D].len(), else 99);
        assert_eq!([1, 2, 3, 4, 5, 0].map(of), [1, 2, 3, 4, 99, 99]);
    }
}
