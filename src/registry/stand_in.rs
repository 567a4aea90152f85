//! A registry for tests: a server on loopback that answers as Confluent's does.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// What it answers next to every request, whatever that is.
#[derive(Clone, Debug)]
pub(crate) struct Canned {
    pub status: u16,
    pub body: String,
}

#[derive(Default)]
pub(crate) struct Held {
    /// By id.
    pub schemas: BTreeMap<u32, Value>,
    /// By subject: the ids of its versions.
    pub subjects: BTreeMap<String, Vec<u32>>,
    /// Paths of Apicurio's own API, and of GUIDs.
    pub texts: BTreeMap<String, String>,
    /// Instead of every answer.
    pub instead: Option<Canned>,
    /// What is wrong with every new version.
    pub incompatible: Vec<String>,
    /// What every request must bring.
    pub authorization: Option<String>,
    /// `GET /schemas/ids/7`, in order.
    pub asked: Vec<String>,
}

pub(crate) struct StandIn {
    pub url: String,
    pub held: Arc<Mutex<Held>>,
}

impl StandIn {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let held = Arc::new(Mutex::new(Held::default()));
        let answering = Arc::clone(&held);
        // It ends with the process of the tests.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let held = Arc::clone(&answering);
                thread::spawn(move || serve(stream, &held));
            }
        });
        Self { url, held }
    }

    pub(crate) fn put(&self, id: u32, schema: &str) {
        self.held.lock().expect("held").schemas.insert(id, json!({ "schema": schema }));
    }

    pub(crate) fn instead(&self, canned: Option<Canned>) {
        self.held.lock().expect("held").instead = canned;
    }
}

fn serve(stream: TcpStream, held: &Mutex<Held>) {
    let Ok(mut writer) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).unwrap_or_default() == 0 {
            return;
        }
        let (mut length, mut authorization) = (0, None);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or_default() == 0 {
                return;
            }
            let Some((name, value)) = line.trim().split_once(':') else { break };
            match name.to_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap_or(0),
                "authorization" => authorization = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let Canned { status, body } = answer(first.trim(), &body, authorization, &mut held.lock().expect("held"));
        let head = format!("HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        if writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(body.as_bytes())).is_err() {
            return;
        }
    }
}

fn answer(first: &str, body: &[u8], authorization: Option<String>, held: &mut Held) -> Canned {
    let mut parts = first.split(' ');
    let (method, path) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    held.asked.push(format!("{method} {path}"));
    let ok = |body: Value| Canned { status: 200, body: body.to_string() };
    let error =
        |status: u16, code: i64, message: &str| Canned { status, body: json!({ "error_code": code, "message": message }).to_string() };
    if let Some(canned) = &held.instead {
        return canned.clone();
    }
    if held.authorization.is_some() && held.authorization != authorization {
        return error(401, 401, "Unauthorized");
    }
    if let Some(text) = held.texts.get(path) {
        return Canned { status: 200, body: text.clone() };
    }
    let steps: Vec<&str> = path.trim_start_matches('/').split(['/', '?']).collect();
    let sent: Value = serde_json::from_slice(body).unwrap_or_default();
    match (method, steps.as_slice()) {
        ("GET", ["schemas", "ids", id]) => match id.parse().ok().and_then(|id: u32| held.schemas.get(&id)) {
            Some(schema) => ok(schema.clone()),
            None => error(404, 40_403, "Schema not found"),
        },
        ("GET", ["subjects", subject, "versions", version]) => {
            let id = held.subjects.get(*subject).and_then(|ids| ids.get(version.parse::<usize>().ok()?.checked_sub(1)?));
            match id.and_then(|id| held.schemas.get(id)) {
                Some(schema) => ok(schema.clone()),
                None => error(404, 40_402, "Version not found"),
            }
        }
        ("POST", ["compatibility", "subjects", subject, "versions", "latest", ..]) => match held.subjects.get(*subject) {
            None => error(404, 40_401, "Subject not found"),
            Some(_) => ok(json!({ "is_compatible": held.incompatible.is_empty(), "messages": held.incompatible })),
        },
        ("POST", ["subjects", subject, "versions"]) => {
            if held.subjects.contains_key(*subject) && !held.incompatible.is_empty() {
                return error(409, 409, "Schema being registered is incompatible with an earlier schema");
            }
            let schema = json!({ "schema": sent["schema"] });
            let known = held.schemas.iter().find(|(_, known)| **known == schema).map(|(id, _)| *id);
            let id = known.unwrap_or_else(|| held.schemas.keys().max().map_or(1, |id| id + 1));
            held.schemas.insert(id, schema);
            let versions = held.subjects.entry((*subject).to_owned()).or_default();
            if !versions.contains(&id) {
                versions.push(id);
            }
            ok(json!({ "id": id }))
        }
        _ => error(404, 404, "HTTP 404 Not Found"),
    }
}
