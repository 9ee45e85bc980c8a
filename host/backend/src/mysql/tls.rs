//! TLS of a connection, as the URL asks for it.

use crate::model::error::CallError;
use crate::tls::{certificates, is_of_handshake, system_certificates};
use mysql_async::{DriverError, Error, IoError, SslOpts};
use std::path::PathBuf;
use url::Url;

/// The parameters, as MySQL's own programs call them.
pub(super) const MODE: &str = "ssl-mode";
pub(super) const FILE: &str = "ssl-ca";

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tls {
    Disabled,
    /// Encrypted; the certificate of the server is not checked.
    Required,
    /// The certificate is for this host, and of an authority of the file; without one, of an authority that
    /// this machine trusts.
    VerifyIdentity(Option<PathBuf>),
}

impl Tls {
    /// Reads the parameters of a URL. The error says what the URL has.
    pub(super) fn from_url(url: &Url) -> Result<Self, String> {
        let (mut mode, mut file) = (None, None);
        for (key, value) in url.query_pairs() {
            let place = match &*key {
                MODE => &mut mode,
                FILE => &mut file,
                _ => return Err("has other parameters than those of TLS".to_owned()),
            };
            *place = Some(value.into_owned());
        }
        let asked = mode.as_deref().unwrap_or("DISABLED").to_ascii_uppercase();
        match (asked.replace('-', "_").as_str(), file) {
            ("DISABLED", None) => Ok(Self::Disabled),
            ("REQUIRED", None) => Ok(Self::Required),
            ("VERIFY_IDENTITY", file) => Ok(Self::VerifyIdentity(file.map(PathBuf::from))),
            ("DISABLED" | "REQUIRED", Some(_)) => Err(format!(
                "has {FILE}, which is looked at with {MODE}=VERIFY_IDENTITY"
            )),
            // The one may fall back to plain text. For the other, the driver has no way.
            _ => Err(format!(
                "has {MODE} neither DISABLED, REQUIRED nor VERIFY_IDENTITY"
            )),
        }
    }

    pub(super) fn options(&self) -> Result<Option<SslOpts>, CallError> {
        Ok(match self {
            Self::Disabled => None,
            Self::Required => Some(
                SslOpts::default()
                    .with_danger_accept_invalid_certs(true)
                    .with_danger_skip_domain_validation(true),
            ),
            Self::VerifyIdentity(file) => {
                let trusted = match file {
                    Some(file) => certificates(file)?,
                    None => system_certificates(),
                };
                let trusted = trusted.into_iter().map(|one| one.to_vec().into());
                let options = SslOpts::default().with_disable_built_in_roots(true);
                Some(options.with_root_certs(trusted.collect()))
            }
        })
    }
}

/// The reason why there is no safe connection, if that is the error.
pub(super) fn refusal(error: &Error) -> Option<String> {
    match error {
        Error::Io(IoError::Tls(error)) => Some(error.to_string()),
        Error::Io(IoError::Io(error)) if is_of_handshake(error) => Some(error.to_string()),
        Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            Some("the server does not support TLS".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_that_would_be_less_than_they_seem_are_refused() {
        let read = |parameters: &str| {
            let url = Url::parse(&format!("mysql://db/shop{parameters}")).unwrap();
            Tls::from_url(&url)
        };
        let file = || PathBuf::from("ca.pem");
        for (parameters, expected) in [
            ("", Tls::Disabled),
            ("?ssl-mode=disabled", Tls::Disabled),
            ("?ssl-mode=REQUIRED", Tls::Required),
            ("?ssl-mode=VERIFY_IDENTITY", Tls::VerifyIdentity(None)),
            (
                "?ssl-mode=verify-identity&ssl-ca=ca.pem",
                Tls::VerifyIdentity(Some(file())),
            ),
        ] {
            assert_eq!(read(parameters), Ok(expected), "{parameters}");
        }
        for (parameters, says) in [
            ("?ssl-mode=PREFERRED", "neither DISABLED"),
            ("?ssl-mode=VERIFY_CA&ssl-ca=ca.pem", "neither DISABLED"),
            ("?ssl-ca=ca.pem", "is looked at with"),
            ("?ssl-mode=REQUIRED&ssl-ca=ca.pem", "is looked at with"),
            ("?compress=true", "other parameters"),
        ] {
            let refused = read(parameters).unwrap_err();
            assert!(refused.contains(says), "{parameters}: {refused}");
        }
    }
}
