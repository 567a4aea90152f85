//! The page of exit codes is what the program knows; each has its section of the runbook, and supervisors restart on the same ones.

use waybill::error::{RESTARTED, exit};

use super::{anchor, blessed_part, read};

const RUNBOOK: &str = "docs/operations/runbook.md";

fn heading(code: u8) -> String {
    format!("Exit code {code}")
}

fn restarted(code: u8) -> &'static str {
    if RESTARTED.contains(&code) { "yes" } else { "no" }
}

#[test]
fn the_page_lists_every_exit_code() {
    let mut text = String::from("| code | meaning | restart | what to do |\n| --- | --- | --- | --- |\n");
    for (code, meaning) in exit::ALL {
        let to_do = match code {
            0 => "nothing".to_owned(),
            _ => format!("[runbook](../operations/runbook.md#{})", anchor(&heading(*code))),
        };
        text.push_str(&format!("| {code} | {meaning} | {} | {to_do} |\n", restarted(*code)));
    }
    blessed_part("docs/reference/exit-codes.md", &text);
}

#[test]
fn the_runbook_has_a_section_of_each_code_that_says_whether_to_restart() {
    let page = read(RUNBOOK);
    for (code, _) in exit::ALL.iter().filter(|(code, _)| *code > 0) {
        let (_, below) =
            page.split_once(&format!("\n### {}\n", heading(*code))).unwrap_or_else(|| panic!("{RUNBOOK} has no section of {code}"));
        let section = below.split("\n### ").next().unwrap_or_default();
        let said = format!("Restart: {}.", restarted(*code));
        assert!(section.contains(&said), "{RUNBOOK}, {}: it must say \"{said}\"", heading(*code));
    }
}

/// The unit's line: on which codes systemd is not to start the program again.
fn prevented() -> String {
    let codes = exit::ALL.iter().map(|(code, _)| *code).filter(|code| *code > 0 && !RESTARTED.contains(code));
    format!("RestartPreventExitStatus={}", codes.map(|code| code.to_string()).collect::<Vec<_>>().join(" "))
}

#[test]
fn the_unit_of_systemd_restarts_on_the_same_codes() {
    let (unit, line) = (read("docker/systemd/waybill.service"), prevented());
    assert!(unit.lines().any(|found| found == line), "docker/systemd/waybill.service must have {line}");
}

/// Docker's script, the page and the unit on it say the same as the codes.
#[test]
fn supervisors_restart_on_these_codes_and_no_others() {
    let (script, page, unit) = (read("docker/supervise.sh"), read("docs/reliability.md"), prevented());
    let list = RESTARTED.map(|code| code.to_string()).join(" | ");
    assert!(script.contains(&format!("{list} | 134")), "docker/supervise.sh does not restart on {list}");
    assert!(page.contains(&unit), "docs/reliability.md must have {unit}");
    for (code, _) in exit::ALL {
        let line = format!("| {code} | {} |", restarted(*code));
        assert!(page.contains(&line), "docs/reliability.md: is {code} restarted on?");
    }
}
