//! `waybill counts`: what came in against what is out, waits, or is asked of a person, from a running Waybill.

use serde_json::Value;

use super::ask::{ServerArgs, get_path};
use crate::error::Error;

/// `waybill counts`
#[derive(Debug, clap::Args)]
pub struct CountsArgs {
    #[command(flatten)]
    server: ServerArgs,
}

/// Prints the counts.
pub fn run(args: &CountsArgs) -> Result<(), Error> {
    let answer = get_path(&args.server, "counts")?;
    if args.server.json {
        println!("{answer:#}");
    } else {
        print!("{}", table(&answer));
    }
    Ok(())
}

const PARTS: [(&str, &str); 5] = [("in", "came_in"), ("out", "out"), ("waiting", "waiting"), ("exceptions", "exceptions"), ("off", "off")];

fn table(answer: &Value) -> String {
    let mut text = format!("{:<12} {:<4} {:<9} {:<7}", "shop", "", "step", "unit");
    PARTS.iter().for_each(|(title, _)| text.push_str(&format!(" {title:>14}")));
    text.push('\n');
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for step in answer["steps"].as_array().into_iter().flatten() {
        for unit in ["pieces", "money"] {
            text.push_str(&format!("{:<12} {:<4} {:<9} {unit:<7}", word(&step["shop"]), word(&step["currency"]), word(&step["step"])));
            PARTS.iter().for_each(|(_, part)| text.push_str(&format!(" {:>14}", word(&step[*part][unit]))));
            text.push('\n');
        }
    }
    let unsent = answer["unsent"].as_object().into_iter().flatten();
    unsent.for_each(|(topic, there)| {
        let first: Vec<&str> = there["first"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        text.push_str(&format!("NOT REQUESTED: {topic} is due of {} orders: {}\n", there["orders"], first.join(", ")));
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_step_has_a_line_for_pieces_and_one_for_money() {
        let amount = |pieces: &str, money: &str| json!({ "pieces": pieces, "money": money });
        let answer = json!({
            "steps": [{
                "shop": "magento", "currency": "GBP", "step": "sent", "orders": 2, "came_in": amount("4", "89.36"), "out": amount("2", "42.29"),
                "waiting": amount("2", "47.07"), "exceptions": amount("0", "0"), "off": amount("0", "0"),
            }],
            "unsent": { "refund-requests": { "orders": 1, "first": ["magento|7"] } },
        });
        let lines: Vec<String> = table(&answer).lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(
            lines,
            [
                "shop step unit in out waiting exceptions off",
                "magento GBP sent pieces 4 2 2 0 0",
                "magento GBP sent money 89.36 42.29 47.07 0 0",
                "NOT REQUESTED: refund-requests is due of 1 orders: magento|7",
            ]
        );
    }
}
