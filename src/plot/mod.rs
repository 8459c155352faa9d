//! Pictures of clusterings: scatter plots, decision regions, elbows, silhouette diagrams, image grids.
//!
//! Every function takes where to draw, what to show as labels, scores and arrays, and options:
//!
//! - [`clusters`]: rows coloured by label, in the plane of their principal directions if they have more
//!   than two features.
//! - [`voronoi`]: the decision regions of centroids in the plane.
//! - [`elbow`], [`silhouette_scores`]: the scores of a [`Sweep`](crate::selection::Sweep); [`scores`]:
//!   any other [`Curve`].
//! - [`silhouette_diagram`], [`silhouette_diagrams`]: the silhouettes of all rows, by cluster.
//! - [`image_grid`]: small [`Image`]s with captions.
//! - [`convergence`]: the inertia by iteration and restart, which a [`History`] collects.
//! - [`intercluster`]: clusters on a map of their distances.
//!
//! # Where to
//!
//! A path that ends in `.svg` or `.png` becomes a file, written whole or not at all. [`save`] puts
//! several pictures on one page. Or give a [`DrawingArea`](plotters::drawing::DrawingArea) of any
//! [`plotters`] backend; the crate is exported again, as its areas are part of this interface.
//!
//! # Text
//!
//! Pixels get their text from a font in this crate, DejaVu Sans, so that pictures come out the same on a
//! machine without fonts. It has Latin, Greek and Cyrillic letters. A program that has registered a font
//! as `sans-serif` in plotters, or has turned on its feature `ttf`, gets that one. An SVG names
//! `sans-serif`, and the viewer's font is used.
//!
//! # Colours
//!
//! See [`Palette`]. A label has the same colour in all pictures that show as many clusters.

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
