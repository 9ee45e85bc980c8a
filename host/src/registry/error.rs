//! Why something of a registry can't be had, grouped by what the caller may conclude.

use super::digest::Digest;
use super::reference::Reference;
use crate::strategy::wasm::clean;
use oci_client::errors::{DigestError, OciDistributionError, OciErrorCode};
use std::error::Error;
use std::path::PathBuf;

/// Each is one message that says what to do. Texts of a registry are cleaned.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Nothing is known of it; the same may work later.
    #[error("{registry} can't be reached by {protocol}, so {what} can't be had: {why}")]
    Unreachable {
        what: String,
        registry: String,
        protocol: &'static str,
        why: String,
    },
    /// The registry says that it has none.
    #[error("there is no {what}; look at its name and tag, or ask whoever pushed it")]
    NotFound { what: String },
    /// It may be there, but not for this user.
    #[error(
        "{registry} does not let this user have or write {what}: {}",
        if *logged_in {
            "look at the user and password in the Docker configuration, and at what this user may do \
             there"
        } else {
            "there is no user for it in the Docker configuration; log in with `docker login`"
        }
    )]
    Unauthorized {
        what: String,
        registry: String,
        logged_in: bool,
    },
    /// It is there, and nothing that a runner could run.
    #[error("{what} is no strategy: {why}")]
    NotAStrategy { what: String, why: String },
    /// What came is not what was asked for.
    #[error("{what} came damaged, and nothing of it was kept: {why}")]
    Damaged { what: String, why: String },
    /// It is another component than the one that was pinned.
    #[error(
        "{what} is not what it was when it was pinned:\n  pinned {pinned}\n  now    {now}\n\
         If that is meant, accept it with `runner pull --update {what}`{kept}."
    )]
    Moved {
        what: String,
        pinned: Digest,
        now: Digest,
        kept: String,
    },
    /// The registry answers, but with something that this runner can't go on with.
    #[error("{what}: the registry refuses: {why}")]
    Refused { what: String, why: String },
    #[error("the Docker configuration can't be used for {registry}: {why}")]
    Credentials { registry: String, why: String },
    #[error("{path}: {why}")]
    File { path: PathBuf, why: String },
    #[error("the runtime could not be started: {0}")]
    Runtime(std::io::Error),
}

impl RegistryError {
    /// A file of ours that can't be read or written.
    pub(super) fn file(path: impl Into<PathBuf>, why: impl ToString) -> Self {
        let (path, why) = (path.into(), why.to_string());
        Self::File { path, why }
    }

    /// What the library's error lets the caller conclude.
    pub(super) fn classify(
        reference: &Reference,
        logged_in: bool,
        error: OciDistributionError,
    ) -> Self {
        use OciDistributionError as Oci;
        let what = reference.to_string();
        let unauthorized = || Self::Unauthorized {
            what: reference.to_string(),
            registry: reference.registry().to_owned(),
            logged_in,
        };
        let by_code = |code: u16, why: String| match code {
            401 | 403 => unauthorized(),
            404 => Self::NotFound {
                what: reference.to_string(),
            },
            _ => Self::Refused {
                what: reference.to_string(),
                why,
            },
        };
        match error {
            Oci::RequestError(error) => match error.status() {
                Some(status) => by_code(status.as_u16(), format!("code {status}")),
                None => Self::unreachable(reference, &error.without_url()),
            },
            Oci::IoError(error) => match error.get_ref().map(|inner| inner.is::<DigestError>()) {
                Some(true) => Self::Damaged {
                    what,
                    why: clean(&error.to_string()),
                },
                _ => Self::unreachable(reference, &error),
            },
            Oci::DigestError(error) => Self::Damaged {
                what,
                why: clean(&error.to_string()),
            },
            Oci::UnauthorizedError { .. } | Oci::AuthenticationFailure(_) => unauthorized(),
            Oci::ImageManifestNotFoundError(_) => Self::NotFound { what },
            Oci::RegistryError { envelope, .. } => {
                let has = |codes: &[OciErrorCode]| {
                    envelope.errors.iter().any(|it| codes.contains(&it.code))
                };
                if has(&[OciErrorCode::Unauthorized, OciErrorCode::Denied]) {
                    return unauthorized();
                }
                if has(&[
                    OciErrorCode::ManifestUnknown,
                    OciErrorCode::NameUnknown,
                    OciErrorCode::BlobUnknown,
                    OciErrorCode::NotFound,
                ]) {
                    return Self::NotFound { what };
                }
                let why = clean(&envelope.to_string());
                Self::Refused { what, why }
            }
            Oci::ServerError { code, message, .. } => {
                by_code(code, format!("code {code}: {}", clean(message.trim())))
            }
            error => Self::Refused {
                what,
                why: clean(&error.to_string()),
            },
        }
    }

    /// With every cause that is known: what says most is the last.
    pub(super) fn unreachable(reference: &Reference, error: &dyn Error) -> Self {
        let mut why = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            why = format!("{why}: {error}");
            cause = error.source();
        }
        Self::Unreachable {
            what: reference.to_string(),
            registry: reference.registry().to_owned(),
            protocol: match reference.is_on_loopback() {
                true => "HTTP",
                false => "HTTPS",
            },
            why: clean(&why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn group(error: OciDistributionError) -> &'static str {
        let reference = "oci://registry.example/cas:1".parse().unwrap();
        match RegistryError::classify(&reference, true, error) {
            RegistryError::Unreachable { .. } => "unreachable",
            RegistryError::NotFound { .. } => "not found",
            RegistryError::Unauthorized { .. } => "unauthorized",
            RegistryError::NotAStrategy { .. } => "not a strategy",
            RegistryError::Damaged { .. } => "damaged",
            RegistryError::Refused { .. } => "refused",
            other => panic!("{other}"),
        }
    }

    fn told(code: &str) -> OciDistributionError {
        let envelope = format!(r#"{{"errors":[{{"code":"{code}","message":"m"}}]}}"#);
        OciDistributionError::RegistryError {
            envelope: serde_json::from_str(&envelope).unwrap(),
            url: String::new(),
        }
    }

    fn server(code: u16) -> OciDistributionError {
        OciDistributionError::ServerError {
            code,
            url: String::new(),
            message: "m\u{1b}[31m".to_owned(),
        }
    }

    #[test]
    fn every_error_of_a_registry_says_what_may_be_concluded() {
        let digest = || DigestError::MissingAlgorithm;
        let url = String::new;
        for (error, meant) in [
            (told("UNAUTHORIZED"), "unauthorized"),
            (told("DENIED"), "unauthorized"),
            (server(401), "unauthorized"),
            (server(403), "unauthorized"),
            (
                OciDistributionError::UnauthorizedError { url: url() },
                "unauthorized",
            ),
            (
                OciDistributionError::AuthenticationFailure(url()),
                "unauthorized",
            ),
            (told("MANIFEST_UNKNOWN"), "not found"),
            (told("NAME_UNKNOWN"), "not found"),
            (told("BLOB_UNKNOWN"), "not found"),
            (server(404), "not found"),
            (OciDistributionError::DigestError(digest()), "damaged"),
            (
                OciDistributionError::IoError(io::Error::other(digest())),
                "damaged",
            ),
            (
                OciDistributionError::IoError(io::ErrorKind::ConnectionReset.into()),
                "unreachable",
            ),
            (told("TOOMANYREQUESTS"), "refused"),
            (told("MANIFEST_INVALID"), "refused"),
            (server(500), "refused"),
            (OciDistributionError::RegistryNoLocationError, "refused"),
        ] {
            let text = error.to_string();
            assert_eq!(group(error), meant, "{text}");
        }
    }

    #[test]
    fn a_text_of_a_registry_steers_no_terminal() {
        let reference = "oci://registry.example/cas:1".parse().unwrap();
        let error = RegistryError::classify(&reference, true, server(500));
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }
}
