//! One fit, cut into passes over parts of the rows: for engines that run a function on every part of the data,
//! on threads, processes or machines.
//!
//! A fit of [`KMeans`](crate::KMeans) is a [`Driver`]. It asks something of all rows, a [`Request`]; the same
//! request goes to every [`Part`], is [answered](Request::answer) there, and the answers are
//! [merged](Answer::merge). The driver accepts the merged [`Answer`], and has the next request. The engine does
//! the rest: it knows where the parts lie, sends requests and answers, and repeats what was lost.
//!
//! Parts begin at multiples of 256 rows: [`Part::split`] cuts like that. A part may go over several files, or
//! begin in the middle of one; its rows come from a [`RowBlocks`](crate::RowBlocks), in memory an
//! [`ArrayBlocks`](crate::ArrayBlocks).
//!
//! # Example
//! A fit of rows in four parts:
//! ```
//! use centroid::passes::{Answer, Driver, Part, PartOptions, Progress, RequestKind};
//! use centroid::{ArrayBlocks, FitOptions, KMeans};
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
//!     for part in Part::split(1000, 4) {
//!         let first = part.first_row() as usize;
//!         let rows = x.slice(s![first..first + part.n_rows() as usize, ..]);
//!         // From here on, anywhere else.
//!         let (mut of_part, mut source) = (Vec::new(), ArrayBlocks::new(&rows, 100));
//!         let options = PartOptions::new().labels(&mut of_part);
//!         let answer = request.answer_with(part, &mut source, options)?;
//!         if request.kind() == RequestKind::Label {
//!             labels.extend(of_part);
//!         }
//!         // And here again.
//!         match &mut merged {
//!             Some(merged) => merged.merge(answer)?,
//!             None => merged = Some(answer),
//!         }
//!     }
//!     let merged = merged.expect("there are rows");
//!     assert_eq!(merged.fingerprint(), request.fingerprint());
//!     assert!(merged.parts().eq([Part::new(0, 1000)?]));
//!     if let Progress::Iteration { inertia, .. } = driver.accept(merged)? {
//!         inertias.push(inertia);
//!     }
//! }
//! let model = driver.model().expect("the fit is done");
//! let options = FitOptions::new().initial_centroids(&start);
//! let expected = kmeans.fit_with(&x, options)?;
//! assert_eq!((model.centroids(), model.inertia()), (expected.centroids(), expected.inertia()));
//! assert_eq!((model.n_iter(), model.stop()), (inertias.len(), expected.stop()));
//! assert!(labels.iter().map(|&label| label as usize).eq(expected.labels().iter().copied()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! With sample weights, `options` has [`weights`](PartOptions::weights) for the rows of the part, in every
//! pass. An engine may look at the [`kind`](Request::kind) of a request, to open files for labels when it is
//! [`RequestKind::Label`], and at its [number](Request::pass), to name checkpoints. [`Driver::interrupt`] ends
//! a fit early.
//!
//! # The same bits
//! The result does not depend on where the parts are cut, on the order in which answers come, or on how they
//! are merged: it is that of [`fit_blocks`](crate::KMeans::fit_blocks), to the bit. It is also that of
//! [`fit`](crate::KMeans::fit) from the same centroids, or from the same seed with
//! [`Init::Parallel`](crate::Init::Parallel), [`Init::ParallelWith`](crate::Init::ParallelWith) or
//! [`Init::Random`](crate::Init::Random). The default start of `fit`, greedy k-means++, would take `k` passes;
//! `Init::Parallel` takes its place here.
//!
//! Workers may have different instruction sets. Logarithms come from the platform's library: if those of the
//! workers differ, so may the rows drawn for a start, in rare cases.
//!
//! # Sending and saving
//! With the feature `serde`, requests and answers can be sent, and a driver saved. Use a format that keeps
//! every bit of a number, such as postcard, or JSON with the feature `float_roundtrip` of `serde_json`: values
//! that have changed are refused on reading.
//!
//! A saved [`Driver`] is a checkpoint. Save it after each answer that it accepts, before the next request goes
//! out: then at most one pass is lost, and answers to its request that were computed before still count. Write
//! labels under another name first, since the pass for them may be repeated, too.
//!
//! # What may go wrong
//! An answer may be computed twice, or come late: it carries the [fingerprint](Answer::fingerprint) of its
//! request and the [rows](Answer::parts) that it is about, and is refused where it does not belong. So are
//! answers that overlap, and merged ones with a gap. A fit of other data with the same parameters has the same
//! first request, so do not mix up their answers.
//!
//! Rows that are others in a later pass are noticed if a part has more of them, or fewer, or if a value is
//! larger than all in the first pass; weights, if their sum is another one.
//!
//! # Cost
//! One pass for the survey; for each restart those of its start, one for each iteration, one more for each
//! iteration with empty clusters, and one at the end if the centroids still moved; one for the labels. The
//! start `Init::Parallel` takes 4 passes, and two more for each round after the second; `ParallelWith` takes
//! `rounds + 2`.
//!
//! Each pass computes all distances, `n k d` multiply-adds: bounds, as [`Algorithm`](crate::Algorithm) has
//! them, are not kept. A pass for a start measures to all rows drawn so far. With an oversampling of 2, 2
//! rounds cost as much as 6 iterations, and `Init::Parallel` as much as 16, 30 or 48 if it takes 3, 4 or 5
//! rounds. With a [`PartMemory`] only those drawn last are measured to, which makes it 4, 6, 8 and 10. Or give
//! [initial centroids](Driver::initial_centroids) from a fit of a sample.

mod answer;
mod answering;
mod driver;
mod memory;
mod part;
mod reader;
mod request;
#[cfg(feature = "serde")]
mod saving;
mod state;

pub use answer::Answer;
pub use driver::{Driver, Progress};
pub use memory::PartMemory;
pub use part::Part;
pub(in crate::kmeans) use reader::{Failure, Reader};
pub use request::{PartOptions, Request, RequestKind};
