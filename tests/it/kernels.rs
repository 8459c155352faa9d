//! The kernels that the tests are meant to run with are those that they run with.

use centroid::benchmarking::{in_use, tables};

#[test]
fn the_variable_names_the_kernels_in_use() {
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
