//! From a Rust type to a component that visits documents.

use crate::{Error, Visit};

/// A strategy that visits documents. One instance serves one worker for the whole run.
pub trait AccessStrategy: Sized {
    /// Called at the first visit. An error is that visit's error, and the next one tries again.
    fn new() -> Result<Self, Error>;

    /// Enters a document, and waits until that is allowed.
    fn enter(&mut self, visit: Visit) -> Result<(), Error>;

    /// Leaves it: after this the visit is over, also if an error is returned.
    fn leave(&mut self, visit: Visit) -> Result<(), Error>;
}

/// The instance of the component: made if there is none yet.
#[doc(hidden)]
pub fn visitor<S: AccessStrategy>(kept: &mut Option<S>) -> Result<&mut S, Error> {
    match kept {
        Some(strategy) => Ok(strategy),
        None => Ok(kept.insert(S::new()?)),
    }
}

/// Makes a component of an [`AccessStrategy`].
#[macro_export]
macro_rules! access_strategy {
    ($strategy:ty) => {
        const _: () = {
            use $crate::bindings::access::exports::contend::strategy::access::Guest;

            struct Component;

            thread_local! {
                static KEPT: ::std::cell::RefCell<::std::option::Option<$strategy>> =
                    const { ::std::cell::RefCell::new(None) };
            }

            impl Guest for Component {
                fn enter(visit: $crate::Visit) -> ::std::result::Result<(), $crate::Error> {
                    use $crate::AccessStrategy as _;
                    KEPT.with_borrow_mut(|kept| $crate::visitor(kept)?.enter(visit))
                }

                fn leave(visit: $crate::Visit) -> ::std::result::Result<(), $crate::Error> {
                    use $crate::AccessStrategy as _;
                    KEPT.with_borrow_mut(|kept| $crate::visitor(kept)?.leave(visit))
                }
            }

            #[cfg(target_arch = "wasm32")]
    $crate::bindings::access::export!(Component with_types_in $crate::bindings::access);

            // Elsewhere the exports' names (`contend:strategy/…#enter`) are more than linkers of
            // shared libraries take; naming the functions keeps the strategy checked and in use.
            #[cfg(not(target_arch = "wasm32"))]
            const _: () = {
                let _ = <Component as Guest>::enter;
                let _ = <Component as Guest>::leave;
            };
        };
    };
}
