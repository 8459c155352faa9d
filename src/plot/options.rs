//! What all pictures have in common.

use super::palette::Palette;

/// Size, title and colours.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    /// `None` for that which suits what is drawn.
    pub(super) size: Option<(u32, u32)>,
    pub(super) title: String,
    pub(super) palette: Palette,
    pub(super) axes: Option<[String; 2]>,
}

/// The options of one picture: a struct with the setters that all pictures have, and its own beside them.
macro_rules! options {
    (
        $(#[$doc:meta])*
        $name:ident, $size:literal,
        { $( $(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr, )* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[must_use = "options do nothing until they are given to a picture"]
        pub struct $name {
            pub(super) frame: $crate::plot::options::Frame,
            $( pub(super) $field: $type, )*
        }

        impl $name {
            /// The defaults. See [`clusters`](crate::plot::clusters) for an example.
            pub fn new() -> Self {
                Self {
                    frame: $crate::plot::options::Frame {
                        size: None,
                        title: String::new(),
                        palette: $crate::plot::Palette::default(),
                        axes: None,
                    },
                    $( $field: $default, )*
                }
            }

            #[doc = concat!(
                "Width and height of the file, in pixels; a drawing area of your own has its own size. ",
                "Default: ", $size, "."
            )]
            ///
            /// See [`clusters`](crate::plot::clusters) for an example.
            pub fn size(mut self, width: u32, height: u32) -> Self {
                self.frame.size = Some((width, height));
                self
            }

            /// The line above the picture. Default: none.
            /// See [`clusters`](crate::plot::clusters) for an example.
            pub fn title(mut self, title: impl Into<String>) -> Self {
                self.frame.title = title.into();
                self
            }

            /// The colours. Default: see [`Palette`](crate::plot::Palette), and
            /// [`clusters`](crate::plot::clusters) for an example.
            pub fn palette(mut self, palette: $crate::plot::Palette) -> Self {
                self.frame.palette = palette;
                self
            }

            $(
                $(#[$field_doc])*
                pub fn $field(mut self, $field: $type) -> Self {
                    self.$field = $field;
                    self
                }
            )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
    };
}

/// The setter of the pictures with axes.
macro_rules! named_axes {
    ($name:ident, $default:literal) => {
        impl $name {
            #[doc = concat!("What the axes show, the horizontal one first. Default: ", $default, ".")]
            ///
            /// See [`clusters`](crate::plot::clusters) for an example.
            pub fn axes(mut self, names: [impl Into<String>; 2]) -> Self {
                self.frame.axes = Some(names.map(Into::into));
                self
            }
        }
    };
}

pub(super) use {named_axes, options};
