//! Runs the tests on each mutant, the quick ones first, until one fails. A run that takes far longer than without a mutant counts as failed: most
//! likely a loop does not end.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::copy::Copy;
use crate::report;
use crate::scope::{Part, Site};

/// Address space of a run, in KiB: a loop that does not end may take memory without end.
const MEMORY_KIB_MAX: u32 = 12 << 20;
const TIME_MIN: Duration = Duration::from_secs(60);
/// So much longer than without a mutant is too long.
const TIMES_LONGER: u32 = 5;

/// One run of a test binary.
struct Check {
    name: &'static str,
    binary: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

/// In this order. Left out are the house's rules of tidiness, which the switches themselves would break, pages that name this tool, which the copy lacks, and tests of the simulated retailer alone. A
/// history that fails is not made small.
const CHECKS: [Check; 5] = [
    Check { name: "unit tests of these rooms", binary: "waybill", arguments: &["entities::", "events::"], environment: &[] },
    Check { name: "scenarios", binary: "suite", arguments: &["--skip", "tidy::", "--skip", "pages_name_files"], environment: &[] },
    Check { name: "1,000 histories", binary: "model", arguments: &[], environment: &[("MODEL_COUNT", "1000"), ("MODEL_TRIES", "0")] },
    Check {
        name: "unit tests of the others",
        binary: "waybill",
        arguments: &["--skip", "entities::", "--skip", "events::", "--skip", "retailer::judge::", "--skip", "retailer::magento::"],
        environment: &[],
    },
    Check {
        name: "9,000 more histories",
        binary: "model",
        arguments: &[],
        environment: &[("MODEL_SEED", "1001"), ("MODEL_COUNT", "9000"), ("MODEL_TRIES", "0")],
    },
];

/// The same of what reads records: no history of the reference model goes through an adapter.
const CHECKS_OF_RECORDS: [Check; 3] = [
    Check { name: "unit tests of these rooms", binary: "waybill", arguments: &["sources::", "envelope::"], environment: &[] },
    Check { name: "cases and scenarios", binary: "suite", arguments: &["--skip", "tidy::", "--skip", "pages_name_files", "--skip", "endings::"], environment: &[] },
    Check {
        name: "unit tests of the others",
        binary: "waybill",
        arguments: &["--skip", "sources::", "--skip", "envelope::", "--skip", "retailer::judge::"],
        environment: &[],
    },
];

fn checks(part: Part) -> &'static [Check] {
    match part {
        Part::Orders | Part::Money => &CHECKS,
        Part::Records => &CHECKS_OF_RECORDS,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Caught { by: &'static str, out_of_time: bool },
    Survived,
}

/// What became of each mutant, by its number.
pub fn all(
    copy: &Copy,
    binaries: &BTreeMap<String, PathBuf>,
    mutants: &[(&u32, &Site)],
    jobs: usize,
    part: Part,
) -> Result<BTreeMap<u32, Verdict>, String> {
    println!("without a mutant:");
    let mut limits = Vec::new();
    for check in checks(part) {
        let binary = binaries.get(check.binary).ok_or_else(|| format!("no test binary {} was built", check.binary))?;
        let log = copy.logs.join(format!("none-{}.log", check.name.replace(' ', "-")));
        let from = Instant::now();
        if run(copy, binary, check, 0, &log, Duration::from_secs(900))? != Run::Passed {
            return Err(format!("the {} fail without a mutant: see {}", check.name, log.display()));
        }
        println!("  {}: {:.1} s", check.name, from.elapsed().as_secs_f64());
        limits.push((check, binary, TIME_MIN.max(from.elapsed() * TIMES_LONGER)));
    }
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(BTreeMap::new());
    let failed = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some((number, site)) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let from = Instant::now();
                    match verdict(copy, &limits, **number) {
                        Ok(verdict) => {
                            let mut verdicts = verdicts.lock().expect("no holder panics");
                            verdicts.insert(**number, verdict);
                            let seconds = from.elapsed().as_secs_f64();
                            let place = format!("{}/{}", verdicts.len(), mutants.len());
                            println!("{place} {}: {} ({seconds:.1} s)", report::verdict(verdict), report::named(**number, site));
                        }
                        Err(error) => *failed.lock().expect("no holder panics") = Some(error),
                    }
                }
            });
        }
    });
    match failed.into_inner().expect("no holder panics") {
        Some(error) => Err(error),
        None => Ok(verdicts.into_inner().expect("no holder panics")),
    }
}

fn verdict(copy: &Copy, limits: &[(&Check, &PathBuf, Duration)], number: u32) -> Result<Verdict, String> {
    let log = copy.logs.join(format!("{number}.log"));
    for (check, binary, limit) in limits {
        match run(copy, binary, check, number, &log, *limit)? {
            Run::Passed => {}
            Run::Failed => return Ok(Verdict::Caught { by: check.name, out_of_time: false }),
            Run::OutOfTime => return Ok(Verdict::Caught { by: check.name, out_of_time: true }),
        }
    }
    Ok(Verdict::Survived)
}

#[derive(PartialEq, Eq)]
enum Run {
    Passed,
    Failed,
    OutOfTime,
}

fn run(copy: &Copy, binary: &Path, check: &Check, mutant: u32, log: &Path, limit: Duration) -> Result<Run, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", binary.display());
    let output = File::create(log).map_err(failed)?;
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit -v {MEMORY_KIB_MAX}; exec nice -n 10 \"$0\" \"$@\"")])
        .arg(binary)
        .args(["--test-threads", "1"])
        .args(check.arguments)
        .envs(check.environment.iter().copied())
        // The same random cases for each mutant, and in each run.
        .env("PROPTEST_RNG_SEED", "1")
        .env("WAYBILL_MUTANT", mutant.to_string())
        .current_dir(&copy.tree)
        .stdin(Stdio::null())
        .stdout(output.try_clone().map_err(failed)?)
        .stderr(output)
        .spawn()
        .map_err(failed)?;
    let from = Instant::now();
    let mut printed = Printed { log: File::open(log).map_err(failed)?, tail: Vec::new() };
    loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return Ok(if status.success() { Run::Passed } else { Run::Failed });
        }
        let failure = printed.has_failure().map_err(failed)?;
        if failure || from.elapsed() > limit {
            child.kill().map_err(failed)?;
            child.wait().map_err(failed)?;
            return Ok(if failure { Run::Failed } else { Run::OutOfTime });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What a run has printed: the first test that fails decides, and what follows it need not be waited for.
struct Printed {
    log: File,
    tail: Vec<u8>,
}

impl Printed {
    fn has_failure(&mut self) -> std::io::Result<bool> {
        const FAILURE: &[u8] = b"... FAILED";
        self.log.read_to_end(&mut self.tail)?;
        let failure = self.tail.windows(FAILURE.len()).any(|window| window == FAILURE);
        // A word may be printed in two parts.
        self.tail.drain(..self.tail.len().saturating_sub(FAILURE.len()));
        Ok(failure)
    }
}
