//! `waybill exceptions`: what waits for a person, from a running Waybill, and what a person does about it.

use serde_json::{Value, json};

use super::ask::{DecideArgs, PersonArgs, ServerArgs, decide, get_path, percent, post};
use crate::error::Error;
use crate::facts::ids::join_key;

/// `waybill exceptions`
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_long_help = HELP)]
pub struct ExceptionsArgs {
    #[command(subcommand)]
    command: Option<ExceptionCommand>,
    #[command(flatten)]
    list: ListedArgs,
}

const HELP: &str = "\
  waybill exceptions --kind over-refunded
  waybill exceptions show over-refunded 'magento|5021'
  waybill exceptions decide over-refunded accept --order 000001020
  waybill exceptions decide over-refunded accept --all --dry-run
  waybill exceptions note over-refunded 'magento|5021' 'finance is asked'
  waybill exceptions own over-refunded 'magento|5021'";

#[derive(Debug, clap::Subcommand)]
enum ExceptionCommand {
    /// List those that are open
    List(ListedArgs),
    /// Show one, with its notes and what people did about it
    Show(ShownArgs),
    /// Settle one, or with --all every open one of a kind
    Decide(DecideManyArgs),
    /// Add a note
    Note(NoteArgs),
    /// Take one up, or give it to somebody
    Own(OwnArgs),
}

#[derive(Debug, clap::Args)]
struct ListedArgs {
    /// Only of this kind, as in `over-refunded`
    #[arg(long)]
    kind: Option<String>,
    /// Only of this order (its key or number), SKU or alias
    #[arg(long)]
    entity: Option<String>,
    /// Only those that this person has taken up; empty: that nobody has
    #[arg(long)]
    owner: Option<String>,
    /// The most money first, instead of the oldest
    #[arg(long)]
    at_risk: bool,
    /// So many, at most 1,000
    #[arg(long, default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    server: ServerArgs,
}

/// One exception, as the list names it.
#[derive(Debug, clap::Args)]
struct NamedArgs {
    /// Its kind, as in `over-refunded`
    kind: String,
    /// What it is about: an order (its key or number), SKU or alias
    entity: String,
    /// Its number, where one order or SKU has several of the kind
    #[arg(long, default_value = "")]
    number: String,
}

#[derive(Debug, clap::Args)]
struct ShownArgs {
    #[command(flatten)]
    named: NamedArgs,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
struct DecideManyArgs {
    /// Every open exception of the kind
    #[arg(long, conflicts_with_all = ["order", "sku", "alias", "number", "amount", "line"])]
    all: bool,
    /// With --all: only those that this person has taken up
    #[arg(long, requires = "all")]
    owner: Option<String>,
    /// Only say how many it would settle, and the money at risk
    #[arg(long, requires = "all")]
    dry_run: bool,
    #[command(flatten)]
    decide: DecideArgs,
}

#[derive(Debug, clap::Args)]
struct NoteArgs {
    #[command(flatten)]
    named: NamedArgs,
    /// The note
    text: String,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
struct OwnArgs {
    #[command(flatten)]
    named: NamedArgs,
    /// Who has it from now on; empty: nobody. Without it, whoever says so
    #[arg(long)]
    to: Option<String>,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs the subcommand.
pub fn run(args: &ExceptionsArgs) -> Result<(), Error> {
    match &args.command {
        None => list(&args.list),
        Some(ExceptionCommand::List(args)) => list(args),
        Some(ExceptionCommand::Show(args)) => show(args),
        Some(ExceptionCommand::Decide(args)) if args.all => decide_all(args),
        Some(ExceptionCommand::Decide(args)) => decide(&args.decide),
        Some(ExceptionCommand::Note(args)) => {
            let exception = find(&args.named, &args.server)?;
            act(&args.server, json!({ "act": "note", "exception": exception["key"], "note": args.text, "who": args.person.who }))
        }
        Some(ExceptionCommand::Own(args)) => {
            let exception = find(&args.named, &args.server)?;
            let owner = args.to.as_ref().unwrap_or(&args.person.who);
            act(&args.server, json!({ "act": "own", "exception": exception["key"], "owner": owner, "who": args.person.who }))
        }
    }
}

fn act(server: &ServerArgs, members: Value) -> Result<(), Error> {
    let answer = post(server, "api/v1/acts", &members)?;
    if server.json {
        println!("{answer:#}");
    } else {
        println!("written: it takes effect with the next epoch");
    }
    Ok(())
}

/// The open exception of this name.
fn find(named: &NamedArgs, server: &ServerArgs) -> Result<Value, Error> {
    let path = format!("api/v1/exceptions?limit=1000&kind={}&entity={}", percent(&named.kind), percent(&named.entity));
    let answer = get_path(server, &path)?;
    let found: Vec<&Value> = answer["exceptions"].as_array().into_iter().flatten().collect();
    let with_number = found.iter().find(|found| found["number"].as_str() == Some(&named.number));
    let only = || if named.number.is_empty() && found.len() == 1 { found.first() } else { None };
    match with_number.or_else(only) {
        Some(found) => Ok((*found).clone()),
        None if found.is_empty() => {
            let NamedArgs { kind, entity, .. } = named;
            Err(Error::Found(format!("no {kind} of {entity} is open: `waybill exceptions` lists what is")))
        }
        None => {
            let numbers: Vec<&str> = found.iter().filter_map(|found| found["number"].as_str()).collect();
            Err(Error::Found(format!("it is open under the numbers {}: name one with --number", numbers.join(", "))))
        }
    }
}

fn list(args: &ListedArgs) -> Result<(), Error> {
    let mut path = format!("api/v1/exceptions?limit={}", args.limit);
    for (name, value) in [("kind", &args.kind), ("entity", &args.entity), ("owner", &args.owner)] {
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
        return Ok(());
    }
    print!("{}", super::answer::exceptions(&answer));
    let letters = get_path(&args.server, "api/v1/dead-letters?limit=1")?;
    if let Some(total) = letters["total"].as_u64().filter(|total| *total > 0) {
        println!("\nrecords that could not be read: {total} (waybill dead-letters)");
    }
    Ok(())
}

fn show(args: &ShownArgs) -> Result<(), Error> {
    // One that is closed has its history all the same, by the key that it had.
    let open = find(&args.named, &args.server);
    let key = match &open {
        Ok(open) => open["key"].as_str().unwrap_or_default().to_owned(),
        Err(_) => join_key(&[&args.named.kind, &args.named.entity, &args.named.number]).to_string(),
    };
    let history = get_path(&args.server, &format!("api/v1/audit?about={}", percent(&key)))?;
    let said: Vec<&Value> = history["audit"].as_array().into_iter().flatten().collect();
    let open = match open {
        Ok(open) => Some(open),
        Err(error) if said.is_empty() => return Err(error),
        Err(_) => None,
    };
    if args.server.json {
        println!("{:#}", json!({ "exception": open, "audit": said }));
        return Ok(());
    }
    match &open {
        Some(open) => print!("{}", super::answer::exceptions(&json!({ "kinds": [], "exceptions": [open], "next": null }))),
        None => println!("{key} is closed"),
    }
    for entry in said {
        let text = |member: &str| entry[member].as_str().unwrap_or_default();
        let why = if text("why").is_empty() { String::new() } else { format!(" ({})", text("why")) };
        println!("  {} {}: {}{why} {}", text("at"), text("who"), text("act"), entry["after"]);
    }
    Ok(())
}

fn decide_all(args: &DecideManyArgs) -> Result<(), Error> {
    let DecideArgs { kind, choice, decider, .. } = &args.decide;
    let mut members = json!({ "kind": kind, "choice": choice, "who": decider.person.who, "why": decider.why });
    if let Some(owner) = &args.owner {
        members["owner"] = json!(owner);
    }
    let answer = post(&decider.server, if args.dry_run { "api/v1/decisions/bulk?dry-run" } else { "api/v1/decisions/bulk" }, &members)?;
    if decider.server.json {
        println!("{answer:#}");
    } else {
        print!("{}", settled(&answer));
    }
    match answer["refused"].as_u64().unwrap_or_default() {
        0 => Ok(()),
        refused => Err(Error::Found(format!("{refused} are not settled"))),
    }
}

/// What a decision about many settles, for people.
fn settled(answer: &Value) -> String {
    let sums = answer["at_risk"].as_object().into_iter().flatten();
    let sums: Vec<String> = sums.map(|(currency, sum)| format!("{} {currency}", sum.as_str().unwrap_or_default())).collect();
    let at_risk = if sums.is_empty() { String::new() } else { format!(", {} at risk", sums.join(", ")) };
    let mut page = match answer["written"].as_bool() {
        Some(true) => format!("{} decisions are written{at_risk}: they take effect with the next epoch\n", answer["count"]),
        _ => format!("{} would be settled{at_risk}; nothing is written (--dry-run)\n", answer["count"]),
    };
    for refusal in answer["refusals"].as_array().into_iter().flatten() {
        page.push_str(&format!("  {}: {}\n", refusal["key"].as_str().unwrap_or_default(), refusal["why"].as_str().unwrap_or_default()));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_run_of_many_says_how_many_and_how_much() {
        let answer =
            json!({ "written": false, "count": 3, "at_risk": { "GBP": "15.00" }, "refusals": [{ "key": "k", "why": "not open" }] });
        assert_eq!(settled(&answer), "3 would be settled, 15.00 GBP at risk; nothing is written (--dry-run)\n  k: not open\n");
    }
}
