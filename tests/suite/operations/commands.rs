//! The page of commands is what clap knows; every command line on a page is one that clap takes.

use clap::{Arg, ArgAction, Command, CommandFactory};
use waybill::cli::Cli;

use super::{blocks, pages, prose, read};

#[test]
fn the_page_lists_every_command() {
    let mut root = Cli::command();
    root.build();
    let mut text = String::from("| command | what it does |\n| --- | --- |\n");
    let named = |command: &Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    for command in root.get_subcommands().filter(|command| command.get_name() != "help") {
        text.push_str(&format!("| [`waybill {0}`](#waybill-{0}) | {1} |\n", command.get_name(), named(command)));
    }
    text.push_str("\nOf every command:\n\n");
    text.push_str(&table(root.get_arguments().filter(|arg| arg.is_global_set() || arg.get_id() == "version")));
    for command in root.get_subcommands_mut().filter(|command| command.get_name() != "help") {
        described(command, "waybill", "##", &mut text);
    }
    super::blessed_part("docs/reference/commands.md", &text);
}

fn described(command: &mut Command, before: &str, level: &str, text: &mut String) {
    let name = format!("{before} {}", command.get_name());
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let usage = command.render_usage().to_string();
    text.push_str(&format!("\n{level} {name}\n\n{about}.\n\n```text\n{}\n```\n\n", usage.trim_start_matches("Usage: ")));
    let own = command.get_arguments().filter(|arg| !arg.is_global_set() && arg.get_id() != "help" && !arg.is_hide_set());
    let own = table(own);
    text.push_str(&own);
    for below in command.get_subcommands_mut().filter(|command| command.get_name() != "help") {
        described(below, &name, &format!("{level}#"), text);
    }
}

/// Arguments, one a row.
fn table<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    let rows: Vec<String> = arguments.map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("| argument | meaning | default | environment |\n| --- | --- | --- | --- |\n{}", rows.concat())
}

fn row(arg: &Arg) -> String {
    let value = arg.get_value_names().map(|names| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" "));
    let takes = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    let name = match arg.get_long() {
        Some(long) if takes => format!("--{long} {}", value.unwrap_or_default()),
        Some(long) => format!("--{long}"),
        None => value.unwrap_or_default(),
    };
    let mut meaning = arg.get_help().map(|help| help.to_string().replace('|', "\\|").replace('\n', " ")).unwrap_or_default();
    let choices: Vec<String> = arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    if takes && !choices.is_empty() {
        meaning.push_str(&format!("{}one of {}", if meaning.is_empty() { "" } else { "; " }, choices.join(", ")));
    }
    let defaults = if takes { arg.get_default_values() } else { &[] };
    let defaults: Vec<String> =
        defaults.iter().map(|value| format!("`{}`", value.to_string_lossy())).filter(|value| value != "``").collect();
    let environment = arg.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
    format!("| `{}` | {meaning} | {} | {environment} |\n", name.trim(), defaults.join(", "))
}

/// A command line as a page has it, without the program's name.
struct Line {
    place: String,
    words: Vec<String>,
    /// It stands in a block, so that people copy it whole.
    whole: bool,
}

/// Words of a shell's line up to its comment, pipe or redirection.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut there) = (Vec::new(), String::new(), None, false);
    for letter in line.chars() {
        match quoted {
            Some(quote) if letter == quote => quoted = None,
            Some(_) => word.push(letter),
            None => match letter {
                '"' | '\'' => (quoted, there) = (Some(letter), true),
                '#' | '|' | '<' | '>' | '&' | ';' if !there => break,
                ';' | '|' => break,
                letter if letter.is_whitespace() => {
                    if std::mem::take(&mut there) {
                        words.push(std::mem::take(&mut word));
                    }
                }
                letter => {
                    word.push(letter);
                    there = true;
                }
            },
        }
    }
    if there {
        words.push(word);
    }
    words
}

/// The arguments of `waybill`, if the line calls it.
fn called(line: &str) -> Option<Vec<String>> {
    let line = line.trim().trim_start_matches("$ ");
    let line =
        line.strip_prefix("cargo run --release -- ").or(line.strip_prefix("waybill ")).or(line.strip_prefix("target/release/waybill "))?;
    Some(words(line)).filter(|words| !words.is_empty())
}

fn lines() -> Vec<Line> {
    let mut found = Vec::new();
    for page in pages() {
        let text = read(&page);
        for language in ["sh", "bash", "console"] {
            for (first, block) in blocks(&text, language) {
                let joined = block.replace("\\\n", " ");
                let called = joined.lines().filter_map(called);
                found.extend(called.map(|words| Line { place: format!("{page}:{first}"), words, whole: true }));
            }
        }
        let generated = page.starts_with("docs/reference");
        for (number, line) in prose(&text).filter(|_| !generated) {
            let codes = line.split('`').skip(1).step_by(2);
            found.extend(codes.filter_map(called).map(|words| Line { place: format!("{page}:{number}"), words, whole: false }));
        }
    }
    found
}

#[test]
fn every_command_line_on_a_page_is_one_that_waybill_takes() {
    let (mut wrong, mut whole) = (Vec::new(), 0);
    for Line { place, words, whole: is_whole } in lines() {
        let said = words.join(" ");
        if let Err(sentence) = known(&words) {
            wrong.push(format!("{place}: waybill {said}: {sentence}"));
        } else if is_whole {
            whole += 1;
            let arguments = ["waybill".to_owned()].into_iter().chain(words.iter().cloned());
            if let Err(error) = Cli::command().try_get_matches_from(arguments) {
                use clap::error::ErrorKind::{DisplayHelp, DisplayVersion, MissingRequiredArgument};
                // `--who` comes from the environment, which a test's may lack.
                let who = error.kind() == MissingRequiredArgument && error.to_string().contains("--who");
                if !who && !matches!(error.kind(), DisplayHelp | DisplayVersion) {
                    wrong.push(format!("{place}: waybill {said}: {error}"));
                }
            }
        }
    }
    assert!(wrong.is_empty() && whole > 10, "{whole} whole lines; wrong:\n{}", wrong.join("\n"));
}

/// The command exists, and has the options that are named.
fn known(words: &[String]) -> Result<(), String> {
    let mut root = Cli::command();
    root.build();
    let mut command = &root;
    let mut rest = words;
    while let Some((first, behind)) = rest.split_first() {
        let Some(below) = command.find_subcommand(first) else { break };
        (command, rest) = (below, behind);
    }
    let first = words.first().map(String::as_str).unwrap_or_default();
    if command.get_name() == "waybill" && !first.starts_with('-') {
        return Err(format!("no command is called {first}"));
    }
    for word in rest.iter().filter_map(|word| word.strip_prefix("--")).filter(|word| !word.is_empty()) {
        let name = word.split('=').next().unwrap_or_default();
        if !["help", "version"].contains(&name) && !command.get_arguments().any(|arg| arg.get_long() == Some(name)) {
            return Err(format!("it has no --{name}"));
        }
    }
    Ok(())
}

#[test]
fn a_line_is_read_as_a_shell_does() {
    let line = "waybill decide return-without-order link --alias \"wms.blind-return RET81\" # a comment";
    let read = called(line).expect("it calls waybill");
    assert_eq!(read, ["decide", "return-without-order", "link", "--alias", "wms.blind-return RET81"]);
    assert_eq!(called("waybill try --source carrier < records.jsonl"), Some(["try", "--source", "carrier"].map(str::to_owned).to_vec()));
    assert_eq!(called("kafka-topics.sh --list"), None);
}
