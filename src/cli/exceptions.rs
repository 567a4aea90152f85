//! `waybill exceptions`: what waits for a person, from a running Waybill.

use serde_json::Value;

use super::ask::{ServerArgs, get_path, percent};
use crate::error::Error;

/// `waybill exceptions`
#[derive(Debug, clap::Args)]
pub struct ExceptionsArgs {
    /// Only of this kind, as in `over-refunded`
    #[arg(long)]
    kind: Option<String>,
    /// Only of this order (its key or number), SKU or alias
    #[arg(long)]
    entity: Option<String>,
    /// The most money first, instead of the oldest
    #[arg(long)]
    at_risk: bool,
    /// So many, at most 1,000
    #[arg(long, default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    server: ServerArgs,
}

/// Prints the list.
pub fn run(args: &ExceptionsArgs) -> Result<(), Error> {
    let mut path = format!("api/v1/exceptions?limit={}", args.limit);
    for (name, value) in [("kind", &args.kind), ("entity", &args.entity)] {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", percent(value)));
        }
    }
    if args.at_risk {
        path.push_str("&sort=at-risk");
    }
    let answer = get_path(&args.server, &path)?;
    if args.server.json {
        println!("{answer:#}");
    } else {
        print!("{}", page(&answer));
    }
    Ok(())
}

fn page(answer: &Value) -> String {
    let text = |value: &Value, member: &str| value[member].as_str().unwrap_or_default().to_owned();
    let list = |member: &str| answer[member].as_array().cloned().unwrap_or_default();
    if list("kinds").is_empty() {
        return "nothing waits for a person\n".to_owned();
    }
    let mut page = format!("{:<28} {:>6}  {:<24} at risk\n", "kind", "open", "oldest since");
    for kind in list("kinds") {
        let sums: Vec<String> = kind["at_risk"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(currency, sum)| format!("{} {currency}", sum.as_str().unwrap_or_default()))
            .collect();
        page.push_str(&format!("{:<28} {:>6}  {:<24} {}\n", text(&kind, "kind"), kind["open"], text(&kind, "oldest"), sums.join(", ")));
    }
    for found in list("exceptions") {
        let entity = found["order_number"].as_str().map_or_else(|| text(&found, "entity"), |number| format!("order {number}"));
        let slot = match text(&found, "number") {
            number if number.is_empty() => String::new(),
            number => format!(" {number}"),
        };
        page.push_str(&format!("\n{}{slot}, {entity}, since {}\n", text(&found, "kind"), text(&found, "since")));
        page.push_str(&format!("  {}\n  to do: {}\n", text(&found, "sentence"), text(&found, "to_do")));
        let choices = found["decisions"].as_array().cloned().unwrap_or_default();
        let choices: Vec<String> = choices.iter().map(|choice| text(choice, "choice")).collect();
        if !choices.is_empty() {
            page.push_str(&format!("  decisions: {}\n", choices.join(", ")));
        }
    }
    if !answer["next"].is_null() {
        page.push_str(&format!("\n{} in all: --limit shows more\n", answer["total"]));
    }
    page
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn each_exception_says_what_to_do_and_what_can_be_decided() {
        let answer = json!({
            "total": 1, "next": null,
            "kinds": [{ "kind": "over-refunded", "open": 1, "oldest": "2026-03-02T10:00:00Z", "at_risk": { "GBP": "5.00" } }],
            "exceptions": [{
                "kind": "over-refunded", "entity": "magento|7", "number": "", "order_number": "1004", "since": "2026-03-02T10:00:00Z",
                "sentence": "25.00 GBP is refunded, 20.00 was due", "to_do": "accept the difference as goodwill", "decisions": [{ "choice": "accept" }],
            }],
        });
        let page = super::page(&answer);
        for part in ["5.00 GBP", "over-refunded, order 1004", "25.00 GBP is refunded", "to do: accept", "decisions: accept"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert_eq!(super::page(&json!({ "kinds": [], "exceptions": [] })), "nothing waits for a person\n");
    }
}
