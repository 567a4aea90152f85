//! `waybill dead-letters`: records that could not be read, from a running Waybill, and what a person does with them.

use std::fmt::Write as _;
use std::path::PathBuf;

use base64::Engine as _;
use serde_json::{Value, json};

use super::ask::{PersonArgs, ServerArgs, get_path, percent, post};
use crate::envelope::RecordPlace;
use crate::error::Error;

/// `waybill dead-letters`
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_long_help = HELP)]
pub struct DeadLettersArgs {
    #[command(subcommand)]
    command: Option<LetterCommand>,
    #[command(flatten)]
    list: ListArgs,
}

const HELP: &str = "\
PLACE is topic[partition]@offset, as the list has it. A record is read again in its own place: what its source has written of the same rows since stays.

  waybill dead-letters
  waybill dead-letters show 'carrier.scans[0]@17'
  waybill dead-letters retry --cause 3f9a02c1 --dry-run
  waybill dead-letters edit 'carrier.scans[0]@17' --file fixed.json
  waybill dead-letters discard 'carrier.scans[0]@17' --reason 'a test parcel'";

#[derive(Debug, clap::Subcommand)]
enum LetterCommand {
    /// List them, the oldest first, and what they have in common
    List(ListArgs),
    /// Show one whole: why it is refused now, and the member that cannot be read
    Show(ShowArgs),
    /// Read one again as it came, or all of a cause, once what was wrong is mended
    Retry(RetryArgs),
    /// Read one with another value
    Edit(EditArgs),
    /// Leave one unread, or all of a cause: nobody waits for it any more
    Discard(DiscardArgs),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Only of this source
    #[arg(long)]
    source: Option<String>,
    /// Only of this topic
    #[arg(long)]
    topic: Option<String>,
    /// Only of this cause: its id, or the beginning of it
    #[arg(long)]
    cause: Option<String>,
    /// So many, at most 1,000
    #[arg(long, default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// Where its record stands
    place: RecordPlace,
    #[command(flatten)]
    server: ServerArgs,
}

/// One letter, or all of a cause.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct WhichArgs {
    /// Where its record stands
    place: Option<RecordPlace>,
    /// All of this cause: its id, or the beginning of it
    #[arg(long)]
    cause: Option<String>,
}

/// Who does it, where, and whether.
#[derive(Debug, clap::Args)]
struct DoArgs {
    /// Only say what would follow
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    person: PersonArgs,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
struct RetryArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// Why, for those who read it later
    #[arg(long, default_value = "")]
    why: String,
    #[command(flatten)]
    how: DoArgs,
}

#[derive(Debug, clap::Args)]
struct EditArgs {
    /// Where its record stands
    place: RecordPlace,
    /// The whole value as it is to be read; `-`: standard input
    #[arg(long)]
    file: PathBuf,
    /// Why, for those who read it later
    #[arg(long, default_value = "")]
    why: String,
    #[command(flatten)]
    how: DoArgs,
}

#[derive(Debug, clap::Args)]
struct DiscardArgs {
    #[command(flatten)]
    which: WhichArgs,
    /// Why it may stay unread
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    how: DoArgs,
}

/// Runs the subcommand.
pub fn run(args: &DeadLettersArgs) -> Result<(), Error> {
    match &args.command {
        None => list(&args.list),
        Some(LetterCommand::List(args)) => list(args),
        Some(LetterCommand::Show(args)) => show(args),
        Some(LetterCommand::Retry(args)) => retry(args),
        Some(LetterCommand::Edit(args)) => edit(args),
        Some(LetterCommand::Discard(args)) => discard(args),
    }
}

fn print(server: &ServerArgs, answer: &Value, text: impl FnOnce() -> String) {
    if server.json {
        println!("{answer:#}");
    } else {
        print!("{}", text());
    }
}

fn list(args: &ListArgs) -> Result<(), Error> {
    let mut path = format!("api/v1/dead-letters?limit={}", args.limit);
    for (name, value) in [("source", &args.source), ("topic", &args.topic), ("cause", &args.cause)] {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", percent(value)));
        }
    }
    let answer = get_path(&args.server, &path)?;
    print(&args.server, &answer, || listed(&answer));
    Ok(())
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

fn each<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    value[member].as_array().into_iter().flatten()
}

/// The list for people.
fn listed(answer: &Value) -> String {
    let mut page = String::new();
    if each(answer, "causes").next().is_none() {
        return "no dead letter is outstanding\n".to_owned();
    }
    // Writing to a String can't fail.
    for cause in each(answer, "causes") {
        let _ = writeln!(
            page,
            "{}  {} of {} ({}), since {}, the last {}\n  field \"{}\": expected {}",
            text(cause, "cause"),
            cause["count"],
            text(cause, "topic"),
            text(cause, "source"),
            text(cause, "first"),
            text(cause, "last"),
            text(cause, "member"),
            text(cause, "expected"),
        );
    }
    page.push('\n');
    for letter in each(answer, "letters") {
        let tries = letter["tries"].as_u64().filter(|tries| *tries > 1).map_or_else(String::new, |tries| format!(", tried {tries} times"));
        let _ = writeln!(page, "{}  {}  since {}{tries}", text(letter, "place"), text(letter, "cause"), text(letter, "since"));
    }
    if !answer["next"].is_null() {
        let _ = writeln!(page, "{} in all: --limit shows more", answer["total"]);
    }
    if answer["unlisted"].as_u64().unwrap_or_default() > 0 {
        let _ = writeln!(
            page,
            "{} more are only counted: mend the cause, then set the source's offsets back (docs/records.md)",
            answer["unlisted"]
        );
    }
    page
}

fn show(args: &ShowArgs) -> Result<(), Error> {
    let RecordPlace { topic, partition, offset } = &args.place;
    let answer = get_path(&args.server, &format!("api/v1/dead-letters/{}/{partition}/{offset}", percent(topic)))?;
    print(&args.server, &answer, || shown(&answer));
    Ok(())
}

fn bytes(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "null".to_owned(),
        other => format!("base64 {}", text(other, "base64")),
    }
}

/// One letter for people: the line of the member that can't be read is marked.
fn shown(answer: &Value) -> String {
    let mut page = String::new();
    let _ = writeln!(
        page,
        "{} of {}, cause {}\n  written {}, refused since {}, tried {} time(s)\n  {}",
        text(answer, "place"),
        text(answer, "source"),
        text(answer, "cause"),
        text(answer, "written_at"),
        text(answer, "since"),
        answer["tries"],
        text(answer, "refused"),
    );
    if let Some(gone) = answer["gone"].as_str() {
        let _ = writeln!(page, "{gone}");
        return page;
    }
    let record = &answer["record"];
    let _ = writeln!(page, "key: {}", bytes(&record["key"]));
    for header in each(record, "headers") {
        let _ = writeln!(page, "header {}: {}", bytes(&header[0]), bytes(&header[1]));
    }
    let marked = answer["text"]["line"].as_u64();
    match answer["text"]["text"].as_str() {
        Some(value) => {
            for (number, line) in (1..).zip(value.lines()) {
                let _ = writeln!(page, "{} {line}", if Some(number) == marked { ">" } else { " " });
            }
        }
        None => _ = writeln!(page, "value: {}", bytes(&record["value"])),
    }
    if let Some(path) = answer["text"]["path"].as_str() {
        let _ = writeln!(page, "> is {path}");
    }
    page.push_str(&read_now(&answer["now"]));
    page
}

/// What the record becomes if it is read now.
fn read_now(now: &Value) -> String {
    let mut page = String::new();
    if let Some(refused) = now["refused"]["sentence"].as_str() {
        let _ = writeln!(page, "read now, it is refused: {refused}");
    } else if let Some(why) = now["skipped"].as_str().or(now["gone"].as_str()) {
        let _ = writeln!(page, "read now, no row comes out: {why}");
    } else {
        let rows: Vec<&Value> = each(now, "rows").collect();
        let _ = writeln!(page, "read now, it gives {} row{}", rows.len(), if rows.len() == 1 { "" } else { "s" });
        for row in rows {
            let _ = writeln!(
                page,
                "  {} \"{}\" of {}, at {}\n    {}",
                text(row, "row"),
                text(row, "id"),
                text(row, "of"),
                text(row, "at"),
                row["content"]
            );
        }
    }
    page
}

/// Sends an act; `members` says what is to be done.
fn send(how: &DoArgs, why: &str, mut members: Value) -> Result<Value, Error> {
    members["who"] = json!(how.person.who);
    members["why"] = json!(why);
    post(&how.server, if how.dry_run { "api/v1/acts?dry-run" } else { "api/v1/acts" }, &members)
}

const WRITTEN: &str = "written: it takes effect with the next epoch";
const DRY: &str = "nothing is written (--dry-run)";

fn retry(args: &RetryArgs) -> Result<(), Error> {
    if let Some(place) = &args.which.place {
        let answer = send(&args.how, &args.why, json!({ "act": "retry", "place": place }))?;
        print(&args.how.server, &answer, || format!("{}{}\n", read_now(&answer["now"]), if args.how.dry_run { DRY } else { WRITTEN }));
        return match answer["now"]["refused"]["sentence"].as_str() {
            None => Ok(()),
            Some(_) => Err(Error::Found(format!(
                "{place} stays outstanding: mend what is refused, in its source, the configuration or by `waybill dead-letters edit`"
            ))),
        };
    }
    let (mut after, mut read, mut left) = (Value::Null, 0, 0);
    loop {
        let mut members = json!({ "act": "retry", "cause": args.which.cause });
        if !after.is_null() {
            members["after"] = after;
        }
        let answer = send(&args.how, &args.why, members)?;
        let count = |member: &str| answer[member].as_u64().unwrap_or_default();
        read += count("read");
        left += count("refused") + count("gone");
        print(&args.how.server, &answer, || {
            let failed = each(&answer, "letters").filter(|letter| letter["now"]["rows"].is_null());
            failed.map(|letter| format!("{}: {}", text(letter, "place"), read_now(&letter["now"]))).collect()
        });
        after = answer["next"].clone();
        if after.is_null() {
            if !args.how.server.json {
                println!("{read} can be read, {left} cannot. {}", if args.how.dry_run { DRY } else { WRITTEN });
            }
            let unlisted = count("unlisted");
            return match left + unlisted {
                0 => Ok(()),
                _ if unlisted > 0 => Err(Error::Found(format!(
                    "{left} stay outstanding, and {unlisted} that are only counted: set the source's offsets back (docs/records.md)"
                ))),
                _ => Err(Error::Found(format!("{left} stay outstanding"))),
            };
        }
    }
}

fn edit(args: &EditArgs) -> Result<(), Error> {
    let read = if args.file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).map(|_| bytes)
    } else {
        std::fs::read(&args.file)
    };
    let value = read.map_err(Error::system(format!("reading {}", args.file.display())))?;
    // An editor ends a file with a line's end; a record has none.
    let value = match value.strip_suffix(b"\n") {
        Some(value) => value.strip_suffix(b"\r").unwrap_or(value).to_vec(),
        None => value,
    };
    let value = match String::from_utf8(value) {
        Ok(text) => json!(text),
        Err(error) => json!({ "base64": base64::engine::general_purpose::STANDARD.encode(error.as_bytes()) }),
    };
    let answer = send(&args.how, &args.why, json!({ "act": "edit", "place": args.place, "value": value }))?;
    print(&args.how.server, &answer, || {
        let mut page = String::new();
        for edited in each(&answer, "changes") {
            let _ = writeln!(page, "{}: {} -> {}", text(edited, "path"), edited["before"], edited["after"]);
        }
        page + &read_now(&answer["now"]) + if args.how.dry_run { DRY } else { WRITTEN } + "\n"
    });
    match answer["now"]["refused"]["sentence"].as_str() {
        None => Ok(()),
        Some(_) => Err(Error::Found(format!("the edited record of {} would be refused", args.place))),
    }
}

fn discard(args: &DiscardArgs) -> Result<(), Error> {
    let mut members = json!({ "act": "discard" });
    match &args.which.place {
        Some(place) => members["place"] = json!(place),
        None => members["cause"] = json!(args.which.cause),
    }
    let answer = send(&args.how, &args.reason, members)?;
    print(&args.how.server, &answer, || format!("{} discarded; {}\n", answer["discarded"], if args.how.dry_run { DRY } else { WRITTEN }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_shown_whole_with_the_refused_line_marked() {
        let answer = json!({
            "place": "carrier.scans[0]@17", "source": "carrier", "cause": "3f9a02c1", "written_at": "2026-03-02T10:00:00Z", "since": "2026-03-02T10:00:01Z",
            "tries": 1, "refused": "field \"at\": expected a moment",
            "record": { "key": null, "value": "{\"at\":\"soon\"}", "headers": [["trace", "7"], ["none", null]], "timestamp": "2026-03-02T10:00:00Z" },
            "text": { "text": "{\n  \"at\": \"soon\"\n}", "line": 2, "path": "$.at" },
            "now": { "refused": { "sentence": "field \"at\": expected a moment, found \"soon\"" } },
        });
        let page = shown(&answer);
        for part in
            ["carrier.scans[0]@17 of carrier", "header none: null", "\n>   \"at\": \"soon\"\n", "> is $.at", "refused: field \"at\""]
        {
            assert!(page.contains(part), "{part}: {page}");
        }
    }

    #[test]
    fn the_list_says_what_letters_have_in_common() {
        let answer = json!({
            "total": 5, "unlisted": 3, "next": "carrier.scans[0]@17",
            "causes": [{ "cause": "3f9a02c1", "count": 5, "topic": "carrier.scans", "source": "carrier", "first": "A", "last": "B", "member": "at", "expected": "a moment" }],
            "letters": [{ "place": "carrier.scans[0]@17", "cause": "3f9a02c1", "since": "A", "tries": 2 }],
        });
        let page = listed(&answer);
        for part in [
            "3f9a02c1  5 of carrier.scans (carrier)",
            "field \"at\": expected a moment",
            "tried 2 times",
            "5 in all",
            "3 more are only counted",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert_eq!(listed(&json!({ "causes": [], "letters": [] })), "no dead letter is outstanding\n");
    }
}
