//! The calls to a registry. Everything that comes from one is bounded and held against its digest.

use super::credentials;
use super::digest::Digest;
use super::error::RegistryError;
use super::manifest::{Layer, Packed};
use super::reference::Reference;
use futures_util::TryStreamExt;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::{IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client as OciClient, RegistryOperation};
use std::time::Duration;
use tokio::runtime::Runtime;

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// Nothing at all came for so long.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);
/// One pull or push, however slowly it goes on.
const LIMIT: Duration = Duration::from_secs(600);

/// What a proxy is not for; all that `Reference::is_on_loopback` can mean.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

/// A connection to the registry of one reference.
pub struct Client<'a> {
    reference: &'a Reference,
    client: OciClient,
    auth: RegistryAuth,
    runtime: Runtime,
}

impl<'a> Client<'a> {
    /// Finds out who the user is. Nothing is sent yet.
    pub fn new(reference: &'a Reference) -> Result<Self, RegistryError> {
        let auth = credentials::find(reference.registry())?;
        // Fails only if there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = OciClient::try_from(config(reference))
            .map_err(|error| RegistryError::classify(reference, false, error))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(RegistryError::Runtime)?;
        Ok(Self {
            reference,
            client,
            auth,
            runtime,
        })
    }

    /// The manifest, and its digest.
    pub fn manifest(&self) -> Result<(Vec<u8>, Digest), RegistryError> {
        let accepted = [OCI_IMAGE_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE];
        let named = self.reference.named();
        let (text, _) = self.wait(async {
            self.client
                .auth(named, &self.auth, RegistryOperation::Pull)
                .await?;
            self.client
                .pull_manifest_raw(named, &self.auth, &accepted)
                .await
        })?;
        // The library has held it against the digest of the reference, if there is one.
        let digest = Digest::of(&text);
        Ok((text.into(), digest))
    }

    /// The component of a manifest of this reference.
    pub fn component(&self, layer: &Layer) -> Result<Vec<u8>, RegistryError> {
        let named = self.reference.named();
        let bytes = self.wait(async {
            // By its digest alone: a manifest may say that it is to be had somewhere else.
            let digest = layer.digest.as_str();
            let mut stream = self.client.pull_blob_stream(named, &digest).await?;
            let mut bytes = Vec::new();
            while let Some(part) = stream.try_next().await? {
                bytes.extend_from_slice(&part);
                if bytes.len() as u64 > layer.bytes {
                    break;
                }
            }
            Ok(bytes)
        })?;
        match Digest::of(&bytes) {
            digest if digest == layer.digest => Ok(bytes),
            digest => {
                Err(self.damaged(format!("{} was asked for, and {digest} came", layer.digest)))
            }
        }
    }

    /// Sends it all, the manifest last, so that the tag never names what is not there. Gives the
    /// digest of the manifest.
    pub fn push(&self, packed: &Packed) -> Result<Digest, RegistryError> {
        let named = self.reference.named();
        self.wait(async {
            self.client
                .auth(named, &self.auth, RegistryOperation::Push)
                .await?;
            for blob in [packed.component, &packed.config] {
                let digest = Digest::of(blob);
                if !self.client.blob_exists(named, digest.as_str()).await? {
                    let blob = blob.to_vec();
                    self.client.push_blob(named, blob, digest.as_str()).await?;
                }
            }
            let media_type = OCI_IMAGE_MEDIA_TYPE.parse().expect("a constant");
            let manifest = packed.manifest.clone();
            self.client
                .push_manifest_raw(named, manifest, media_type)
                .await
        })?;
        Ok(Digest::of(&packed.manifest))
    }

    fn wait<T>(
        &self,
        work: impl Future<Output = Result<T, OciDistributionError>>,
    ) -> Result<T, RegistryError> {
        let bounded = async { tokio::time::timeout(LIMIT, work).await };
        match self.runtime.block_on(bounded) {
            Ok(done) => done.map_err(|error| {
                let logged_in = self.auth != RegistryAuth::Anonymous;
                RegistryError::classify(self.reference, logged_in, error)
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

fn config(reference: &Reference) -> ClientConfig {
    let is_here = reference.is_on_loopback();
    ClientConfig {
        protocol: match is_here {
            true => ClientProtocol::Http,
            false => ClientProtocol::Https,
        },
        // Nobody between here and here: a proxy of the environment could carry it off the machine, in
        // plain text. Only who names a proxy can say for what it is not, so one is named that is nowhere.
        http_proxy: is_here.then(|| "http://127.0.0.1:9".to_owned()),
        no_proxy: is_here.then(|| LOOPBACK.to_owned()),
        connect_timeout: Some(CONNECT_LIMIT),
        read_timeout: Some(SILENCE_LIMIT),
        platform_resolver: None,
        user_agent: concat!("contend/", env!("CARGO_PKG_VERSION")),
        ..ClientConfig::default()
    }
}
