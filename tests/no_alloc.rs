//! Predicting into arrays of the caller allocates nothing once a thread has its workspace.
#![allow(unsafe_code, reason = "a global allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use centroid::KMeans;
use ndarray::{Array1, Array2};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: all calls are forwarded to the allocator of the system.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller upholds the contract, which is that of the allocator of the system.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(f: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    f();
    ALLOCATIONS.get() - before
}

#[test]
fn predicting_into_arrays_allocates_nothing() {
    for d in [1, 3, 17, 100] {
        let x = Array2::from_shape_fn((300, d), |(i, j)| ((i * 31 + j * 17) % 101) as f32);
        let model = KMeans::new(5).fit(&x).unwrap();
        let (mut labels, mut distances) = (Array1::zeros(300), Array2::zeros((300, 5)));
        let mut predict = || {
            model.predict_into(&x, &mut labels).unwrap();
            model.transform_into(&x, &mut distances).unwrap();
            let (label, _) = model.predict_one(&x.row(7)).unwrap();
            assert_eq!(label, labels[7]);
        };
        predict();
        assert_eq!(allocations(predict), 0, "d = {d}");
    }
    // The counter itself works.
    assert!(allocations(|| drop(Array1::<f64>::zeros(5))) > 0);
}
