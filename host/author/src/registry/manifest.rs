//! The manifest of a component in a registry, in the format of `wkg` and others: one layer with the
//! component, a config that lists its interfaces, and annotations with its own metadata.

use super::digest::Digest;
use super::error::RegistryError;
use super::reference::Reference;
use crate::model::component::About;
use crate::wasm::{WasmFile, clean};
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest};
use serde::Serialize;
use std::collections::BTreeMap;

const CONFIG_MEDIA_TYPE: &str = "application/vnd.wasm.config.v0+json";
const COMPONENT_MEDIA_TYPE: &str = "application/wasm";

/// The config must have a time. With this one the same component makes the same manifest whenever it is
/// pushed, so that its digest says something.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// The largest component that is pulled: ten times what interpreted languages come to.
pub const MOST_BYTES: u64 = 256 << 20;

/// A component, ready to be pushed.
pub struct Packed<'a> {
    pub component: &'a [u8],
    pub config: Vec<u8>,
    pub manifest: Vec<u8>,
}

/// The layer of a manifest with the component.
pub struct Layer {
    pub digest: Digest,
    pub bytes: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    created: &'static str,
    author: Option<String>,
    architecture: &'static str,
    os: &'static str,
    layer_digests: [Digest; 1],
    component: Interfaces,
}

#[derive(Serialize)]
struct Interfaces {
    exports: Vec<String>,
    imports: Vec<String>,
    target: Option<String>,
}

/// The same component always makes the same bytes.
pub fn pack(file: &WasmFile) -> Packed<'_> {
    let contents = file.contents();
    let component = file.bytes();
    let config = Config {
        created: CREATED,
        author: contents.about.authors.clone(),
        architecture: "wasm",
        os: "wasip2",
        layer_digests: [Digest::from_content(component)],
        component: Interfaces {
            exports: contents.exports.unwrap_or_default(),
            imports: contents.imports.unwrap_or_default(),
            target: None,
        },
    };
    let config = serde_json::to_vec(&config).expect("plain data");
    let manifest = OciImageManifest {
        media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
        config: descriptor(CONFIG_MEDIA_TYPE, &config),
        layers: vec![descriptor(COMPONENT_MEDIA_TYPE, component)],
        annotations: Some(annotations(&contents.about)),
        ..OciImageManifest::default()
    };
    Packed {
        component,
        config,
        manifest: serde_json::to_vec(&manifest).expect("plain data"),
    }
}

fn descriptor(media_type: &str, bytes: &[u8]) -> OciDescriptor {
    OciDescriptor {
        media_type: media_type.to_owned(),
        digest: Digest::from_content(bytes).to_string(),
        size: bytes.len() as i64,
        ..OciDescriptor::default()
    }
}

/// The component's metadata, under the standard keys.
fn annotations(about: &About) -> BTreeMap<String, String> {
    let facts = [
        ("title", &about.name),
        ("version", &about.version),
        ("description", &about.description),
        ("authors", &about.authors),
        ("licenses", &about.licenses),
        ("source", &about.source),
        ("url", &about.homepage),
        ("revision", &about.revision),
    ];
    let given = |(key, fact): (&str, &Option<String>)| {
        Some((format!("org.opencontainers.image.{key}"), fact.clone()?))
    };
    facts.into_iter().filter_map(given).collect()
}

/// Finds the component's layer. Ignores the config, since tools write different ones.
pub fn layer(reference: &Reference, manifest: &[u8]) -> Result<Layer, RegistryError> {
    let no_strategy = |why: String| RegistryError::NotAStrategy {
        what: reference.to_string(),
        why: clean(&why),
    };
    let manifest: OciImageManifest = serde_json::from_slice(manifest)
        .map_err(|error| no_strategy(format!("it has no manifest of one artifact: {error}")))?;
    let [layer] = &manifest.layers[..] else {
        let layers = manifest.layers.len();
        return Err(no_strategy(format!(
            "it has {layers} layers, where a component is one"
        )));
    };
    if layer.media_type != COMPONENT_MEDIA_TYPE {
        return Err(no_strategy(format!(
            "its type is {:?} instead of {COMPONENT_MEDIA_TYPE}",
            layer.media_type
        )));
    }
    match u64::try_from(layer.size) {
        Ok(bytes) if bytes <= MOST_BYTES => Ok(Layer {
            digest: layer.digest.parse().map_err(no_strategy)?,
            bytes,
        }),
        _ => Err(no_strategy(format!(
            "its size of {} bytes exceeds the limit of {MOST_BYTES}",
            layer.size
        ))),
    }
}

/// Refuses bytes that do not begin like a component. Loading it checks that it fits this runner.
pub fn check_component(reference: &Reference, bytes: &[u8]) -> Result<(), RegistryError> {
    match bytes.get(..8) {
        Some([0, b'a', b's', b'm', _, _, 1, 0]) => Ok(()),
        _ => Err(RegistryError::NotAStrategy {
            what: reference.to_string(),
            why: "its bytes are no WebAssembly component".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(manifest: &str) -> String {
        let reference = "oci://registry.example/cas:1".parse().unwrap();
        let error = layer(&reference, manifest.as_bytes()).err();
        error.expect("a refusal").to_string()
    }

    fn with_layers(layers: &str) -> String {
        let config = r#"{"mediaType":"x","digest":"x","size":1}"#;
        format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{layers}]}}"#)
    }

    #[test]
    fn layer_refuses_a_manifest_without_exactly_one_component() {
        let index = r#"{"schemaVersion":2,"manifests":[]}"#;
        assert!(why(index).contains("no manifest of one artifact"));
        assert!(why("no JSON").contains("no manifest of one artifact"));
        assert!(why(&with_layers("")).contains("0 layers"));
        let layer = |media_type: &str, digest: &str, size: i64| {
            format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}}}"#)
        };
        let digest = Digest::from_content(b"").to_string();
        let image = layer("application/vnd.oci.image.layer.v1.tar", &digest, 1);
        assert!(why(&with_layers(&image)).contains("image.layer.v1.tar"));
        let too_large = layer(COMPONENT_MEDIA_TYPE, &digest, MOST_BYTES as i64 + 1);
        assert!(why(&with_layers(&too_large)).contains("exceeds the limit"));
        let negative = layer(COMPONENT_MEDIA_TYPE, &digest, -1);
        assert!(why(&with_layers(&negative)).contains("exceeds the limit"));
        let path = layer(COMPONENT_MEDIA_TYPE, "sha256:../../x", 1);
        assert!(why(&with_layers(&path)).contains("is no digest"));
    }

    #[test]
    fn bytes_that_are_no_component_are_refused() {
        let reference = "oci://registry.example/cas:1".parse().unwrap();
        let is_component = |bytes: &[u8]| check_component(&reference, bytes).is_ok();
        assert!(is_component(&wat::parse_str("(component)").unwrap()));
        assert!(!is_component(&wat::parse_str("(module)").unwrap()));
        assert!(!is_component(b""));
    }
}
