//! The requests to the registry, and what their answers mean.

use std::time::Duration;

use base64::Engine as _;
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::tls::{PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use crate::config::SchemaRegistry;
use crate::envelope::avro::SchemaId;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(15);
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// A schema names others, and those name others: no deeper, and no more in all.
const REFERENCES_DEEP: usize = 8;
const REFERENCES_MAX: usize = 64;
const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// Why there is no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Asking again may help: in a sentence.
    Away(String),
    /// The registry says no: in a sentence.
    Refused(String),
}

/// A schema, and those that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The schema's text.
    pub schema: String,
    /// The texts of the schemas that it names.
    pub references: Vec<String>,
}

/// Asks one registry.
pub struct RegistryClient {
    agent: ureq::Agent,
    url: String,
    authorization: Option<String>,
}

#[derive(Deserialize)]
struct SchemaAnswer {
    schema: String,
    #[serde(rename = "schemaType")]
    kind: Option<String>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    subject: String,
    version: i64,
}

impl RegistryClient {
    /// A client of this registry. Nothing is asked yet.
    ///
    /// # Errors
    /// The file of its certificate authority can't be read: a sentence.
    pub fn new(settings: &SchemaRegistry) -> Result<Self, String> {
        let roots = match &settings.ca {
            None => RootCerts::PlatformVerifier,
            Some(path) => {
                let pem = std::fs::read(path).map_err(|error| format!("schema_registry.ca: {} cannot be read: {error}", path.display()))?;
                let certificates: Vec<_> = parse_pem(&pem)
                    .filter_map(|item| match item {
                        Ok(PemItem::Certificate(certificate)) => Some(certificate),
                        _ => None,
                    })
                    .collect();
                if certificates.is_empty() {
                    return Err(format!("schema_registry.ca: {} holds no certificate in PEM", path.display()));
                }
                RootCerts::new_with_certs(&certificates)
            }
        };
        let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(roots).build();
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .timeout_connect(Some(CONNECT_PATIENCE))
            .http_status_as_error(false)
            .tls_config(tls)
            .build();
        let authorization = settings.login.as_ref().map(|(user, password)| {
            let pair = format!("{user}:{}", password.expose());
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
        });
        Ok(Self { agent: config.into(), url: settings.url.clone(), authorization })
    }

    /// Fetches a schema.
    ///
    /// # Errors
    /// The registry is away, has no such schema, or has one that is not Avro.
    pub fn schema(&self, id: SchemaId) -> Result<Fetched, Failure> {
        let path = match id {
            SchemaId::Id(id) => format!("/schemas/ids/{id}"),
            SchemaId::Guid(_) => format!("/schemas/guids/{id}"),
            SchemaId::Global(id) => return self.content(&format!("/ids/globalIds/{id}")),
            SchemaId::Content(id) => return self.content(&format!("/ids/contentIds/{id}")),
        };
        let answer: SchemaAnswer = self.parsed(&path)?;
        if let Some(kind) = answer.kind.filter(|kind| kind != "AVRO") {
            return Err(Failure::Refused(format!("an Avro schema (schema {id} is {kind})")));
        }
        let mut references = Vec::new();
        self.referred(&answer.references, 0, &mut references)?;
        Ok(Fetched { schema: answer.schema, references })
    }

    /// Apicurio's own API gives a schema's text as it is.
    fn content(&self, path: &str) -> Result<Fetched, Failure> {
        let core = self.url.split_once("/apis/").map_or(self.url.as_str(), |(host, _)| host);
        let schema = self.text(&format!("{core}/apis/registry/v2{path}"))?;
        Ok(Fetched { schema, references: Vec::new() })
    }

    fn referred(&self, references: &[Reference], depth: usize, texts: &mut Vec<String>) -> Result<(), Failure> {
        for reference in references {
            if depth >= REFERENCES_DEEP || texts.len() >= REFERENCES_MAX {
                return Err(Failure::Refused(format!("a schema that names at most {REFERENCES_MAX} others, {REFERENCES_DEEP} deep")));
            }
            let path = format!("/subjects/{}/versions/{}", percent(&reference.subject), reference.version);
            let answer: SchemaAnswer = self.parsed(&path)?;
            self.referred(&answer.references, depth + 1, texts)?;
            if !texts.contains(&answer.schema) {
                texts.push(answer.schema);
            }
        }
        Ok(())
    }

    fn parsed<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T, Failure> {
        let url = format!("{}{path}", self.url);
        let text = self.text(&url)?;
        serde_json::from_str(&text)
            .map_err(|_| Failure::Away(format!("{url} does not answer as a schema registry: is schema_registry.url right?")))
    }

    fn text(&self, url: &str) -> Result<String, Failure> {
        let mut request = self.agent.get(url).header("Accept", format!("{CONTENT_TYPE}, application/json"));
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let mut response = request.call().map_err(|error| unreachable(url, &error))?;
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string().map_err(|error| unreachable(url, &error))?;
        if status == 200 { Ok(text) } else { Err(failure(url, status, &text)) }
    }

    fn send(&self, path: &str, body: &Value) -> Result<(u16, Value), Failure> {
        let url = format!("{}{path}", self.url);
        let mut request =
            self.agent.post(&url).header("Accept", format!("{CONTENT_TYPE}, application/json")).header("Content-Type", CONTENT_TYPE);
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let mut response = request.send(body.to_string()).map_err(|error| unreachable(&url, &error))?;
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string().map_err(|error| unreachable(&url, &error))?;
        match serde_json::from_str(&text) {
            Ok(answer) if matches!(status, 200 | 404 | 409 | 422) => Ok((status, answer)),
            _ => Err(failure(&url, status, &text)),
        }
    }

    /// What is wrong with a schema as the next version of a subject, by the subject's own compatibility; nothing where it has no version yet.
    ///
    /// # Errors
    /// The registry is away, or takes the schema for none.
    pub fn incompatible(&self, subject: &str, schema: &str) -> Result<Vec<String>, Failure> {
        let path = format!("/compatibility/subjects/{}/versions/latest?verbose=true", percent(subject));
        let (status, answer) = self.send(&path, &json!({ "schema": schema, "schemaType": "AVRO" }))?;
        match (status, answer["is_compatible"].as_bool()) {
            (200, Some(true)) => Ok(Vec::new()),
            (200, Some(false)) => {
                let told = answer["messages"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
                let told: Vec<String> = told.collect();
                Ok(if told.is_empty() { vec!["it gives no reason".to_owned()] } else { told })
            }
            // The subject, or its first version, is not there.
            (404, _) if matches!(answer["error_code"].as_i64(), Some(40_401 | 40_402)) => Ok(Vec::new()),
            _ => Err(Failure::Refused(format!("{}: {}", self.url, message(&answer)))),
        }
    }

    /// Registers a schema as the newest version of a subject, if it is not there, and gives its id.
    ///
    /// # Errors
    /// The registry is away, or does not take the schema.
    pub fn register(&self, subject: &str, schema: &str) -> Result<u32, Failure> {
        let path = format!("/subjects/{}/versions", percent(subject));
        let (status, answer) = self.send(&path, &json!({ "schema": schema, "schemaType": "AVRO" }))?;
        let id = answer["id"].as_u64().and_then(|id| u32::try_from(id).ok()).filter(|_| status == 200);
        id.ok_or_else(|| Failure::Refused(format!("{}: {}", self.url, message(&answer))))
    }
}

fn message(answer: &Value) -> String {
    answer["message"].as_str().map_or_else(|| answer.to_string(), str::to_owned)
}

fn unreachable(url: &str, error: &ureq::Error) -> Failure {
    Failure::Away(format!("{url} does not answer: {error}"))
}

/// What an answer other than 200 means.
fn failure(url: &str, status: u16, text: &str) -> Failure {
    let answer: Value = serde_json::from_str(text).unwrap_or_default();
    let is_known_absence = match answer["error_code"].as_i64() {
        Some(40_401..=40_403) => true,
        // Apicurio's own API.
        _ => answer["name"]
            .as_str()
            .is_some_and(|name| matches!(name, "ArtifactNotFoundException" | "ContentNotFoundException" | "VersionNotFoundException")),
    };
    match status {
        404 if is_known_absence => Failure::Refused("a schema that the registry knows".to_owned()),
        404 => Failure::Away(format!("{url} answers 404, and not as a schema registry: is schema_registry.url right?")),
        401 | 403 => Failure::Away(format!("{url} answers {status}: is schema_registry.login right?")),
        _ => Failure::Away(format!("{url} answers {status}")),
    }
}

/// A subject as one part of a path.
fn percent(subject: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    subject.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
