//! `waybill counts`: what came in against what is out, waits, or is asked of a person, from a running Waybill.

use serde_json::{Value, json};

use super::ask::{ServerArgs, get_path};
use super::listing::{Column, ListFormat, shown};
use crate::error::Error;

/// `waybill counts`
#[derive(Debug, clap::Args)]
pub struct CountsArgs {
    /// As a table, or each step's pieces and money as a list or one object a line; `--json` is the answer as it came
    #[arg(long, short, value_enum, default_value_t)]
    output: ListFormat,
    #[command(flatten)]
    server: ServerArgs,
}

/// Prints the counts.
pub fn run(args: &CountsArgs) -> Result<(), Error> {
    let answer = get_path(&args.server, "counts")?;
    if args.server.json {
        println!("{answer:#}");
    } else if args.output == ListFormat::Table {
        print!("{}", table(&answer));
    } else {
        print!("{}", shown(args.output, COLUMNS, &lines(&answer)));
    }
    Ok(())
}

/// A line for pieces and one for money of each step.
const COLUMNS: &[Column] = &[
    ("shop", "shop", false),
    ("", "currency", false),
    ("step", "step", false),
    ("unit", "unit", false),
    ("in", "in", true),
    ("out", "out", true),
    ("waiting", "waiting", true),
    ("exceptions", "exceptions", true),
    ("off", "off", true),
];

fn lines(answer: &Value) -> Vec<Value> {
    let steps = answer["steps"].as_array().into_iter().flatten();
    let units = steps.flat_map(|step| ["pieces", "money"].map(|unit| (step, unit)));
    let line = |(step, unit): (&Value, &str)| {
        json!({
            "shop": step["shop"], "currency": step["currency"], "step": step["step"], "unit": unit, "in": step["came_in"][unit],
            "out": step["out"][unit], "waiting": step["waiting"][unit], "exceptions": step["exceptions"][unit], "off": step["off"][unit],
        })
    };
    units.map(line).collect()
}

/// For people also what is due and was not requested.
fn table(answer: &Value) -> String {
    let mut text = shown(ListFormat::Table, COLUMNS, &lines(answer));
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
