//! Where pictures are drawn: files, which are written completely or not at all, and drawing areas.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
#[cfg(not(target_family = "wasm"))]
use std::sync::Once;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::prelude::DrawingBackend;
use plotters::style::IntoFont;

use super::error::{Error, Result};
use super::page::{Page, PageBackend};
use super::text::FONT;

/// The largest width and height.
pub(super) const MOST: u32 = 16_384;

/// Where a picture can be drawn: the path of an SVG or PNG file, or a [`DrawingArea`] of your own.
/// See [`save`] for both.
///
/// A file is written to a temporary file in the same folder, and moved to its path when it is complete. A
/// symbolic link at that path is replaced, not followed.
///
/// A drawing area of your own is first filled with white. Two faults of plotters are corrected only in
/// files: text in bitmaps is drawn a little too high, and images in an SVG have the type `png` instead of
/// `image/png`.
pub trait Canvas: sealed::Draw {}

impl<T: sealed::Draw> Canvas for T {}

pub(super) mod sealed {
    use plotters::coord::Shift;
    use plotters::drawing::DrawingArea;
    use plotters::prelude::DrawingBackend;

    use crate::plot::error::Result;

    /// Something that can be drawn on any area.
    pub trait Picture {
        /// The least width and height in pixels that axes and text need.
        fn least_size(&self) -> (u32, u32);
        /// Draws the picture over the whole area.
        fn paint<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<()>;
    }

    /// The private part of a [`Canvas`](super::Canvas).
    pub trait Draw {
        /// Draws a picture. `size` applies if the canvas has no size of its own.
        fn draw(self, size: (u32, u32), picture: &impl Picture) -> Result<()>;
    }
}

use sealed::{Draw, Picture};

impl<DB: DrawingBackend> Draw for &DrawingArea<DB, Shift> {
    fn draw(self, _: (u32, u32), picture: &impl Picture) -> Result<()> {
        check_size(self.dim_in_pixel(), picture.least_size())?;
        provide_font();
        picture.paint(self)
    }
}

impl Draw for &Path {
    fn draw(self, size: (u32, u32), picture: &impl Picture) -> Result<()> {
        check_size(size, picture.least_size())?;
        save(self, size, |page| picture.paint(page))
    }
}

/// Implements `Draw` for the types that paths come in.
macro_rules! paths {
    ($($path:ty),*) => { $(
        impl Draw for $path {
            fn draw(self, size: (u32, u32), picture: &impl Picture) -> Result<()> {
                AsRef::<Path>::as_ref(&self).draw(size, picture)
            }
        }
    )* };
}

paths!(&str, &String, &PathBuf, String, PathBuf);

fn check_size((width, height): (u32, u32), least: (u32, u32)) -> Result<()> {
    if width >= least.0 && height >= least.1 && width <= MOST && height <= MOST {
        return Ok(());
    }
    Err(Error::Size {
        width,
        height,
        least_width: least.0,
        least_height: least.1,
        most: MOST,
    })
}

/// Draws a page of several pictures into one SVG or PNG file.
///
/// `paint` gets the [`Page`]. It may split it with [`split_evenly`](DrawingArea::split_evenly) and draw on
/// the parts. If it fails, no file is written.
///
/// # Example
/// ```
/// use centroid::plot::{self, ClustersOptions};
/// use ndarray::array;
///
/// let x = array![[0.0, 0.0], [0.0, 1.0], [9.0, 9.0]];
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("two.svg");
/// plot::save(&path, (800, 400), |page| {
///     let parts = page.split_evenly((1, 2));
///     plot::clusters(&parts[0], &x, &array![0, 0, 1], None, ClustersOptions::new())?;
///     plot::clusters(&parts[1], &x, &array![0, 1, 1], None, ClustersOptions::new())
/// })?;
/// assert!(path.is_file());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// - [`Error::UnknownEnding`]: the path ends neither in `.svg` nor in `.png`.
/// - [`Error::Size`]: a side is 0, or too long.
/// - [`Error::NotWritten`]: the file cannot be written.
/// - Any error that `paint` returns.
pub fn save(
    path: impl AsRef<Path>,
    size: (u32, u32),
    paint: impl FnOnce(&Page<'_>) -> Result<()>,
) -> Result<()> {
    let path = path.as_ref();
    let kind = Kind::of(path)?;
    check_size(size, (1, 1))?;
    // Created before drawing, so that a folder without write permission is an error at once.
    let mut file = file_beside(path)?;
    provide_font();
    let bytes = kind.drawn(size, paint)?;
    file.write_all(&bytes)
        .map_err(|error| Error::not_written(path, &error))?;
    let moved = file.persist(path);
    moved.map_err(|error| Error::not_written(path, &error.error))?;
    Ok(())
}

#[derive(Clone, Copy)]
enum Kind {
    Svg,
    Png,
}

impl Kind {
    fn of(path: &Path) -> Result<Self> {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        match ending.to_lowercase().as_str() {
            "svg" => Ok(Self::Svg),
            "png" => Ok(Self::Png),
            _ => Err(Error::UnknownEnding {
                path: path.to_owned(),
            }),
        }
    }

    /// The bytes of the file.
    fn drawn(
        self,
        size: (u32, u32),
        paint: impl FnOnce(&Page<'_>) -> Result<()>,
    ) -> Result<Vec<u8>> {
        match self {
            Self::Svg => {
                let mut text = String::new();
                present(PageBackend::svg(&mut text, size), paint)?;
                // NOTE: plotters-svg 0.3.7 writes only half of the media type. Not all viewers guess it.
                let text = text.replace("href=\"data:png;", "href=\"data:image/png;");
                Ok(text.into_bytes())
            }
            Self::Png => {
                let mut pixels = vec![0; 3 * size.0 as usize * size.1 as usize];
                present(PageBackend::png(&mut pixels, size), paint)?;
                encoded(&pixels, size)
            }
        }
    }
}

fn present(backend: PageBackend<'_>, paint: impl FnOnce(&Page<'_>) -> Result<()>) -> Result<()> {
    let page = backend.into_drawing_area();
    page.fill(&plotters::style::WHITE)?;
    paint(&page)?;
    page.present()?;
    Ok(())
}

/// Pixels of red, green and blue, encoded as PNG.
fn encoded(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let written = encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(pixels));
    written.map_err(|error| Error::Drawing {
        message: error.to_string(),
    })?;
    Ok(bytes)
}

/// A temporary file in the folder of `path`. It is deleted on drop unless it is moved to its place.
fn file_beside(path: &Path) -> Result<tempfile::NamedTempFile> {
    let failed = |error: &std::io::Error| Error::not_written(path, error);
    if path.is_dir() {
        return Err(failed(&std::io::ErrorKind::IsADirectory.into()));
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    // By default only their owner can read temporary files. Pictures get the usual permissions.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder).map_err(|error| failed(&error))
}

/// Registers the font of this crate, unless the program has registered one or plotters finds one with
/// its feature `ttf`.
fn provide_font() {
    #[cfg(not(target_family = "wasm"))]
    {
        static DEJAVU_SANS: &[u8] = include_bytes!("font/DejaVuSans.ttf");
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            if (FONT, 12).into_font().layout_box("0").is_err() {
                let style = plotters::style::FontStyle::Normal;
                let _ = plotters::style::register_font(FONT, style, DEJAVU_SANS);
            }
        });
    }
}
