//! Small images in a grid.

use ndarray::ArrayRef2;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{BitMapElement, Text};
use plotters::prelude::DrawingBackend;

use super::axes::{check_count, check_rows};
use super::canvas::Canvas;
use super::canvas::sealed::Picture;
use super::error::{Error, Result};
use super::options::{Frame, options};
use super::text::{LABEL, centred, fitted, titled};
use crate::Float;

options! {
    /// Options of [`image_grid`]. See [`Image`] for an example.
    ImageGridOptions, "800 x 600", {
        /// The number of columns of the grid. Default: about as many columns as rows.
        ///
        /// See [`Image`] for an example.
        columns: Option<usize> = None,
    }
}

/// An image of [`image_grid`].
///
/// # Example
/// ```
/// use centroid::plot::{self, Image, ImageGridOptions};
/// use ndarray::array;
///
/// let ring = Image::grey(&array![[0.0, 16.0, 0.0], [16.0, 0.0, 16.0], [0.0, 16.0, 0.0]], 16.0, 0.0)?;
/// let flag = Image::rgb(3, 1, vec![0, 85, 164, 255, 255, 255, 239, 65, 53])?;
/// let folder = tempfile::tempdir()?;
/// let images = [ring.caption("ring"), flag.caption("flag")];
/// let path = folder.path().join("two.png");
/// plot::image_grid(&path, &images, ImageGridOptions::new().columns(Some(1)))?;
/// assert!(path.is_file());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Image {
    width: usize,
    height: usize,
    /// Red, green and blue of each pixel, row by row from the top.
    rgb: Vec<u8>,
    caption: String,
}

impl Image {
    /// A grey image of `height x width` values, from `black` to `white`.
    ///
    /// Values beyond `black` or `white` are drawn as black or white. `white` may be less than `black`.
    /// Use [`to_shape`](ndarray::ArrayRef::to_shape) to turn a row of a data set into an image.
    ///
    /// # Errors
    /// [`Error::NothingToDraw`] if there are no pixels, [`Error::Data`] if one is not finite,
    /// [`Error::NotDrawable`] if `black` and `white` are equal or not finite.
    pub fn grey<F: Float>(pixels: &ArrayRef2<F>, black: F, white: F) -> Result<Self> {
        check_rows("pixels", "pixels", pixels)?;
        let (black, white) = (black.to_f64(), white.to_f64());
        if !(white - black).is_finite() || white == black {
            return Err(Error::NotDrawable {
                what: "black and white",
                index: 0,
            });
        }
        // NOTE: `as` clamps to 0..=255.
        let grey = |value: &F| (255.0 * (value.to_f64() - black) / (white - black)).round() as u8;
        Ok(Self {
            width: pixels.ncols(),
            height: pixels.nrows(),
            rgb: pixels.iter().flat_map(|value| [grey(value); 3]).collect(),
            caption: String::new(),
        })
    }

    /// An image of `3 x width x height` bytes: red, green and blue of each pixel, row by row from the top.
    ///
    /// # Errors
    /// [`Error::NothingToDraw`] if there are no pixels, [`Error::DoesNotFit`] if `pixels` has any other
    /// length.
    pub fn rgb(width: usize, height: usize, pixels: Vec<u8>) -> Result<Self> {
        if width == 0 || height == 0 {
            return Err(Error::NothingToDraw { what: "pixels" });
        }
        let expected = width.saturating_mul(height).saturating_mul(3);
        check_count("bytes", pixels.len(), "channels", expected)?;
        Ok(Self {
            width,
            height,
            rgb: pixels,
            caption: String::new(),
        })
    }

    /// The caption below the image. Default: none.
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = caption.into();
        self
    }

    /// The image fitted into a box: enlarged by a whole factor, or reduced by averaging.
    fn scaled(&self, (width, height): (usize, usize)) -> Scaled {
        let times = (width / self.width).min(height / self.height);
        let (width, height) = if times >= 1 {
            (times * self.width, times * self.height)
        } else {
            let shrink = (self.width as f64 / width as f64).max(self.height as f64 / height as f64);
            let side = |pixels: usize, room: usize| {
                let pixels = (pixels as f64 / shrink).round() as usize;
                pixels.clamp(1, room)
            };
            (side(self.width, width), side(self.height, height))
        };
        let mut rgb = Vec::with_capacity(3 * width * height);
        for row in 0..height {
            let rows = source(row, height, self.height);
            for column in 0..width {
                let columns = source(column, width, self.width);
                rgb.extend(self.mean(&rows, &columns));
            }
        }
        Scaled { width, height, rgb }
    }

    /// The mean colour of a part.
    fn mean(&self, rows: &std::ops::Range<usize>, columns: &std::ops::Range<usize>) -> [u8; 3] {
        let mut sums = [0_usize; 3];
        for row in rows.clone() {
            for column in columns.clone() {
                let pixel = 3 * (row * self.width + column);
                for (sum, &part) in sums.iter_mut().zip(&self.rgb[pixel..pixel + 3]) {
                    *sum += usize::from(part);
                }
            }
        }
        let n = rows.len() * columns.len();
        sums.map(|sum| ((sum + n / 2) / n) as u8)
    }
}

/// The source pixels, at least one of `before`, that target pixel `at` of `n` averages.
fn source(at: usize, n: usize, before: usize) -> std::ops::Range<usize> {
    let start = at * before / n;
    let end = ((at + 1) * before / n).max(start + 1);
    start..end
}

struct Scaled {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

/// Draws images in a grid, row by row, each as large as its cell allows and with its caption below.
///
/// Use it for representatives of clusters, or for a photograph in the colours of its centroids.
/// See [`Image`] for an example.
///
/// # Errors
/// - [`Error::NothingToDraw`]: there are no images.
/// - Those of [`save`](super::save).
pub fn image_grid(canvas: impl Canvas, images: &[Image], options: ImageGridOptions) -> Result<()> {
    if images.is_empty() {
        return Err(Error::NothingToDraw { what: "images" });
    }
    let square = (images.len() as f64).sqrt().ceil() as usize;
    let grid = Grid {
        images,
        columns: options.columns.unwrap_or(square).clamp(1, images.len()),
        frame: options.frame,
    };
    canvas.draw(grid.frame.size.unwrap_or((800, 600)), &grid)
}

struct Grid<'a> {
    images: &'a [Image],
    columns: usize,
    frame: Frame,
}

/// The margin around images and the height of captions, in pixels.
const MARGIN: u32 = 6;
const CAPTION: u32 = 24;

impl Grid<'_> {
    fn n_rows(&self) -> usize {
        self.images.len().div_ceil(self.columns)
    }

    fn caption_height(&self) -> u32 {
        let has_captions = self.images.iter().any(|image| !image.caption.is_empty());
        if has_captions { CAPTION } else { 0 }
    }

    fn paint_one<DB: DrawingBackend>(
        &self,
        cell: &DrawingArea<DB, Shift>,
        image: &Image,
    ) -> Result<()> {
        let (width, height) = cell.dim_in_pixel();
        let room = (
            width.saturating_sub(2 * MARGIN).max(1),
            height
                .saturating_sub(2 * MARGIN + self.caption_height())
                .max(1),
        );
        let scaled = image.scaled((room.0 as usize, room.1 as usize));
        let size = (scaled.width as u32, scaled.height as u32);
        let left = (width - size.0) / 2;
        let top = MARGIN + (room.1 - size.1) / 2;
        let place = (left as i32, top as i32);
        if let Some(image) = BitMapElement::with_ref(place, size, &scaled.rgb) {
            cell.draw(&image)?;
        }
        if !image.caption.is_empty() {
            let below = (top + size.1 + CAPTION / 2) as i32;
            let place = (width as i32 / 2, below);
            let caption = fitted(&image.caption, LABEL, width.saturating_sub(2));
            cell.draw(&Text::new(caption, place, centred(LABEL)))?;
        }
        Ok(())
    }
}

impl Picture for Grid<'_> {
    fn least_size(&self) -> (u32, u32) {
        let pixels =
            |n: usize, each: u32| each.saturating_mul(u32::try_from(n).unwrap_or(u32::MAX));
        let side = 2 * MARGIN + 4;
        let title = if self.frame.title.is_empty() { 0 } else { 40 };
        (
            pixels(self.columns, side).max(2 * title),
            pixels(self.n_rows(), side + self.caption_height()).saturating_add(title),
        )
    }

    fn paint<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<()> {
        let area = titled(area, &self.frame)?;
        let cells = area.split_evenly((self.n_rows(), self.columns));
        for (image, cell) in self.images.iter().zip(&cells) {
            self.paint_one(cell, image)?;
        }
        Ok(())
    }
}
