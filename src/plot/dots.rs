//! Points on a chart, drawn as circles if they are few and as pixels if they are many.

use std::ops::Range;

use plotters::backend::BitMapBackend;
use plotters::drawing::IntoDrawingArea;
use plotters::element::{BitMapElement, Circle, EmptyElement, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::{BLACK, Color, RGBColor, ShapeStyle, WHITE};

use super::axes::{Chart, GREY};
use super::error::Result;
use super::text::{LABEL, centred};

/// More points than this are drawn as pixels. A circle takes about 100 bytes of an SVG, so this limits them
/// to half a megabyte.
const MOST_CIRCLES: usize = 5_000;

/// A point and its colour.
pub(super) type Dot = ((f64, f64), RGBColor);

/// The radius of `n` dots in pixels. The more dots, the smaller they are.
fn radius(n: usize) -> u32 {
    match n {
        0..=1_000 => 3,
        1_001..=20_000 => 2,
        _ => 1,
    }
}

/// The styles of a dot: a disc of its colour. Pale dots also have an edge if they are large enough.
fn styles(color: RGBColor, radius: u32) -> impl Iterator<Item = ShapeStyle> {
    let luminance =
        0.2126 * f64::from(color.0) + 0.7152 * f64::from(color.1) + 0.0722 * f64::from(color.2);
    let edge = (luminance > 195.0 && radius > 1).then(|| GREY.stroke_width(1));
    std::iter::once(color.filled()).chain(edge)
}

/// Draws the dots in order. Many dots become one image, whose background is white or given by `ground`,
/// which has a colour for each place.
pub(super) fn draw_dots<DB: DrawingBackend>(
    chart: &mut Chart<'_, DB>,
    dots: &[Dot],
    ground: Option<Ground<'_>>,
) -> Result<()> {
    let radius = radius(dots.len());
    if dots.len() > MOST_CIRCLES || ground.is_some() {
        let circles = if dots.len() > MOST_CIRCLES { dots } else { &[] };
        draw_image(chart, circles, radius, ground)?;
    }
    if dots.len() <= MOST_CIRCLES {
        let circles = dots.iter().flat_map(|&(place, color)| {
            styles(color, radius).map(move |style| Circle::new(place, radius, style))
        });
        chart.draw_series(circles)?;
    }
    Ok(())
}

/// Returns the background colours at places, which are ordered as the pixels of an image are: row by row
/// from the top, each row from the left. The second argument is the number of places in a row.
pub(super) type Ground<'a> = &'a dyn Fn(&[(f64, f64)], usize) -> Result<Vec<RGBColor>>;

fn draw_image<DB: DrawingBackend>(
    chart: &mut Chart<'_, DB>,
    dots: &[Dot],
    radius: u32,
    ground: Option<Ground<'_>>,
) -> Result<()> {
    let plotting = chart.plotting_area();
    let (columns, rows) = plotting.get_pixel_range();
    let size = (columns.len() as u32, rows.len() as u32);
    let mut pixels = vec![0xff; 3 * columns.len() * rows.len()];
    if let Some(ground) = ground {
        let ranges = (plotting.get_x_range(), plotting.get_y_range());
        fill(&mut pixels, (columns.len(), rows.len()), ranges, ground)?;
    }
    {
        let image = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
        for &(place, color) in dots {
            let (x, y) = plotting.map_coordinate(&place);
            let place = (x - columns.start, y - rows.start);
            for style in styles(color, radius) {
                image.draw(&Circle::new(place, radius, style))?;
            }
        }
        image.present()?;
    }
    let whole = plotting.strip_coord_spec();
    if let Some(image) = BitMapElement::with_ref((0, 0), size, &pixels) {
        whole.draw(&image)?;
    }
    Ok(())
}

/// The rows of pixels that are coloured at a time, because places take more memory than pixels.
const BAND: usize = 64;

/// Gives each pixel the background colour at its centre.
fn fill(
    pixels: &mut [u8],
    (columns, rows): (usize, usize),
    (x, y): (Range<f64>, Range<f64>),
    ground: Ground<'_>,
) -> Result<()> {
    let part = |at: usize, n: usize| (at as f64 + 0.5) / n as f64;
    for (band, pixels) in pixels.chunks_mut(3 * BAND * columns).enumerate() {
        // Includes the row above, because a border is drawn on the lower of two rows.
        let top = (BAND * band).saturating_sub(1);
        let bottom = rows.min(BAND * (band + 1));
        let places = (top * columns..bottom * columns).map(|pixel| {
            let (column, row) = (part(pixel % columns, columns), part(pixel / columns, rows));
            (
                x.start + column * (x.end - x.start),
                y.end - row * (y.end - y.start),
            )
        });
        let colors = ground(&places.collect::<Vec<_>>(), columns)?;
        let above = columns * (BAND * band - top);
        for (pixel, color) in pixels.chunks_exact_mut(3).zip(&colors[above..]) {
            pixel.copy_from_slice(&[color.0, color.1, color.2]);
        }
    }
    Ok(())
}

/// More marks than this have no numbers, because they would overlap.
pub(super) const MOST_NUMBERS: usize = 60;

/// Draws a numbered disc at each centroid.
pub(super) fn draw_centroids<DB: DrawingBackend>(
    chart: &mut Chart<'_, DB>,
    places: &[(f64, f64)],
) -> Result<()> {
    let numbered = places.len() <= MOST_NUMBERS;
    let radius = if numbered { 11 } else { 4 };
    for (label, &place) in places.iter().enumerate() {
        let mark = EmptyElement::at(place)
            + Circle::new((0, 0), radius, WHITE.filled())
            + Circle::new((0, 0), radius, BLACK.stroke_width(2));
        chart.draw_series([mark])?;
        if numbered {
            let number = Text::new(label.to_string(), place, centred(LABEL));
            chart.draw_series([number])?;
        }
    }
    Ok(())
}

/// Draws each label at the mean of its points, for pictures without centroids.
pub(super) fn draw_numbers<DB: DrawingBackend>(
    chart: &mut Chart<'_, DB>,
    numbers: &[(usize, (f64, f64))],
) -> Result<()> {
    if numbers.len() > MOST_NUMBERS {
        return Ok(());
    }
    for &(label, place) in numbers {
        let text = label.to_string();
        let half_width = 5 * text.len() as i32 + 3;
        let ground = plotters::element::Rectangle::new(
            [(-half_width, -9), (half_width, 9)],
            WHITE.mix(0.85).filled(),
        );
        let mark = EmptyElement::at(place) + ground + Text::new(text, (0, 0), centred(LABEL));
        chart.draw_series([mark])?;
    }
    Ok(())
}
