//! The ways to find the nearest centroids, as they are chosen.

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
    /// The fastest one for the data.
    #[default]
    Auto,
    /// All distances, in every iteration. Time `n k d` per iteration, whatever the data is like.
    Lloyd,
    /// The points are ordered in a k-d tree once, equal ones merged, and centroids are ruled out for
    /// whole boxes of them (Kanungo et al., 2002). For few features, or well separated clusters.
    /// It holds a copy of the distinct points, and 8 to 12 bytes per row.
    Filtering,
    /// Each point holds an upper bound on the distance to its centroid, and lower bounds on those to
    /// groups of others (Ding et al., 2015). From 200 features on it also holds sketches of the
    /// points, in 64 coordinates along which they vary most, if these take up enough of the variance;
    /// in 128 if they take up less than four fifths, and there are at least 384 features.
    /// For many features and many clusters. The bounds take up to 56 bytes per row and an eighth of
    /// a row, sketches 264 or 520 bytes in `f32` and about twice as many in `f64`.
    Yinyang,
}
