//! The calls to a registry, as the OCI Distribution Specification has them. Everything received is
//! bounded in size and checked against its digest.
//!
//! `oci-client` buffers manifests, tokens and error bodies of any size, follows redirects to HTTP, and
//! sends the password to any realm that the registry names; so only its types and formats are used.

use super::credentials;
use super::digest::Digest;
use super::error::{Failure, RegistryError};
use super::login::{Pass, User, log_in};
use super::manifest::{Layer, Packed};
use super::reference::Reference;
use super::transport::{self, body, exists, send};
use oci_client::manifest::{IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE};
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use reqwest::{Client as HttpClient, Method, RequestBuilder};
use std::time::Duration;
use tokio::runtime::Runtime;
use url::Url;

/// Time limit of one pull or push.
const LIMIT: Duration = Duration::from_secs(600);

/// The most bytes of a manifest, as registries bound it, too.
const MAX_MANIFEST: usize = 4 << 20;

/// A connection to the registry of one reference.
pub struct Client<'a> {
    reference: &'a Reference,
    http: HttpClient,
    user: Option<User>,
    runtime: Runtime,
}

impl<'a> Client<'a> {
    /// Finds the user's credentials. Sends nothing yet.
    pub fn new(reference: &'a Reference) -> Result<Self, RegistryError> {
        let user = credentials::find(reference.registry())?;
        let http = transport::client(reference);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(RegistryError::Runtime)?;
        Ok(Self {
            reference,
            http: http.map_err(|failure| RegistryError::classify(reference, false, failure))?,
            user,
            runtime,
        })
    }

    /// The manifest, and its digest.
    pub fn manifest(&self) -> Result<(Vec<u8>, Digest), RegistryError> {
        let text = self.wait(async {
            let pass = self.log_in("pull").await?;
            let accepted = format!("{OCI_IMAGE_MEDIA_TYPE}, {IMAGE_MANIFEST_MEDIA_TYPE}");
            let request = self.request(Method::GET, &self.manifest_path())?;
            let answer = send(pass.show(request.header(ACCEPT, accepted))).await?;
            body(answer, MAX_MANIFEST).await
        })?;
        let digest = Digest::from_content(&text);
        match self.reference.digest() {
            Some(asked) if *asked != digest => {
                Err(self.damaged(format!("requested {asked}, received {digest}")))
            }
            _ => Ok((text, digest)),
        }
    }

    /// The component of a manifest of this reference.
    pub fn component(&self, layer: &Layer) -> Result<Vec<u8>, RegistryError> {
        let came = self.wait(async {
            let pass = self.log_in("pull").await?;
            // By its digest only: a manifest may name another location, which is ignored.
            let request = self.request(Method::GET, &self.blob_path(&layer.digest))?;
            let answer = send(pass.show(request)).await?;
            match body(answer, layer.bytes as usize).await {
                Err(Failure::TooLarge { most }) => {
                    Ok(Err(format!("received more than {most} bytes")))
                }
                other => other.map(Ok),
            }
        })?;
        let bytes = came.map_err(|why| self.damaged(format!("{}: {why}", layer.digest)))?;
        match Digest::from_content(&bytes) {
            digest if digest == layer.digest => Ok(bytes),
            digest => Err(self.damaged(format!("requested {}, received {digest}", layer.digest))),
        }
    }

    /// Sends it all, the manifest last, so that the tag never names what is not there. Gives the
    /// digest of the manifest.
    pub fn push(&self, packed: &Packed) -> Result<Digest, RegistryError> {
        self.wait(async {
            for blob in [packed.component, &packed.config] {
                self.push_blob(blob).await?;
            }
            let pass = self.log_in("pull,push").await?;
            let request = self.request(Method::PUT, &self.manifest_path())?;
            let request = request.header(CONTENT_TYPE, OCI_IMAGE_MEDIA_TYPE);
            send(pass.show(request.body(packed.manifest.clone()))).await
        })?;
        Ok(Digest::from_content(&packed.manifest))
    }

    /// Sends one blob, unless it is there. Each is logged in for: a token may be good for a minute only.
    async fn push_blob(&self, blob: &[u8]) -> Result<(), Failure> {
        let digest = Digest::from_content(blob);
        let pass = self.log_in("pull,push").await?;
        let head = self.request(Method::HEAD, &self.blob_path(&digest))?;
        if exists(pass.show(head)).await? {
            return Ok(());
        }
        let repository = self.reference.named().repository();
        let begin = self.request(Method::POST, &format!("{repository}/blobs/uploads/"))?;
        let begun = send(pass.show(begin.header(CONTENT_LENGTH, 0))).await?;
        let place = begun.headers().get(LOCATION).map(|place| place.to_str());
        let Some(Ok(place)) = place else {
            let why = "it returned no location for the upload";
            return Err(Failure::Refused(why.to_owned()));
        };
        let mut place = begun.url().join(place).map_err(|error| {
            Failure::Refused(format!(
                "it returned an invalid location for the upload: {error}"
            ))
        })?;
        transport::check(&place, self.reference.is_on_loopback())?;
        place
            .query_pairs_mut()
            .append_pair("digest", digest.as_str());
        let is_own = self.is_own(&place)?;
        let put = self.http.put(place);
        let put = put.header(CONTENT_TYPE, "application/octet-stream");
        let put = put.body(blob.to_vec());
        send(match is_own {
            true => pass.show(put),
            false => put,
        })
        .await?;
        Ok(())
    }

    /// True if an address is on the registry itself, which may receive the user's credentials.
    fn is_own(&self, url: &Url) -> Result<bool, Failure> {
        let own = transport::url(self.reference, "")?;
        Ok(own.origin() == url.origin())
    }

    async fn log_in(&self, actions: &str) -> Result<Pass, Failure> {
        log_in(&self.http, self.reference, self.user.as_ref(), actions).await
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Failure> {
        Ok(self
            .http
            .request(method, transport::url(self.reference, path)?))
    }

    fn manifest_path(&self) -> String {
        let named = self.reference.named();
        let version = named.digest().or(named.tag()).unwrap_or("latest");
        format!("{}/manifests/{version}", named.repository())
    }

    fn blob_path(&self, digest: &Digest) -> String {
        format!("{}/blobs/{digest}", self.reference.named().repository())
    }

    fn wait<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, RegistryError> {
        let bounded = async { tokio::time::timeout(LIMIT, work).await };
        match self.runtime.block_on(bounded) {
            Ok(done) => done.map_err(|failure| {
                RegistryError::classify(self.reference, self.user.is_some(), failure)
            }),
            Err(late) => Err(RegistryError::unreachable(self.reference, &late)),
        }
    }

    fn damaged(&self, why: String) -> RegistryError {
        RegistryError::Damaged {
            what: self.reference.to_string(),
            why,
        }
    }
}
