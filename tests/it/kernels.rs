//! The tests run with the kernels that the environment asks for.

use centroid::benchmarking::{in_use, tables};

#[test]
fn the_kernels_in_use_are_those_of_the_variable() {
    let Ok(wanted) = std::env::var("CENTROID_KERNELS") else {
        assert_eq!(
            (in_use::<f32>(), in_use::<f64>()),
            (tables::<f32>()[0], tables::<f64>()[0])
        );
        return;
    };
    let has = tables::<f32>();
    assert!(
        has.contains(&&*wanted),
        "CENTROID_KERNELS={wanted}: this processor has {has:?}"
    );
    assert_eq!((in_use::<f32>(), in_use::<f64>()), (&*wanted, &*wanted));
}
