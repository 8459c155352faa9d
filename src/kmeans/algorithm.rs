//! The available ways to find the nearest centroids.

/// How the nearest centroids are found. Every choice gives the same result, to the bit.
///
/// # References
/// - T. Kanungo et al., *An efficient k-means clustering algorithm: analysis and implementation*,
///   IEEE TPAMI 24(7), 2002, doi:10.1109/TPAMI.2002.1017616.
/// - Y. Ding et al., *Yinyang k-means: a drop-in replacement of the classic k-means with consistent
///   speedup*, ICML 2015.
///
/// # Example
/// ```
/// use centroid::{Algorithm, KMeans};
/// use ndarray::array;
///
/// let x = array![[0.0, 1.0], [0.5, 1.5], [9.0, 9.0], [9.5, 8.0]];
/// let plain = KMeans::new(2).algorithm(Algorithm::Lloyd).fit(&x)?;
/// let boxes = KMeans::new(2).algorithm(Algorithm::Filtering).fit(&x)?;
/// assert_eq!(plain.labels(), boxes.labels());
/// # Ok::<(), centroid::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Algorithm {
    /// The one expected to be fastest, judging by the shape of the data and by how many rows are equal.
    #[default]
    Auto,
    /// Computes all distances in every iteration. Takes time `n k d` per iteration, for any data.
    Lloyd,
    /// Orders the points in a k-d tree once, merges equal ones, and rules out centroids for whole boxes of
    /// points (Kanungo et al., 2002). For few features, or well-separated clusters. It holds a copy of the
    /// distinct points, and 8 to 12 bytes per row.
    Filtering,
    /// Keeps, for each point, an upper bound on the distance to its centroid, and lower bounds on the
    /// distances to groups of other centroids (Ding et al., 2015). For many features and many clusters.
    ///
    /// From 200 features on, it also holds sketches of the points: 64 coordinates in the directions in
    /// which the points vary most, if these capture enough of the variance; or 128, if 64 capture less than
    /// four fifths and there are at least 384 features. The bounds take up to 56 bytes per row and an
    /// eighth of the size of the data. Sketches take 264 or 520 bytes per row in `f32`, and about twice as
    /// many in `f64`.
    Yinyang,
}
