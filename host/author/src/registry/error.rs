//! The reason why something of a registry can't be had, grouped by what the caller may conclude.

use super::digest::Digest;
use super::reference::Reference;
use crate::wasm::clean;
use serde::Deserialize;
use std::error::Error;
use std::path::PathBuf;

/// Failure of a request to a registry.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Transport(reqwest::Error),
    /// The registry answered with a code that is no success.
    #[error("code {code}: {message}")]
    Status {
        code: u16,
        /// The registry's own codes, such as `MANIFEST_UNKNOWN`.
        codes: Vec<String>,
        message: String,
    },
    #[error("access denied")]
    Unauthorized,
    #[error("its answer has more than {most} bytes")]
    TooLarge { most: usize },
    #[error("{0}")]
    Refused(String),
}

/// The form in which a registry explains an error.
#[derive(Deserialize)]
struct Explanation {
    errors: Vec<Explained>,
}

#[derive(Deserialize)]
struct Explained {
    code: String,
    #[serde(default)]
    message: String,
}

impl Failure {
    /// A request without an answer. A redirect that is not followed is the registry's doing.
    pub(super) fn of_request(error: reqwest::Error) -> Self {
        match error.source() {
            Some(why) if error.is_redirect() => Self::Refused(why.to_string()),
            _ => Self::Transport(error),
        }
    }

    /// An answer that is no success.
    pub(super) fn of_answer(code: u16, body: &[u8]) -> Self {
        let explained = serde_json::from_slice(body);
        let Ok(Explanation { errors }) = explained else {
            let message = String::from_utf8_lossy(body).trim().to_owned();
            let codes = Vec::new();
            return Self::Status {
                code,
                codes,
                message,
            };
        };
        let listed = errors
            .iter()
            .map(|it| format!("{} {}", it.code, it.message));
        Self::Status {
            code,
            message: listed.collect::<Vec<_>>().join("; "),
            codes: errors.into_iter().map(|it| it.code).collect(),
        }
    }
}

/// An error of a registry: one message that says what to do. Texts from the registry are sanitised.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The registry did not answer; a retry may succeed later.
    #[error("can't pull or push {what}: {registry} can't be reached by {protocol}: {why}")]
    Unreachable {
        what: String,
        registry: String,
        protocol: &'static str,
        why: String,
    },
    /// The registry has no such reference.
    #[error("{what} not found in the registry; check its name and tag, or ask its author")]
    NotFound { what: String },
    /// The user has no access to it, even if it exists.
    #[error(
        "{registry} denies this user access to {what}: {}",
        if *logged_in {
            "check the user and password in the Docker configuration, and the user's rights \
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
    /// It exists, but is not a component that a runner can run.
    #[error("{what} is no strategy: {why}")]
    NotAStrategy { what: String, why: String },
    /// The received bytes are not the requested ones.
    #[error("digest mismatch for {what}: the download was discarded: {why}")]
    Damaged { what: String, why: String },
    /// Its component differs from the pinned one.
    #[error(
        "{what} differs from the pinned component:\n  pinned {pinned}\n  now    {now}\n\
         If that is meant, accept it with `runner pull --update {what}`{kept}."
    )]
    Moved {
        what: String,
        pinned: Digest,
        now: Digest,
        kept: String,
    },
    /// The registry answered, but this runner can't use the answer.
    #[error("{what}: the registry refused the request: {why}")]
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

    /// Classifies a failure by what the caller may conclude.
    pub(super) fn classify(reference: &Reference, logged_in: bool, failure: Failure) -> Self {
        let what = reference.to_string();
        let unauthorized = || Self::Unauthorized {
            what: reference.to_string(),
            registry: reference.registry().to_owned(),
            logged_in,
        };
        match failure {
            Failure::Transport(error) => Self::unreachable(reference, &error.without_url()),
            Failure::Unauthorized => unauthorized(),
            Failure::Status {
                code,
                codes,
                message,
            } => {
                let has = |any: &[&str]| codes.iter().any(|code| any.contains(&&**code));
                if has(&["UNAUTHORIZED", "DENIED"]) {
                    return unauthorized();
                }
                if has(&[
                    "MANIFEST_UNKNOWN",
                    "NAME_UNKNOWN",
                    "BLOB_UNKNOWN",
                    "NOT_FOUND",
                ]) {
                    return Self::NotFound { what };
                }
                match code {
                    401 | 403 => unauthorized(),
                    404 => Self::NotFound { what },
                    _ => Self::Refused {
                        what,
                        why: format!("code {code}: {}", clean(message.trim())),
                    },
                }
            }
            failure @ (Failure::TooLarge { .. } | Failure::Refused(_)) => Self::Refused {
                what,
                why: clean(&failure.to_string()),
            },
        }
    }

    /// An error with all its causes, of which the last says most.
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

    fn group(failure: Failure) -> &'static str {
        let reference = "oci://registry.example/cas:1".parse().unwrap();
        match RegistryError::classify(&reference, true, failure) {
            RegistryError::Unreachable { .. } => "unreachable",
            RegistryError::NotFound { .. } => "not found",
            RegistryError::Unauthorized { .. } => "unauthorized",
            RegistryError::NotAStrategy { .. } => "not a strategy",
            RegistryError::Damaged { .. } => "damaged",
            RegistryError::Refused { .. } => "refused",
            other => panic!("{other}"),
        }
    }

    fn refused_with(status: u16, code: &str) -> Failure {
        let body = format!(r#"{{"errors":[{{"code":"{code}","message":"m"}}]}}"#);
        Failure::of_answer(status, body.as_bytes())
    }

    fn server(code: u16) -> Failure {
        Failure::of_answer(code, "m\u{1b}[31m".as_bytes())
    }

    #[test]
    fn classify_maps_every_registry_error_to_its_conclusion() {
        for (failure, meant) in [
            (refused_with(400, "UNAUTHORIZED"), "unauthorized"),
            (refused_with(400, "DENIED"), "unauthorized"),
            (server(401), "unauthorized"),
            (server(403), "unauthorized"),
            (Failure::Unauthorized, "unauthorized"),
            (refused_with(404, "MANIFEST_UNKNOWN"), "not found"),
            (refused_with(404, "NAME_UNKNOWN"), "not found"),
            (refused_with(404, "BLOB_UNKNOWN"), "not found"),
            (server(404), "not found"),
            (refused_with(429, "TOOMANYREQUESTS"), "refused"),
            (refused_with(400, "MANIFEST_INVALID"), "refused"),
            (server(500), "refused"),
            (server(302), "refused"),
            (Failure::TooLarge { most: 1 }, "refused"),
            (Failure::Refused(String::new()), "refused"),
        ] {
            let text = failure.to_string();
            assert_eq!(group(failure), meant, "{text}");
        }
    }

    #[test]
    fn a_text_of_a_registry_steers_no_terminal() {
        let reference = "oci://registry.example/cas:1".parse().unwrap();
        let error = RegistryError::classify(&reference, true, server(500));
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }
}
