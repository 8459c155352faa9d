//! The options that all pictures have in common.

use super::palette::Palette;

/// Size, title and colours.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    /// `None` for the default size of the picture.
    pub(super) size: Option<(u32, u32)>,
    pub(super) title: String,
    pub(super) palette: Palette,
    pub(super) axes: Option<[String; 2]>,
}

/// Defines the options of one picture: a struct with the setters that all pictures have, and its own.
macro_rules! options {
    (
        $(#[$doc:meta])*
        $name:ident, $size:literal,
        { $( $(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr, )* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[must_use = "options do nothing until they are passed to a picture"]
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
                "Width and height of the file, in pixels. Ignored for a drawing area, which has its own ",
                "size. Default: ", $size, "."
            )]
            ///
            /// See [`clusters`](crate::plot::clusters) for an example.
            pub fn size(mut self, width: u32, height: u32) -> Self {
                self.frame.size = Some((width, height));
                self
            }

            /// The title above the picture. Default: none.
            ///
            /// See [`clusters`](crate::plot::clusters) for an example.
            pub fn title(mut self, title: impl Into<String>) -> Self {
                self.frame.title = title.into();
                self
            }

            /// The colours of the clusters. Default: those of [`Palette`](crate::plot::Palette).
            ///
            /// See [`clusters`](crate::plot::clusters) for an example.
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

/// Defines the setter of the axes, for the pictures that have them.
macro_rules! named_axes {
    ($name:ident, $default:literal) => {
        impl $name {
            #[doc = concat!("The names of the axes, the horizontal one first. Default: ", $default, ".")]
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
