//! The example `anomalies`, run as a person would.

use crate::common::{numbers_of, of, one_line, printed};

#[test]
fn malignant_cases_are_unusual_and_benign_ones_are_not() {
    let text = printed(&of("anomalies", &[]));
    let learnt = numbers_of(&text, "benign, learnt from");
    let new = numbers_of(&text, "benign, new");
    let malignant = numbers_of(&text, "malignant");
    assert_eq!((learnt[0], new[0], malignant[0]), (179.0, 178.0, 212.0));
    assert_eq!(learnt[1], 5.0, "{text}");
    assert!(new[1] < 12.0 && malignant[1] > 75.0, "{text}");
}

#[test]
fn a_share_is_one_of_all_rows() {
    let error = one_line(&of("anomalies", &["--share", "2"]));
    assert_eq!(error, "share must be in 0 to 1");
}
