//! Where the examples find their data, and put what they write.

use std::path::{Path, PathBuf};

/// A path in the folder of the workspace, which is the one with the lock file.
pub(crate) fn path(relative: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_root = |folder: &&Path| folder.join("Cargo.lock").is_file();
    let root = here.ancestors().find(is_root).unwrap_or(here);
    root.join(relative)
}
