//! Properties of file locks alone.

use super::{assert_error, assert_rejected};
use contend::backend::clock::RealClock;
use contend::backend::open_lock_service;
use contend::backend::url::LockUrl;
use contend::capability::lock::{Mode, ReleaseOutcome, SessionOptions};
use contend::model::error::ErrorKind;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

async fn open(folder: &Path) -> Arc<dyn contend::capability::lock::LockService> {
    let clock = Arc::new(RealClock::new());
    open_lock_service(&LockUrl::File(folder.to_owned()), clock)
        .await
        .unwrap()
}

/// The kernel's lock, which every other process sees.
#[tokio::test]
async fn another_process_is_excluded_too() {
    let folder = tempfile::tempdir().unwrap();
    let service = open(folder.path()).await;
    let mut session = service
        .open("me".to_owned(), SessionOptions::default())
        .await
        .unwrap();
    let mut lock = session
        .lock(vec!["row-1".to_owned()], Mode::Exclusive)
        .unwrap();
    lock.acquire(0).await.unwrap();
    let other = File::open(folder.path().join("row-1.lock")).unwrap();
    other.try_lock().expect_err("the file is not locked");
    lock.release().await.unwrap();
    other.try_lock().unwrap();
    let refused = lock.acquire(0).await;
    assert_error(refused, ErrorKind::Conflict, "lock-wait-timeout");
}

#[tokio::test]
async fn a_lock_whose_file_was_removed_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let service = open(folder.path()).await;
    let mut session = service
        .open("me".to_owned(), SessionOptions::default())
        .await
        .unwrap();
    let mut lock = session
        .lock(vec!["row-1".to_owned()], Mode::Exclusive)
        .unwrap();
    lock.acquire(0).await.unwrap();
    let remove = || std::fs::remove_file(folder.path().join("row-1.lock")).unwrap();
    remove();
    assert!(!lock.is_owner().await.unwrap());
    // Somebody else makes the file anew and locks that one.
    let mut other = session
        .lock(vec!["row-1".to_owned()], Mode::Exclusive)
        .unwrap();
    other.acquire(0).await.unwrap();
    assert!(!lock.is_owner().await.unwrap());
    assert_eq!(lock.release().await.unwrap(), ReleaseOutcome::NotOwner);
    assert!(other.is_owner().await.unwrap());
    other.release().await.unwrap();
    lock.acquire(0).await.unwrap();
}

#[tokio::test]
async fn a_folder_that_cannot_be_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    File::create(&file).unwrap();
    let clock = Arc::new(RealClock::new());
    let opened = open_lock_service(&LockUrl::File(file.join("locks")), clock).await;
    let message = assert_error(opened.map(|_| ()), ErrorKind::Unavailable, "lock-folder");
    assert!(message.contains(file.to_str().unwrap()), "{message}");
}

#[tokio::test]
async fn a_poll_interval_of_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let options = SessionOptions {
        lease: None,
        poll: Some(0),
    };
    let opened = open(folder.path())
        .await
        .open("me".to_owned(), options)
        .await;
    assert_rejected(opened.map(|_| ()), "unsupported");
}
