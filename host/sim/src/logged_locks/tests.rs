use super::*;
use contend_dst::Recording;

/// Grants everything, until a lock was broken.
#[derive(Clone, Default)]
struct Generous(Arc<AtomicBool>);

fn grant() -> Grant {
    Grant::without_lease("", Vec::new())
}

#[async_trait]
impl LockService for Generous {
    fn traits(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    async fn open(&self, _: String, _: SessionOptions) -> Result<Box<dyn LockSession>, CallError> {
        Ok(Box::new(self.clone()))
    }
}

#[async_trait]
impl LockSession for Generous {
    fn lock(&mut self, _: Vec<String>, _: Mode) -> Result<Box<dyn Lock>, CallError> {
        Ok(Box::new(self.clone()))
    }

    async fn close(self: Box<Self>) {}
}

#[async_trait]
impl Lock for Generous {
    async fn acquire(&mut self, _: Nanos) -> Result<Grant, CallError> {
        match self.0.load(Relaxed) {
            true => Err(CallError::conflict("lock-timeout", "")),
            false => Ok(grant()),
        }
    }

    async fn release(&mut self) -> Result<ReleaseOutcome, CallError> {
        Ok(match self.0.load(Relaxed) {
            true => ReleaseOutcome::NotOwner,
            false => ReleaseOutcome::Released,
        })
    }

    async fn renew(&mut self) -> Result<Grant, CallError> {
        Ok(grant())
    }

    async fn is_owner(&mut self) -> Result<bool, CallError> {
        Ok(!self.0.load(Relaxed))
    }

    fn current_grant(&self) -> Option<Grant> {
        Some(grant())
    }

    async fn break_lock(&mut self) -> Result<(), CallError> {
        self.0.store(true, Relaxed);
        Ok(())
    }

    async fn close(self: Box<Self>) {}
}

/// A service, one session of it, and one lock of that.
struct Opened {
    kernel: Kernel,
    session: Box<dyn LockSession>,
    lock: Box<dyn Lock>,
}

async fn opened() -> Opened {
    let kernel = Kernel::new(Recording::Keep);
    let service = LoggedLocks::new(Arc::new(Generous::default()), kernel.clone());
    let options = SessionOptions::default();
    let mut session = service.open(String::new(), options).await.unwrap();
    let names = vec!["b".to_owned(), "a".to_owned()];
    let lock = session.lock(names, Mode::Exclusive).unwrap();
    Opened {
        kernel,
        session,
        lock,
    }
}

/// The calls that were logged of locks on `a, b`.
fn logged(kernel: &Kernel) -> Vec<LockCall> {
    let events = kernel.take_log().into_entries().into_iter();
    let calls = events.map(|event| match event.what {
        What::Lock { call, names, .. } if &*names == "a, b" => call,
        other => panic!("{other:?}"),
    });
    calls.collect()
}

const GRANTED: LockCall = LockCall::Granted { lease_ends: None };

#[tokio::test]
async fn each_call_is_logged_with_how_it_ended() {
    let mut it = opened().await;
    it.lock.acquire(0).await.unwrap();
    it.lock.is_owner().await.unwrap();
    it.lock.release().await.unwrap();
    it.lock.break_lock().await.unwrap();
    it.lock.acquire(0).await.unwrap_err();
    it.lock.is_owner().await.unwrap();
    it.lock.release().await.unwrap();
    assert_eq!(
        logged(&it.kernel),
        [
            GRANTED,
            LockCall::Asked { held: true },
            LockCall::Released,
            LockCall::Broken,
            LockCall::NotGranted,
            LockCall::Asked { held: false },
            LockCall::NotOwner,
        ]
    );
}

#[tokio::test]
async fn lock_that_ends_with_its_holder_is_given_up_once() {
    type End = fn(Box<dyn LockSession>, Box<dyn Lock>);
    let ends: [End; 2] = [
        |session, lock| {
            drop(lock);
            drop(session);
        },
        |session, lock| {
            drop(session);
            drop(lock);
        },
    ];
    for end in ends {
        let mut it = opened().await;
        it.lock.acquire(0).await.unwrap();
        end(it.session, it.lock);
        assert_eq!(logged(&it.kernel), [GRANTED, LockCall::GivenUp]);
    }
    let mut it = opened().await;
    it.lock.acquire(0).await.unwrap();
    it.session.close().await;
    assert_eq!(logged(&it.kernel), [GRANTED, LockCall::GivenUp]);
    it.lock.close().await;
    assert_eq!(logged(&it.kernel), []);
}

#[tokio::test]
async fn lock_that_was_given_back_is_not_given_up() {
    let mut it = opened().await;
    it.lock.acquire(0).await.unwrap();
    it.lock.release().await.unwrap();
    it.lock.close().await;
    it.session.close().await;
    assert_eq!(logged(&it.kernel), [GRANTED, LockCall::Released]);
}
