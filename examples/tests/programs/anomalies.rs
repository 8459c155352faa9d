//! Runs the example `anomalies` as a program.

use crate::common::{numbers_of, of, one_line, printed};

#[test]
fn malignant_cases_are_unusual_and_benign_ones_are_not() {
    let text = printed(&of("anomalies", &[]));
    let fitted = numbers_of(&text, "benign, fitted");
    let new = numbers_of(&text, "benign, new");
    let malignant = numbers_of(&text, "malignant");
    assert_eq!((fitted[0], new[0], malignant[0]), (179.0, 178.0, 212.0));
    assert_eq!(fitted[1], 5.0, "{text}");
    assert!(new[1] < 12.0 && malignant[1] > 75.0, "{text}");
}

#[test]
fn a_share_above_one_is_an_error() {
    let error = one_line(&of("anomalies", &["--share", "2"]));
    assert_eq!(error, "share must be between 0 and 1");
}
