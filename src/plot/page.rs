//! The backend of files: one type for SVG and PNG.

use plotters::backend::BitMapBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};
use plotters_svg::SVGBackend;

use super::error::Error;

/// The page of a file that [`save`](super::save) writes: a drawing area that can be drawn on or split.
pub type Page<'a> = DrawingArea<PageBackend<'a>, Shift>;

/// The backend of a [`Page`], which draws either SVG or pixels. See [`save`](super::save) for an example.
pub struct PageBackend<'a>(Inner<'a>);

enum Inner<'a> {
    Svg(SVGBackend<'a>),
    Png(BitMapBackend<'a>),
}

impl std::fmt::Debug for PageBackend<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.0 {
            Inner::Svg(_) => "Svg",
            Inner::Png(_) => "Png",
        };
        f.debug_tuple("PageBackend").field(&kind).finish()
    }
}

impl<'a> PageBackend<'a> {
    pub(super) fn svg(text: &'a mut String, size: (u32, u32)) -> Self {
        Self(Inner::Svg(SVGBackend::with_string(text, size)))
    }

    /// `pixels` has 3 bytes for each pixel.
    pub(super) fn png(pixels: &'a mut [u8], size: (u32, u32)) -> Self {
        Self(Inner::Png(BitMapBackend::with_buffer(pixels, size)))
    }
}

/// The result of a drawing operation.
type Drawn = std::result::Result<(), DrawingErrorKind<Error>>;

/// Converts the error of either backend to that of pictures.
fn converted<E: std::error::Error + Send + Sync>(
    result: std::result::Result<(), DrawingErrorKind<E>>,
) -> Drawn {
    result.map_err(|error| match error {
        DrawingErrorKind::FontError(error) => DrawingErrorKind::FontError(error),
        DrawingErrorKind::DrawingError(error) => DrawingErrorKind::DrawingError(Error::Drawing {
            message: error.to_string(),
        }),
    })
}

/// Calls a method of the backend that the page has.
macro_rules! either {
    ($page:ident . $method:ident ( $($argument:expr),* )) => {
        match &mut $page.0 {
            Inner::Svg(backend) => converted(backend.$method($($argument),*)),
            Inner::Png(backend) => converted(backend.$method($($argument),*)),
        }
    };
}

impl DrawingBackend for PageBackend<'_> {
    type ErrorType = Error;

    fn get_size(&self) -> (u32, u32) {
        match &self.0 {
            Inner::Svg(backend) => backend.get_size(),
            Inner::Png(backend) => backend.get_size(),
        }
    }

    fn ensure_prepared(&mut self) -> Drawn {
        either!(self.ensure_prepared())
    }

    fn present(&mut self) -> Drawn {
        either!(self.present())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        either!(self.draw_pixel(point, color))
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        either!(self.draw_line(from, to, style))
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        either!(self.draw_rect(upper_left, bottom_right, style, fill))
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        either!(self.draw_path(path, style))
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        either!(self.draw_circle(center, radius, style, fill))
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vertices: I,
        style: &S,
    ) -> Drawn {
        either!(self.fill_polygon(vertices, style))
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        place: BackendCoord,
    ) -> Drawn {
        // NOTE: in bitmaps, plotters 0.3.7 draws text a fifth of its height too high, whatever the anchor.
        let down = match self.0 {
            Inner::Svg(_) => (0, 0),
            Inner::Png(_) => style
                .transform()
                .transform(0, (0.2 * style.size()).round() as i32),
        };
        let place = (place.0 + down.0, place.1 + down.1);
        either!(self.draw_text(text, style, place))
    }

    fn blit_bitmap(&mut self, place: BackendCoord, size: (u32, u32), pixels: &[u8]) -> Drawn {
        either!(self.blit_bitmap(place, size, pixels))
    }
}
