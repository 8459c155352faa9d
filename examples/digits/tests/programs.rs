//! Runs the examples on handwritten digits as programs.

#[path = "../../tests/programs/common.rs"]
mod common;

mod digits_semi_supervised {
    use super::common::*;

    #[test]
    fn each_step_makes_better_use_of_the_labels() {
        let arguments = ["--seeds", "2", "--n-init", "3"];
        let text = printed(&of("digits_semi_supervised", &arguments));
        assert!(
            text.starts_with("1797 images, 50 labels, 2 seeds\n"),
            "{text}"
        );
        let steps = [
            ("images at random", 82.9, 74.0),
            ("representative images", 91.6, 86.0),
            ("labels given to whole clusters", 93.1, 88.0),
            ("labels given to the closest", 93.8, 87.0),
        ];
        let mut here = Vec::new();
        for (name, of_text, at_least) in steps {
            let numbers = numbers_of(&text, name);
            assert_eq!((numbers.len(), numbers[0]), (4, of_text), "{text}");
            let (mean, least, largest) = (numbers[1], numbers[2], numbers[3]);
            assert!(
                at_least < mean && least <= mean && mean <= largest,
                "{text}"
            );
            here.push(mean);
        }
        assert!(here[0] < here[1] && here[0] < here[2], "{text}");
        let right = numbers_of(&text, "of the closest 20 %");
        assert!(
            right[0] > numbers_of(&text, "of whole clusters")[0],
            "{text}"
        );
        assert_eq!(printed(&of("digits_semi_supervised", &arguments)), text);
    }

    #[test]
    fn errors_take_one_line() {
        let error = |arguments: &[&str]| {
            let arguments = [&["--seeds", "1", "--n-init", "1"], arguments].concat();
            one_line(&of("digits_semi_supervised", &arguments))
        };
        assert_eq!(
            error(&["--percentile", "101"]),
            "percentile must be between 0 and 100"
        );
        let too_few = "n_clusters is 50, but there are only 30 rows to cluster";
        assert_eq!(error(&["--images", "40"]), too_few);
        let no_folds = "n_folds is 4, but must be at least 2 and at most 0";
        assert!(error(&["--images", "0"]).starts_with(no_folds));
    }
}

mod digits_preprocessing {
    use super::common::*;

    #[test]
    fn the_search_chooses_a_number_of_clusters() {
        let arguments = [
            "--images", "600", "--seeds", "1", "--coarse", "5,40", "--fine", "4",
        ];
        let text = printed(&of("digits_preprocessing", &arguments));
        assert_eq!(text.matches("\nbest: ").count(), 2, "{text}");
        assert!(text.contains("\nbest: 40\n"), "{text}");
        let found: usize = value_of(&text, "numbers of clusters found: ")
            .parse()
            .unwrap();
        assert!((32..=48).contains(&found), "{text}");
        assert_eq!(numbers_of(&text, "pixels")[0], 96.7);
        let soft = numbers_of(&text, "soft assignments to clusters");
        assert!(soft[0] == 99.1 && soft[1] > 90.0, "{text}");
        assert_eq!(
            numbers_of(&text, "distances to the same centroids").len(),
            3
        );
        assert_eq!(printed(&of("digits_preprocessing", &arguments)), text);
    }

    #[test]
    fn errors_take_one_line() {
        let error = |arguments: &[&str]| {
            let arguments = [&["--seeds", "1", "--images", "80"], arguments].concat();
            one_line(&of("digits_preprocessing", &arguments))
        };
        assert_eq!(
            error(&["--coarse", "41"]),
            "n_clusters is 41, but there are only 40 rows to cluster"
        );
        let folds = error(&["--folds", "1", "--coarse", "2"]);
        assert!(
            folds.starts_with("n_folds is 1, but must be at least 2 and at most 60"),
            "{folds}"
        );
        let gamma = error(&["--gamma", "nan", "--coarse", "2"]);
        assert_eq!(gamma, "gamma must be finite and 0 or greater");
    }
}
