//! Reads `.npy` files of arbitrary bytes. The result is rows or an error.
#![no_main]

use std::io::Write;

use centroid::{KMeans, NpyBlocks, RowBlocks};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().expect("there is room for a file");
    file.write_all(bytes).expect("there is room for the bytes");
    if let Ok(mut blocks) = NpyBlocks::<f32>::open(file.path()) {
        let mut block = Vec::new();
        let d = blocks.n_features();
        assert!(blocks.rewind().is_ok());
        while blocks.next_block(&mut block).is_ok() && !block.is_empty() {
            assert!(d > 0 && block.len().is_multiple_of(d));
            block.clear();
        }
        let _ = KMeans::new(2).n_init(1).max_iter(2).fit_blocks(&mut blocks);
    }
    if let Ok(mut blocks) = NpyBlocks::<f64>::open(file.path()) {
        let _ = KMeans::new(2).n_init(1).max_iter(2).fit_blocks(&mut blocks);
    }
});
