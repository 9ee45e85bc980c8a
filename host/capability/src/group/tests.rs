//! A service that stops answering at the wrong moment.

use super::*;
use async_trait::async_trait;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Nanos {
        0
    }

    async fn sleep(&self, _: Nanos) {}
}

/// A lock that is free. Once the leadership is granted, no membership can be asked for.
struct Free {
    is_leadership: bool,
    leads: Arc<AtomicBool>,
}

#[async_trait]
impl Lock for Free {
    async fn acquire(&mut self, _: Nanos) -> Result<Grant, CallError> {
        self.leads.fetch_or(self.is_leadership, Relaxed);
        Ok(Grant::without_lease("me", vec![("leader".to_owned(), 1)]))
    }

    async fn release(&mut self) -> Result<ReleaseOutcome, CallError> {
        self.leads.fetch_and(!self.is_leadership, Relaxed);
        Ok(ReleaseOutcome::Released)
    }

    async fn renew(&mut self) -> Result<Grant, CallError> {
        Err(CallError::rejected("unsupported", "there are no leases"))
    }

    async fn is_owner(&mut self) -> Result<bool, CallError> {
        match self.leads.load(Relaxed) {
            true => Err(CallError::unavailable(
                "away",
                "the service does not answer",
            )),
            false => Ok(true),
        }
    }

    fn current_grant(&self) -> Option<Grant> {
        Some(Grant::without_lease("me", Vec::new()))
    }

    async fn break_lock(&mut self) -> Result<(), CallError> {
        Ok(())
    }

    async fn close(self: Box<Self>) {}
}

struct Session(Arc<AtomicBool>);

#[async_trait]
impl LockSession for Session {
    fn lock(&mut self, _: Vec<String>, mode: Mode) -> Result<Box<dyn Lock>, CallError> {
        Ok(Box::new(Free {
            is_leadership: mode == Mode::Exclusive,
            leads: self.0.clone(),
        }))
    }

    async fn holders(&mut self, _: &str) -> Result<Holders, CallError> {
        Ok(Holders::default())
    }

    async fn close(self: Box<Self>) {}
}

#[test]
fn one_that_is_not_told_that_it_leads_does_not_lead() {
    let leads = Arc::new(AtomicBool::new(false));
    let session = Box::new(Session(leads.clone()));
    let told = pin!(async {
        let joined = Member::join(session, Arc::new(Still), "me".to_owned(), "jobs").await;
        joined.unwrap().lead(0).await
    });
    let Poll::Ready(told) = told.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("nothing here waits");
    };
    assert_eq!(told.unwrap_err().code, "away");
    assert!(!leads.load(Relaxed), "it keeps others from leading");
}
