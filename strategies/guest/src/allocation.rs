//! From a Rust type to a component that allocates addresses.

use crate::{Allocated, Error, Pool};

/// A strategy that allocates addresses. One instance serves one worker for the whole run.
pub trait AllocationStrategy: Sized {
    /// Called at the first allocation. An error is that allocation's error, and the next one tries
    /// again.
    fn new() -> Result<Self, Error>;

    /// Takes one free address of the pool.
    fn allocate(&mut self, pool: Pool, marker: String) -> Result<Allocated, Error>;

    /// Gives back an address that was allocated with this marker.
    fn release(&mut self, pool: Pool, address: String, marker: String) -> Result<(), Error>;
}

/// One call of the component: makes the instance if there is none yet.
#[doc(hidden)]
pub fn allocate<S: AllocationStrategy>(
    kept: &mut Option<S>,
    pool: Pool,
    marker: String,
) -> Result<Allocated, Error> {
    match kept {
        Some(strategy) => strategy.allocate(pool, marker),
        None => kept.insert(S::new()?).allocate(pool, marker),
    }
}

/// The same for the other call.
#[doc(hidden)]
pub fn release<S: AllocationStrategy>(
    kept: &mut Option<S>,
    pool: Pool,
    address: String,
    marker: String,
) -> Result<(), Error> {
    match kept {
        Some(strategy) => strategy.release(pool, address, marker),
        None => kept.insert(S::new()?).release(pool, address, marker),
    }
}

/// Makes a component of an [`AllocationStrategy`].
#[macro_export]
macro_rules! allocation_strategy {
    ($strategy:ty) => {
        const _: () = {
            use $crate::bindings::allocation::exports::contend::strategy::allocation::Guest;

            struct Component;

            thread_local! {
                static KEPT: ::std::cell::RefCell<::std::option::Option<$strategy>> =
                    const { ::std::cell::RefCell::new(None) };
            }

            impl Guest for Component {
                fn allocate(
                    pool: $crate::Pool,
                    marker: ::std::string::String,
                ) -> ::std::result::Result<$crate::Allocated, $crate::Error> {
                    KEPT.with_borrow_mut(|kept| $crate::allocate(kept, pool, marker))
                }

                fn release(
                    pool: $crate::Pool,
                    address: ::std::string::String,
                    marker: ::std::string::String,
                ) -> ::std::result::Result<(), $crate::Error> {
                    KEPT.with_borrow_mut(|kept| $crate::release(kept, pool, address, marker))
                }
            }

            #[cfg(target_arch = "wasm32")]
            $crate::bindings::allocation::export!(
                Component with_types_in $crate::bindings::allocation
            );

            // Elsewhere the exports' names (`contend:strategy/…#allocate`) are more than linkers of
            // shared libraries take; naming the functions keeps the strategy checked and in use.
            #[cfg(not(target_arch = "wasm32"))]
            const _: () = {
                let _ = <Component as Guest>::allocate;
                let _ = <Component as Guest>::release;
            };
        };
    };
}
