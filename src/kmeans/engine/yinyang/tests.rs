use ndarray::Array2;

use super::*;
use crate::kernels::NO_LABEL;
use crate::random::Stream;

/// Centroids that stand still make bounds pay; others that jump anywhere make them fail.
#[test]
fn bounds_that_fail_twice_are_given_up_for_good() {
    let (n, d, k) = (3000, 8, 32);
    let mut stream = Stream::new(1, 0);
    let mut uniform = |n: usize| Array2::from_shape_simple_fn((n, d), || stream.uniform());
    let x = uniform(n);
    let points = Points::check("x", &x).unwrap();
    let mut centroids = uniform(k);
    let start = centroids.as_slice().unwrap();
    let mut engine = Yinyang::new(&points, None, &Rows::new(start, d));
    let mut plain = Lloyd::new(&points);
    let (mut labels, mut expected) = (vec![NO_LABEL; n], vec![NO_LABEL; n]);
    let mut stages = Vec::new();
    for iteration in 0..20 {
        if iteration % 6 == 5 || iteration >= 12 {
            centroids = uniform(k);
        }
        let packed = Packed::new(&Rows::new(centroids.as_slice().unwrap(), d));
        stages.push(engine.stage);
        let work = engine.assign(&packed, &mut labels);
        let of_plain = plain.assign(&packed, &mut expected);
        assert_eq!(labels, expected, "{iteration}");
        assert_eq!(work.reassigned, of_plain.reassigned, "{iteration}");
        if engine.failures == 2 && stages.last() == Some(&Stage::GivenUp) {
            assert_eq!(work.distances, n * k);
        }
    }
    use Stage::{Bounded, GivenUp, Plain, Starting, Trying};
    let course = [Plain, Trying, Trying, Starting, Bounded, Bounded];
    assert_eq!(stages[..6], course);
    assert_eq!(
        stages[6..12],
        [Trying, Trying, Starting, Bounded, Bounded, Bounded]
    );
    assert!(stages[12..].iter().all(|&stage| stage == GivenUp));
}
