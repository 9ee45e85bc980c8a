//! The user's credentials at a registry, as stored by `docker login`.

use super::error::RegistryError;
use super::login::User;
use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential};
use std::path::{Path, PathBuf};

/// The key of Docker's own registry in its configuration.
const DOCKER_HUB: (&str, &str) = ("docker.io", "https://index.docker.io/v1/");

/// The user's name and password from the Docker configuration or a credential helper that it names;
/// `None` if it has none for this registry. Errors contain no secret.
pub fn find(registry: &str) -> Result<Option<User>, RegistryError> {
    // The library does not distinguish a missing file from a broken one.
    let Some(config) = config().filter(|path| path.exists()) else {
        return Ok(None);
    };
    let wrong = |why: String| {
        Err(RegistryError::Credentials {
            registry: registry.to_owned(),
            why,
        })
    };
    let (hub, its_name) = DOCKER_HUB;
    let name = if registry == hub { its_name } else { registry };
    match get_credential(name) {
        Ok(DockerCredential::UsernamePassword(name, password)) => Ok(Some(User { name, password })),
        Ok(DockerCredential::IdentityToken(_)) => wrong(
            "it has an identity token, which only Docker can use; log in with a user and a password or \
             an access token"
                .to_owned(),
        ),
        Err(CredentialRetrievalError::NoCredentialConfigured) => Ok(None),
        Err(CredentialRetrievalError::HelperFailure { stdout, .. })
            if stdout.contains("credentials not found") =>
        {
            Ok(None)
        }
        // What a helper said may be a secret.
        Err(CredentialRetrievalError::HelperFailure { helper, .. }) => {
            wrong(format!("{helper} failed"))
        }
        Err(error) => wrong(format!("{error} ({})", config.display())),
    }
}

/// The path that the library reads.
fn config() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".docker"));
    let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    Some(folder.or_else(home)?.join("config.json"))
}
