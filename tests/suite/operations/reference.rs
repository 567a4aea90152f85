//! The pages of the configuration and of the topics, written from the code.

use serde_json::Value;
use waybill::config;
use waybill::events::Topic;

use super::{blessed_part, read};

/// What `waybill init` writes, section by section. Blocks of all systems are in it.
#[test]
fn the_page_of_the_configuration_is_what_init_writes() {
    let systems: Vec<&str> = config::systems().collect();
    let template = config::template(&systems);
    let (mut text, mut block, mut title) = (String::new(), Vec::<&str>::new(), String::from("The beginning"));
    let mut put = |title: &str, block: &mut Vec<&str>| {
        let body = std::mem::take(block).join("\n");
        if !body.trim().is_empty() {
            text.push_str(&format!("## {title}\n\n```toml\n{}\n```\n\n", body.trim_matches('\n')));
        }
    };
    for line in template.lines().filter(|line| !line.starts_with("# -----")) {
        // A section begins with its comment, so with the paragraph that its title ends.
        if let Some(name) = line.strip_prefix('[').filter(|rest| !rest.starts_with('[')).and_then(|rest| rest.strip_suffix(']')) {
            let parts: Vec<&str> = name.split('.').collect();
            let is_new = parts.len() <= 2 && !title.ends_with(&format!("[{name}]"));
            if is_new {
                let from = block.iter().rposition(|line| line.is_empty()).map_or(0, |blank| blank + 1);
                let head = block.split_off(from);
                put(&title, &mut block);
                (title, block) = (format!("[{name}]"), head);
            }
        }
        block.push(line);
    }
    put(&title, &mut block);
    blessed_part("docs/reference/configuration.md", &text);
}

/// Each topic with every member of its events.
#[test]
fn the_page_of_the_topics_is_what_the_schemas_say() {
    let mut text = String::from("| topic | kind | keeps |\n| --- | --- | --- |\n");
    for topic in Topic::ALL {
        let (kind, keeps) = if topic.is_statement() { ("statement", "the newest of each key") } else { ("request", "every record") };
        text.push_str(&format!("| [`{0}`](#{0}) | {kind} | {keeps} |\n", topic.name()));
    }
    for topic in Topic::ALL {
        let schema: Value = serde_json::from_str(topic.schema()).expect("a schema");
        text.push_str(&format!("\n## {}\n\n{}\n\n", topic.name(), schema["doc"].as_str().unwrap_or_default()));
        let mut parts = Vec::new();
        members(&schema, &mut text, &mut parts);
        while !parts.is_empty() {
            for part in std::mem::take(&mut parts) {
                text.push_str(&format!(
                    "\n`{}`: {}\n\n",
                    part["name"].as_str().unwrap_or_default(),
                    part["doc"].as_str().unwrap_or_default()
                ));
                members(&part, &mut text, &mut parts);
            }
        }
    }
    blessed_part("docs/reference/topics.md", &text);
}

/// A record's members as a table; records within go to `parts`.
fn members(record: &Value, text: &mut String, parts: &mut Vec<Value>) {
    text.push_str("| member | type | meaning |\n| --- | --- | --- |\n");
    for field in record["fields"].as_array().into_iter().flatten() {
        let (name, about) = (field["name"].as_str().unwrap_or_default(), field["doc"].as_str().unwrap_or_default());
        text.push_str(&format!("| `{name}` | {} | {} |\n", shape(&field["type"], parts), about.replace('|', "\\|").replace('\n', " ")));
    }
}

/// A type in words.
fn shape(kind: &Value, parts: &mut Vec<Value>) -> String {
    match kind {
        Value::String(name) => name.clone(),
        Value::Array(choices) => {
            let named: Vec<String> = choices.iter().filter(|choice| *choice != "null").map(|choice| shape(choice, parts)).collect();
            let or_null = if named.len() < choices.len() { " or null" } else { "" };
            format!("{}{or_null}", named.join(" or "))
        }
        Value::Object(of) => match of.get("type").and_then(Value::as_str) {
            Some("array") => format!("list of {}", shape(&of["items"], parts)),
            Some("map") => format!("map to {}", shape(&of["values"], parts)),
            Some("record") => {
                parts.push(kind.clone());
                format!("`{}`", of["name"].as_str().unwrap_or_default())
            }
            Some("enum") => of["symbols"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(|symbol| format!("`{symbol}`"))
                .collect::<Vec<_>>()
                .join(", "),
            Some(_) => shape(&of["type"], parts),
            None => "?".to_owned(),
        },
        _ => "?".to_owned(),
    }
}

/// The pages of systems end with what their adapters say of themselves: the text at the top of their `mod.rs`.
#[test]
fn the_pages_of_systems_say_what_their_adapters_say() {
    for system in ["magento", "shopify", "nav", "peoplevox"] {
        let code = read(&format!("src/sources/{system}/mod.rs"));
        let lines = code.lines().map_while(|line| line.strip_prefix("//!"));
        let text: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        // Its first paragraph is what the page begins with.
        let (_, text) = text.join("\n").split_once("\n\n").map(|(head, text)| (head.to_owned(), text.to_owned())).expect("paragraphs");
        blessed_part(&format!("docs/systems/{system}.md"), &without_links(&text));
    }
}

/// Links to items of the code are their names on a page.
fn without_links(text: &str) -> String {
    text.replace("[`", "`").replace("`]", "`")
}
