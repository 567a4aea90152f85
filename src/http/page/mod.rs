//! The page: four files that are part of the program. They name nothing outside it, so it works where there is no other network.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::reply::ProblemReply;

/// Only what this server sends: no other host, no script or style in the text.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

const FILES: [(&str, &str, &str); 4] = [
    ("index.html", "text/html; charset=utf-8", include_str!("index.html")),
    ("app.js", "text/javascript; charset=utf-8", include_str!("app.js")),
    ("desk.js", "text/javascript; charset=utf-8", include_str!("desk.js")),
    ("style.css", "text/css; charset=utf-8", include_str!("style.css")),
];

/// The page itself.
pub(super) fn index() -> Response {
    answer("index.html")
}

/// One of its files.
pub(super) async fn file(Path(name): Path<String>) -> Response {
    answer(&name)
}

fn answer(name: &str) -> Response {
    match FILES.iter().find(|(file, ..)| *file == name) {
        Some((_, kind, text)) => {
            let headers = [
                (header::CONTENT_TYPE, *kind),
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (header::CACHE_CONTROL, "no-cache"),
            ];
            (headers, *text).into_response()
        }
        None => ProblemReply::new(StatusCode::NOT_FOUND, "the page has no such file").into_response(),
    }
}
