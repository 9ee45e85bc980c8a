//! A Redis server, as a run reaches it.

use crate::model::error::CallError;
use crate::secret_url::SecretUrl;
use crate::tls::{self, Trust};
use redis::{ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo, RedisResult};
use std::path::PathBuf;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// The parameter that names a file of certificates, as other clients of Redis call it.
pub(super) const FILE: &str = "ssl_ca_certs";

/// The kind of an error of the handshake.
pub(super) const UNSAFE: ErrorKind = ErrorKind::InvalidClientConfig;

/// Never shown: it holds the password.
pub(super) struct Server {
    pub(super) info: ConnectionInfo,
    /// `rediss://`: the certificate is for this host, and of an authority of the file, or without one of an
    /// authority that this machine trusts.
    tls: Option<Trust>,
}

/// A connection, safe or plain.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

impl Server {
    pub(super) fn from_url(url: &SecretUrl) -> Result<Self, CallError> {
        let wrong = || {
            let message = format!(
                "invalid URL; expected redis://:PASSWORD@HOST:PORT/NUMBER, or rediss:// with TLS and \
                 ?{FILE}=FILE at most"
            );
            CallError::rejected("url", message)
        };
        let exposed = url.expose();
        let file = match exposed.query_pairs().collect::<Vec<_>>().as_slice() {
            [] => None,
            [(key, file)] if key == FILE => Some(PathBuf::from(&**file)),
            _ => return Err(wrong()),
        };
        let is_safe = exposed.scheme() == "rediss";
        if exposed.fragment().is_some() || (file.is_some() && !is_safe) {
            return Err(wrong());
        }
        let mut plain = exposed.clone();
        plain.set_query(None);
        let text = plain.as_str().replacen("rediss:", "redis:", 1);
        // The driver's own message could repeat what was given.
        let info = text.into_connection_info().map_err(|_| wrong())?;
        let tls = match is_safe {
            true => Some(tls::trusting(file.as_deref())?),
            false => None,
        };
        Ok(Self { info, tls })
    }

    pub(super) fn is_safe(&self) -> bool {
        self.tls.is_some()
    }

    pub(super) async fn connect(&self) -> RedisResult<Box<dyn Stream>> {
        let ConnectionAddr::Tcp(host, port) = self.info.addr() else {
            let error = "only TCP connections are made";
            return Err((ErrorKind::Client, error).into());
        };
        let stream = TcpStream::connect((host.as_str(), *port)).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        match tls.connect(host, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) if tls::is_of_handshake(&error) => {
                let what = "handshake";
                Err((UNSAFE, what, error.to_string()).into())
            }
            Err(error) => Err(error.into()),
        }
    }
}
