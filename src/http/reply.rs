//! How an answer is written. What went wrong as RFC 9457 has it: `application/problem+json` with a title, the status and a sentence that says what to do.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// A problem to be answered with.
#[derive(Debug)]
pub(super) struct ProblemReply {
    status: StatusCode,
    detail: String,
    more: Map<String, Value>,
}

impl ProblemReply {
    /// `detail`: what happened, and what to do.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), more: Map::new() }
    }

    /// What happened, and what to do.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// A member beside those of the standard.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }
}

impl IntoResponse for ProblemReply {
    fn into_response(self) -> Response {
        let mut body = self.more;
        body.insert("type".to_owned(), json!("about:blank"));
        body.insert("title".to_owned(), json!(self.status.canonical_reason().unwrap_or_default()));
        body.insert("status".to_owned(), json!(self.status.as_u16()));
        body.insert("detail".to_owned(), json!(self.detail));
        let body = format!("{:#}\n", Value::Object(body));
        (self.status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}

/// An answer as JSON, laid out for people.
pub(super) fn body(code: StatusCode, json: &Value) -> Response {
    (code, [(header::CONTENT_TYPE, "application/json")], format!("{json:#}\n")).into_response()
}
