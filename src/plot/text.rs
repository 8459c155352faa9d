//! The text in pictures.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK, IntoFont, RGBColor, TextStyle, WHITE};

use super::error::Result;
use super::options::Frame;

/// The font of all text.
pub(super) const FONT: &str = "sans-serif";

/// Line heights of text, in pixels.
pub(super) const LABEL: u32 = 16;
pub(super) const TITLE: u32 = 20;

/// The style of text with this height and colour, positioned by its anchor.
pub(super) fn anchored(
    size: u32,
    color: RGBColor,
    horizontal: HPos,
    vertical: VPos,
) -> TextStyle<'static> {
    let style = (FONT, size).into_font().color(&color);
    style.pos(Pos::new(horizontal, vertical))
}

/// The style of black text, centred both horizontally and vertically.
pub(super) fn centred(size: u32) -> TextStyle<'static> {
    let black = RGBColor(BLACK.0, BLACK.1, BLACK.2);
    anchored(size, black, HPos::Center, VPos::Center)
}

/// The width of text in pixels.
pub(super) fn width_of(text: &str, size: u32) -> u32 {
    let measured = (FONT, size).into_font().box_size(text);
    measured.map_or(size * text.chars().count() as u32 * 3 / 5, |(width, _)| {
        width
    })
}

/// The text with control characters replaced by spaces, cut to a width in pixels.
pub(super) fn fitted(text: &str, size: u32, width: u32) -> String {
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    // A letter is at least one pixel wide, so long text can be cut roughly before it is measured.
    let mut fitted: String = text.chars().take(width as usize + 1).map(visible).collect();
    if width_of(&fitted, size) <= width {
        return fitted;
    }
    while fitted.pop().is_some_and(|last| last == ' ') || width_of(&fitted, size) + size > width {
        if fitted.is_empty() {
            break;
        }
    }
    fitted + "\u{2026}"
}

/// Fills the area with white and draws the title, if there is one. Returns the area below the title.
pub(super) fn titled<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    frame: &Frame,
) -> Result<DrawingArea<DB, Shift>> {
    area.fill(&WHITE)?;
    if frame.title.is_empty() {
        return Ok(area.clone());
    }
    let (width, _) = area.dim_in_pixel();
    let title = fitted(&frame.title, TITLE, width.saturating_sub(16));
    Ok(area.titled(&title, (FONT, TITLE).into_font())?)
}
