//! One fit, cut into passes over parts of the rows: for engines that run a function on every part of the data, on
//! threads, processes or machines.
//!
//! A fit of [`KMeans`](crate::KMeans) is a [`Driver`]. It asks something of all rows, a [`Request`]; the same request goes
//! to every [`Part`], is [answered](Request::answer) there, and the answers are [merged](Answer::merge). The driver
//! accepts the merged [`Answer`], and has the next request. The engine does the rest: it knows where the parts lie,
//! sends requests and answers, and repeats what was lost.
//!
//! # Example
//! A fit of rows in four parts:
//! ```
//! use centroid::passes::{Answer, Driver, Part, PartOptions, Progress, RequestKind};
//! use centroid::{ArrayBlocks, FitOptions, KMeans, Stop};
//! use ndarray::{Array2, array, s};
//!
//! let x = Array2::from_shape_fn((1000, 2), |(i, j)| ((i * i) % (97 + j)) as f64);
//! let start = array![[0.0, 0.0], [90.0, 90.0]];
//! let kmeans = KMeans::new(2);
//! let mut driver = Driver::new(&kmeans, 2)?.initial_centroids(&start)?;
//! driver = driver.expect_rows(1000).with_labels(true);
//! let (mut labels, mut inertias) = (Vec::new(), Vec::new());
//! while let Some(request) = driver.request() {
//!     let mut merged: Option<Answer<f64>> = None;
//!     for first in (0..1000).step_by(256) {
//!         let rows = x.slice(s![first..1000.min(first + 256), ..]);
//!         let part = Part::new(first as u64, rows.nrows() as u64)?;
//!         // From here on, anywhere else.
//!         let (mut of_part, mut source) = (Vec::new(), ArrayBlocks::new(&rows, 100));
//!         let options = PartOptions::new().labels(&mut of_part);
//!         let answer = request.answer_with(part, &mut source, options)?;
//!         labels.extend(of_part);
//!         // And here again.
//!         match &mut merged {
//!             Some(merged) => merged.merge(answer)?,
//!             None => merged = Some(answer),
//!         }
//!     }
//!     let merged = merged.expect("there are rows");
//!     assert_eq!(merged.fingerprint(), request.fingerprint());
//!     if let Progress::Iteration { inertia, .. } = driver.accept(merged)? {
//!         inertias.push(inertia);
//!     }
//! }
//! let model = driver.model().expect("the fit is done");
//! let options = FitOptions::new().initial_centroids(&start);
//! let expected = kmeans.fit_with(&x, options)?;
//! assert_eq!((model.centroids(), model.inertia()), (expected.centroids(), expected.inertia()));
//! assert_eq!((model.n_iter(), model.stop()), (inertias.len(), Stop::Converged));
//! assert!(labels.iter().map(|&label| label as usize).eq(expected.labels().iter().copied()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! With sample weights, `options` has [`weights`](PartOptions::weights) for the rows of the part, in every pass. An engine
//! may look at the [`kind`](Request::kind) of a request, to open files for labels when it is
//! [`RequestKind::Label`], and at its [number](Request::pass), to name checkpoints.
//!
//! # The same bits
//! The result does not depend on where the rows are cut (at multiples of 256), on the order in which answers come,
//! or on how they are merged: it is that of [`fit_blocks`](crate::KMeans::fit_blocks) to the bit, and
//! with the same start that of [`fit`](crate::KMeans::fit). Sums are exact, random numbers belong to the number of
//! the row, and rows drawn or farthest are the first in an order of all rows. Workers may have different
//! instruction sets. Logarithms come from the platform's library: if the workers' differ, the rows drawn for a start may
//! differ, in rare cases, from those of one machine.
//!
//! # What may go wrong
//! An answer may be computed twice, or come late: it carries the [fingerprint](Answer::fingerprint) of its
//! request and the rows that it is about, and is refused where it does not belong. So are answers that overlap, and
//! merged ones with a gap. A saved [`Driver`] continues where it was saved; at most one pass is lost.
//! Sources that give other values in a later pass are found out only if there are more rows, fewer, or larger values.
//!
//! # Cost
//! One pass for the survey; for each restart those of its start, one for each iteration, one more when a cluster is
//! empty, and one at the end if the centroids still moved; one for the labels. A start by k-means|| takes `rounds + 2`
//! passes. Without knowledge of earlier passes each of them measures to all rows drawn so far: with 5 rounds and an
//! oversampling of 2 that costs as much as 30 iterations, and with 2 rounds as much as 6. Consider
//! [`Init::ParallelWith`](crate::Init::ParallelWith) with 2 rounds, or [initial
//! centroids](Driver::initial_centroids) from a fit of a sample.

mod answer;
mod driver;
mod memory;
mod part;
mod reader;
mod request;
#[cfg(feature = "serde")]
mod saving;

pub use answer::Answer;
pub use driver::{Driver, Progress};
pub use memory::PartMemory;
pub use part::Part;
pub(in crate::kmeans) use reader::{Failure, Reader};
pub use request::{PartOptions, Request, RequestKind};
