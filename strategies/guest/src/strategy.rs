//! From a Rust type to a component.

use crate::{Error, Transition};

/// The status of a row that no worker holds.
pub const AVAILABLE: &str = "available";

/// A strategy that changes states. One instance serves one worker for the whole run.
pub trait StateStrategy: Sized {
    /// Called at the first change. An error is that change's error, and the next change tries again.
    fn new() -> Result<Self, Error>;

    /// Makes the transition, waiting for `from` if need be. The transition is handed over whole, so
    /// that its texts can become parameters without being copied.
    fn change(&mut self, transition: Transition) -> Result<(), Error>;
}

impl Transition {
    /// True if this is an acquire. Its opposite is a release.
    pub fn is_acquire(&self) -> bool {
        self.from == AVAILABLE
    }
}

/// One call of the component: makes the instance if there is none yet.
#[doc(hidden)]
pub fn change<S: StateStrategy>(kept: &mut Option<S>, transition: Transition) -> Result<(), Error> {
    match kept {
        Some(strategy) => strategy.change(transition),
        None => kept.insert(S::new()?).change(transition),
    }
}

/// Makes a component of a [`StateStrategy`].
#[macro_export]
macro_rules! state_strategy {
    ($strategy:ty) => {
        const _: () = {
            use $crate::bindings::state::exports::contend::strategy::state_change::Guest;

            struct Component;

            thread_local! {
                static KEPT: ::std::cell::RefCell<::std::option::Option<$strategy>> =
                    const { ::std::cell::RefCell::new(None) };
            }

            impl Guest for Component {
                fn change(
                    transition: $crate::Transition,
                ) -> ::std::result::Result<(), $crate::Error> {
                    KEPT.with_borrow_mut(|kept| $crate::change(kept, transition))
                }
            }

            #[cfg(target_arch = "wasm32")]
    $crate::bindings::state::export!(Component with_types_in $crate::bindings::state);

            // Elsewhere the exports' names (`contend:strategy/…#change`) are more than linkers of
            // shared libraries take; naming the function keeps the strategy checked and in use.
            #[cfg(not(target_arch = "wasm32"))]
            const _: fn($crate::Transition) -> ::std::result::Result<(), $crate::Error> =
                <Component as Guest>::change;
        };
    };
}
