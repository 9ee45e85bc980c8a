//! Trust in a server's certificate, and the words for a connection that can't be had safely.
//!
//! Nothing here is less safe than what the user asked for: there is no way back to plain text, and a
//! file of certificates that would not be looked at is refused.

use crate::model::error::CallError;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The code of an error of this kind. Asking again won't help.
const CODE: &str = "tls";

/// The certificates of the authorities in a file of the user.
pub(super) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, CallError> {
    let wrong = |why: String| {
        let message = format!(
            "{}: {why}; it must hold certificates as PEM",
            file.display()
        );
        CallError::rejected(CODE, message)
    };
    let read = CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?;
    let all: Result<Vec<_>, _> = read.collect();
    match all {
        Ok(all) if all.is_empty() => Err(wrong("no certificate".to_owned())),
        Ok(all) => Ok(all),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// The certificates of the authorities that this machine trusts.
pub(super) fn system_certificates() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

/// Trust in the authorities of a file, or without one in those of this machine.
#[derive(Clone)]
pub(super) struct Trust(TlsConnector);

impl Trust {
    /// Makes a connection safe. The server's certificate must be for this host.
    pub(super) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        self.0.connect(name, stream).await
    }
}

/// Sets the process's provider of TLS, for a library that asks for one whether or not it uses it.
pub(super) fn provide() {
    // Fails only if there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

pub(super) fn trusting(file: Option<&Path>) -> Result<Trust, CallError> {
    let certificates = match file {
        Some(file) => certificates(file)?,
        None => system_certificates(),
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| CallError::rejected(CODE, error.to_string()))?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    Ok(Trust(Arc::new(config).into()))
}

/// True for an error of the handshake.
pub(super) fn is_of_handshake(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<rustls::Error>())
}

/// The error for a server with which there is no connection as safe as it has to be; `file` is the parameter
/// that names a file of certificates.
pub(super) fn unsafe_server(server: &str, why: &str, file: &str) -> CallError {
    let advice = if why.contains("UnknownIssuer") || why.contains("BadSignature") {
        format!(
            "; no authority that is trusted here signed its certificate: name a file with {file}="
        )
    } else if why.contains("not valid for name") {
        "; connect by a name that its certificate has".to_owned()
    } else {
        String::new()
    };
    let message = format!("no safe connection to {server}: {why}{advice}");
    CallError::rejected(CODE, message)
}
