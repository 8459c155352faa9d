//! Colours that all readers can tell apart, including colour-blind ones.

use std::collections::BTreeSet;

use ndarray::ArrayRef1;
use plotters::style::RGBColor;

/// The colours of Okabe and Ito without black, which is used for lines and text.
const OKABE_ITO: [u32; 7] = [
    0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0x56b4e9, 0xd55e00, 0xf0e442,
];

/// Tol's discrete rainbow.
const RAINBOW: [u32; 29] = [
    0xe8ecfb, 0xd9cce3, 0xd1bbd7, 0xcaaccb, 0xba8db4, 0xae76a3, 0xaa6f9e, 0x994f88, 0x882e72,
    0x1965b0, 0x437dbf, 0x5289c7, 0x6195cf, 0x7bafde, 0x4eb265, 0x90c987, 0xcae0ab, 0xf7f056,
    0xf7cb45, 0xf6c141, 0xf4a736, 0xf1932d, 0xee8026, 0xe8601c, 0xe65518, 0xdc050c, 0xa5170e,
    0x72190e, 0x42150a,
];

/// For 8, 9, .. 23 clusters, the colours of the rainbow that are used, counted from 1.
const SCHEMES: [&[u8]; 16] = [
    &[9, 10, 14, 15, 17, 18, 23, 26],
    &[9, 10, 14, 15, 17, 18, 23, 26, 28],
    &[9, 10, 14, 15, 17, 18, 21, 24, 26, 28],
    &[9, 10, 12, 14, 15, 17, 18, 21, 24, 26, 28],
    &[3, 6, 9, 10, 12, 14, 15, 17, 18, 21, 24, 26],
    &[3, 6, 9, 10, 12, 14, 15, 16, 17, 18, 21, 24, 26],
    &[3, 6, 9, 10, 12, 14, 15, 16, 17, 18, 20, 22, 24, 26],
    &[3, 6, 9, 10, 12, 14, 15, 16, 17, 18, 20, 22, 24, 26, 28],
    &[3, 5, 7, 9, 10, 12, 14, 15, 16, 17, 18, 20, 22, 24, 26, 28],
    &[
        3, 5, 7, 8, 9, 10, 12, 14, 15, 16, 17, 18, 20, 22, 24, 26, 28,
    ],
    &[
        3, 5, 7, 8, 9, 10, 12, 14, 15, 16, 17, 18, 20, 22, 24, 26, 27, 28,
    ],
    &[
        2, 4, 5, 7, 8, 9, 10, 12, 14, 15, 16, 17, 18, 20, 22, 24, 26, 27, 28,
    ],
    &[
        2, 4, 5, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 20, 22, 24, 26, 27, 28,
    ],
    &[
        2, 4, 5, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19, 21, 23, 25, 26, 27, 28,
    ],
    &[
        2, 4, 5, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19, 21, 23, 25, 26, 27, 28, 29,
    ],
    &[
        1, 2, 4, 5, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19, 21, 23, 25, 26, 27, 28, 29,
    ],
];

/// The largest number of clusters that all have different colours.
const MOST_COLORS: usize = 23;

/// The colours of clusters, by label.
///
/// Pictures of up to 60 clusters also show the labels as numbers, so readers need not rely on colour alone.
///
/// # Example
/// ```
/// use centroid::plot::Palette;
///
/// let palette = Palette::custom([[0x00, 0x44, 0x88], [0xdd, 0xaa, 0x33]]);
/// assert_eq!(palette.color(3, 4), [0xdd, 0xaa, 0x33]);
/// assert_ne!(Palette::default().color(0, 4), Palette::default().color(3, 4));
/// ```
///
/// # References
/// M. Okabe and K. Ito, *Color universal design*, 2008, for up to 7 clusters. P. Tol, *Colour schemes*,
/// SRON/EPS/TN/09-002, issue 3.2, 2021, the discrete rainbow, for 8 to 23. Beyond that, the colours repeat.
/// With 20 clusters the two closest colours are 10.7 apart in CIELAB (Euclidean distance), and at least
/// 8.2 for protanopes, deuteranopes and tritanopes, as simulated by G. Machado, M. Oliveira and
/// L. Fernandes, *A physiologically-based model for simulation of color vision deficiency*, IEEE
/// Transactions on Visualization and Computer Graphics 15 (6), 2009, doi:10.1109/TVCG.2009.113.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// Empty for the published colours.
    custom: Vec<[u8; 3]>,
}

impl Palette {
    /// Your own colours by label, each as red, green and blue. They repeat if there are more labels than
    /// colours. An empty list gives the default palette.
    #[must_use]
    pub fn custom(colors: impl IntoIterator<Item = [u8; 3]>) -> Self {
        Self {
            custom: colors.into_iter().collect(),
        }
    }

    /// The colour of a label among `n_clusters` clusters, as red, green and blue.
    #[must_use]
    pub fn color(&self, label: usize, n_clusters: usize) -> [u8; 3] {
        if !self.custom.is_empty() {
            return self.custom[label % self.custom.len()];
        }
        let rgb = if n_clusters <= OKABE_ITO.len() {
            OKABE_ITO[label % OKABE_ITO.len()]
        } else {
            let largest = SCHEMES.len() - 1;
            let scheme = SCHEMES[(n_clusters - 8).min(largest)];
            RAINBOW[usize::from(scheme[label % scheme.len()]) - 1]
        };
        let [_, r, g, b] = rgb.to_be_bytes();
        [r, g, b]
    }

    /// The colours of labels, for at least `at_least` clusters. If labels are too large for colours of
    /// their own but few of them occur, each gets the colour of its rank.
    pub(super) fn of_labels<'a>(
        &'a self,
        labels: &ArrayRef1<usize>,
        at_least: usize,
    ) -> impl Fn(usize) -> RGBColor + use<'a> {
        let largest = labels
            .iter()
            .max()
            .map_or(0, |&label| label.saturating_add(1));
        let k = largest.max(at_least);
        let occurring: Vec<usize> = match k {
            0..=MOST_COLORS => Vec::new(),
            _ => labels
                .iter()
                .copied()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
        };
        let is_sparse = at_least <= MOST_COLORS && (1..=MOST_COLORS).contains(&occurring.len());
        move |label| match occurring.binary_search(&label) {
            Ok(rank) if is_sparse => self.rgb(rank, occurring.len()),
            _ => self.rgb(label, k),
        }
    }

    pub(super) fn rgb(&self, label: usize, n_clusters: usize) -> RGBColor {
        let [r, g, b] = self.color(label, n_clusters);
        RGBColor(r, g, b)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ndarray::array;

    use super::*;

    #[test]
    fn each_of_23_clusters_has_its_own_colour() {
        let palette = Palette::default();
        for k in 1..=23 {
            let colors: HashSet<_> = (0..k).map(|label| palette.color(label, k)).collect();
            assert_eq!(colors.len(), k);
        }
        assert_eq!(palette.color(25, 40), palette.color(2, 40));
    }

    #[test]
    fn large_labels_have_colours_by_rank_if_there_are_few() {
        let palette = Palette::default();
        let colors = palette.of_labels(&array![46, 0, 23, usize::MAX], 0);
        assert_eq!(colors(23), palette.rgb(1, 4));
        assert_eq!(colors(usize::MAX), palette.rgb(3, 4));
        let colors = palette.of_labels(&array![0, 2], 5);
        assert_eq!(colors(2), palette.rgb(2, 5));
    }
}
