//! etcd's JSON gateway, at whichever of its servers answers.

use super::classify::{Operation, Trouble, classify};
use crate::model::error::{CallError, ErrorKind};
use crate::patience::within;
use crate::secret_url::SecretUrl;
use crate::tls;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The port of etcd's clients.
const PORT: u16 = 2379;

/// The most bytes of an answer that is watched for.
const MOST_BYTES: usize = 1 << 20;

pub(super) struct Api {
    client: Client,
    servers: Vec<String>,
    /// The server that answered last.
    current: AtomicUsize,
}

impl Api {
    pub(super) fn new(url: &SecretUrl) -> Result<Self, CallError> {
        let wrong = |why: &str| {
            let message = format!("{why}; expected etcd://HOST:PORT,HOST:PORT");
            Err(CallError::rejected("url", message))
        };
        let exposed = url.expose();
        if !exposed.username().is_empty() || exposed.password().is_some() {
            return wrong("credentials for etcd are not supported");
        }
        let has_path = !matches!(exposed.path(), "" | "/");
        if has_path || exposed.query().is_some() || exposed.fragment().is_some() {
            return wrong("the URL of etcd has a part that means nothing there");
        }
        let servers = url.addresses(PORT);
        let servers = servers.split(',').map(|server| format!("http://{server}"));
        tls::provide();
        let client = Client::builder().no_proxy().build().map_err(|error| {
            CallError::rejected("configuration", error.without_url().to_string())
        })?;
        Ok(Self {
            client,
            servers: servers.collect(),
            current: AtomicUsize::new(0),
        })
    }

    /// Asks one server after the other, each for this time, until one answers. A change whose answer would
    /// not be the same a second time goes on to the next only if it was certainly not sent.
    pub(super) async fn call(
        &self,
        path: &str,
        body: &Value,
        operation: Operation,
        limit: Duration,
    ) -> Result<Value, CallError> {
        match self.ask(path, body, operation, limit).await {
            Ok(answer) => Ok(answer),
            Err((trouble, is_certain)) => {
                let mut error = classify(&trouble, operation);
                if !is_certain
                    && error.kind == ErrorKind::Unavailable
                    && operation != Operation::Reading
                {
                    error.kind = ErrorKind::Indefinite;
                }
                Err(error)
            }
        }
    }

    /// The same. With the trouble of the last server comes whether the others certainly did nothing.
    pub(super) async fn ask(
        &self,
        path: &str,
        body: &Value,
        operation: Operation,
        limit: Duration,
    ) -> Result<Value, (Trouble, bool)> {
        let first = self.current.load(Ordering::Relaxed);
        let (mut last, mut is_certain) = (Trouble::Silent, true);
        for number in 0..self.servers.len() {
            let place = (first + number) % self.servers.len();
            let asked = within(limit, self.once(place, path, body));
            let trouble = match asked.await.unwrap_or(Err(Trouble::Silent)) {
                Ok(answer) => {
                    self.current.store(place, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(trouble) => trouble,
            };
            let may_have_happened = classify(&trouble, operation).kind == ErrorKind::Indefinite;
            last = trouble;
            if !last.is_of_one_server() || (may_have_happened && operation == Operation::Changing) {
                break;
            }
            is_certain &= !may_have_happened;
        }
        Err((last, is_certain))
    }

    async fn once(&self, place: usize, path: &str, body: &Value) -> Result<Value, Trouble> {
        let response = self.post(place, path, body).await?;
        let text = response.text().await.map_err(lost)?;
        let answer: Value = match serde_json::from_str(&text) {
            Ok(answer) => answer,
            Err(_) => {
                let start: String = text.chars().take(80).collect();
                return Err(Trouble::Nonsense(start));
            }
        };
        match answer["message"].as_str() {
            Some(message) => Err(Trouble::Server {
                code: answer["code"].as_i64().unwrap_or_default(),
                message: message.to_owned(),
            }),
            None => Ok(answer),
        }
    }

    async fn post(&self, place: usize, path: &str, body: &Value) -> Result<Response, Trouble> {
        let url = format!("{}{path}", self.servers[place]);
        self.client
            .post(url)
            .body(body.to_string())
            .send()
            .await
            .map_err(|error| match error.is_connect() {
                true => Trouble::Unreachable(said(error)),
                false => lost(error),
            })
    }

    /// Waits until a key of this range is deleted after a revision. `None` if that can't be heard.
    pub(super) async fn deletion(&self, key: &str, end: Option<&str>, after: u64) -> Option<()> {
        let mut request = json!({
            "key": text(key), "start_revision": (after + 1).to_string(), "filters": ["NOPUT"],
        });
        if let Some(end) = end {
            request["range_end"] = text(end).into();
        }
        let body = json!({ "create_request": request });
        let place = self.current.load(Ordering::Relaxed);
        let mut response = self.post(place, "/v3/watch", &body).await.ok()?;
        let mut heard = Vec::new();
        while heard.len() < MOST_BYTES {
            heard.extend_from_slice(&response.chunk().await.ok()??);
            if String::from_utf8_lossy(&heard).contains("\"events\"") {
                return Some(());
            }
        }
        None
    }
}

fn lost(error: reqwest::Error) -> Trouble {
    Trouble::Lost(said(error))
}

/// The message of an error and of what is behind it.
fn said(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        text = inner.to_string();
        source = inner.source();
    }
    text
}

/// A key or value, as the gateway takes it.
pub(super) fn text(plain: &str) -> String {
    STANDARD.encode(plain)
}

/// A key or value of an answer.
pub(super) fn plain(value: &Value) -> Option<String> {
    String::from_utf8(STANDARD.decode(value.as_str()?).ok()?).ok()
}

/// A number of an answer: the gateway writes it as text, and leaves 0 out.
pub(super) fn number(value: &Value) -> u64 {
    let text = value.as_str().and_then(|text| text.parse().ok());
    text.unwrap_or_default()
}
