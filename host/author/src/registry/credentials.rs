//! Who the user is at a registry, as `docker login` has left it.

use super::error::RegistryError;
use super::login::User;
use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential};
use std::path::{Path, PathBuf};

/// What Docker itself calls its own registry in its configuration.
const DOCKER_HUB: (&str, &str) = ("docker.io", "https://index.docker.io/v1/");

/// The user's name and password from the Docker configuration or a credential helper that it names;
/// nobody if there is none for this registry. No secret is in an error.
pub fn find(registry: &str) -> Result<Option<User>, RegistryError> {
    // The library does not tell a file that is missing from one that is broken.
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

/// Where the library looks.
fn config() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".docker"));
    let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    Some(folder.or_else(home)?.join("config.json"))
}
