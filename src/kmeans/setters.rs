//! The setters that all estimators have.

/// The setters for the parameters that all estimators share, each stored in a field of the same name. The
/// meaning of a parameter and its default are arguments where they depend on the estimator; the other
/// parameters are documented here.
macro_rules! common_setters {
    (
        $estimator:ident {
            $( $(#[$doc:meta])* $name:ident: $default:literal, )*
        }
    ) => {
        impl $estimator {
            /// The number of clusters, replacing the one given to [`new`](Self::new): to try several
            /// numbers with all other parameters unchanged. See the [example](Self#example).
            pub fn n_clusters(mut self, n_clusters: usize) -> Self {
                self.n_clusters = n_clusters;
                self
            }

            /// The seed of the random choices. Default: 0. See the [example](Self#example).
            pub fn seed(mut self, seed: u64) -> Self {
                self.seed = seed;
                self
            }

            $( $crate::kmeans::setters::common_setters!(@ $(#[$doc])* $name: $default); )*
        }
    };
    (@ $(#[$doc:meta])* init: $default:literal) => {
        $crate::kmeans::setters::common_setters!(@ $(#[$doc])* init: $default, $crate::Init);
    };
    (@ $(#[$doc:meta])* tol: $default:literal) => {
        $crate::kmeans::setters::common_setters!(@ $(#[$doc])* tol: $default, f64);
    };
    (@ $(#[$doc:meta])* $name:ident: $default:literal) => {
        $crate::kmeans::setters::common_setters!(@ $(#[$doc])* $name: $default, usize);
    };
    (@ $(#[$doc:meta])* $name:ident: $default:literal, $type:ty) => {
        $(#[$doc])*
        ///
        #[doc = concat!("Default: ", $default, ". See the [example](Self#example).")]
        pub fn $name(mut self, $name: $type) -> Self {
            self.$name = $name.into();
            self
        }
    };
}

pub(super) use common_setters;
