//! Points on a chart: few as circles, many as pixels.

use plotters::backend::BitMapBackend;
use plotters::drawing::IntoDrawingArea;
use plotters::element::{BitMapElement, Circle, EmptyElement, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::{BLACK, Color, RGBColor, WHITE};

use super::axes::{Chart, LABEL, centred};
use super::error::Result;

/// More points than this are drawn as pixels: circles of an SVG take about 100 bytes each, and half a
/// megabyte is enough.
const MOST_CIRCLES: usize = 5_000;

/// A point and its colour.
pub(super) type Dot = ((f64, f64), RGBColor);

/// The radius of dots, in pixels: the more there are, the smaller.
fn radius(n: usize) -> u32 {
    match n {
        0..=1_000 => 3,
        1_001..=20_000 => 2,
        _ => 1,
    }
}

/// Draws the dots in their order. Many of them are one image, which has a white ground or that of
/// `ground`: a colour for each place.
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
        let circle = |&(place, color): &Dot| Circle::new(place, radius, color.filled());
        chart.draw_series(dots.iter().map(circle))?;
    }
    Ok(())
}

/// The colours behind the dots, for places in the order of pixels: rows from above, each from the left.
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
        let (x, y) = (plotting.get_x_range(), plotting.get_y_range());
        let part = |at: usize, n: usize| (at as f64 + 0.5) / n as f64;
        let places = (0..columns.len() * rows.len()).map(|pixel| {
            let column = part(pixel % columns.len(), columns.len());
            let row = part(pixel / columns.len(), rows.len());
            (
                x.start + column * (x.end - x.start),
                y.end - row * (y.end - y.start),
            )
        });
        let colors = ground(&places.collect::<Vec<_>>(), columns.len())?;
        for (pixel, color) in pixels.chunks_exact_mut(3).zip(colors) {
            pixel.copy_from_slice(&[color.0, color.1, color.2]);
        }
    }
    {
        let image = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
        for &(place, color) in dots {
            let (x, y) = plotting.map_coordinate(&place);
            let place = (x - columns.start, y - rows.start);
            image.draw(&Circle::new(place, radius, color.filled()))?;
        }
        image.present()?;
    }
    let whole = plotting.strip_coord_spec();
    if let Some(image) = BitMapElement::with_ref((0, 0), size, &pixels) {
        whole.draw(&image)?;
    }
    Ok(())
}

/// More marks than this have no numbers: these would cover one another.
const MOST_NUMBERS: usize = 60;

/// Draws numbered discs where centroids are.
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

/// Writes labels where their points are, on average, for want of centroids.
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
