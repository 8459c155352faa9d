//! Pictures of clusterings: scatter plots, decision regions, elbows, silhouette diagrams, image grids.
//!
//! Every function takes a canvas to draw on, the data to show (arrays, labels or scores) and options:
//!
//! - [`clusters`]: rows coloured by label, in the plane of their principal directions if they have more
//!   than two features.
//! - [`voronoi`]: the decision regions of centroids in the plane.
//! - [`elbow`], [`silhouette_scores`]: the scores of a [`Sweep`](crate::selection::Sweep); [`scores`]:
//!   any other [`Curve`].
//! - [`silhouette_diagram`], [`silhouette_diagrams`]: the silhouettes of all rows, by cluster.
//! - [`image_grid`]: small [`Image`]s with captions.
//! - [`convergence`]: the inertia by iteration and restart, as recorded by a [`History`].
//! - [`intercluster`]: clusters as circles on a map of the distances between them.
//!
//! # Canvases
//!
//! A path that ends in `.svg` or `.png` becomes a file, which is written completely or not at all. [`save`]
//! puts several pictures on one page. You can also pass a
//! [`DrawingArea`](plotters::drawing::DrawingArea) of any [`plotters`] backend; this module re-exports
//! plotters, because its types are part of this interface.
//!
//! # Text
//!
//! Text in PNG files is drawn with a font that this crate contains, DejaVu Sans, so pictures look the same
//! on a machine without fonts. It has Latin, Greek and Cyrillic letters. If the program has registered a
//! font as `sans-serif` in plotters, or enabled the `ttf` feature of plotters, that font is used instead.
//! SVG files ask for `sans-serif`, and the viewer chooses the font.
//!
//! # Colours
//!
//! See [`Palette`]. A label has the same colour in all pictures with the same number of clusters.

mod axes;
mod canvas;
mod clusters;
mod convergence;
mod curve;
mod dots;
mod error;
mod images;
mod intercluster;
mod options;
mod page;
mod palette;
mod principal;
mod silhouette;
mod text;
mod voronoi;

pub use canvas::{Canvas, save};
pub use clusters::{ClustersOptions, clusters};
pub use convergence::{ConvergenceOptions, History, convergence};
pub use curve::{Curve, CurveOptions, elbow, scores, silhouette_scores};
pub use error::{Error, Result};
pub use images::{Image, ImageGridOptions, image_grid};
pub use intercluster::{InterclusterOptions, intercluster};
pub use page::{Page, PageBackend};
pub use palette::Palette;
pub use plotters;
pub use silhouette::{SilhouetteOptions, silhouette_diagram, silhouette_diagrams};
pub use voronoi::{VoronoiOptions, voronoi};
