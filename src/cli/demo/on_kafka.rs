//! `waybill demo --brokers`: the same retailer on a real Kafka, beside a process of `waybill run` that is killed in the middle.
//!
//! Topics, configuration and log are the run's own: the topics have a prefix, the files a folder of their own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use indicatif::ProgressBar;

use super::args::DemoArgs;
use crate::cli::playing::verdict;
use crate::error::Error;
use crate::retailer::demo::{Facts, ProcessKilled};
use crate::retailer::live::{Live, Patience, prepare};
use crate::retailer::setup::{SECRET, SECRET_VARIABLE, Setup};
use crate::retailer::{Hurry, Settings};

const PARTITIONS: i32 = 3;
const PATIENCE: Patience = Patience { settle: Duration::from_secs(10), limit: Duration::from_secs(1_800) };
/// SIGTERM ends the open epoch; a transaction may take 15 s.
const END_LIMIT: Duration = Duration::from_secs(30);
/// What the killed process had committed is read within this time. Events that arrive later are its successor's.
const DRAINED_AFTER: Duration = Duration::from_millis(250);

/// Plays to the end. Whatever fails, the log of `waybill run` is named.
pub(super) fn play(args: &DemoArgs, brokers: &str, bar: &ProgressBar) -> Result<Facts, Error> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let prefix = format!("waybill-demo-{}-{seconds}.", args.seed);
    let setup = Setup { prefix: prefix.clone(), systems: args.systems()?, in_hurry: true, ..Setup::new(brokers) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::system("the runtime"))?;
    runtime.block_on(prepare(&setup, PARTITIONS))?;
    let mut daemon = Daemon::new(&setup)?;
    let played = with_daemon(args, &setup, &mut daemon, bar).and_then(|facts| daemon.end().map(|()| facts));
    bar.finish_and_clear();
    println!("The topics {prefix}* stay on {brokers}: `kafka-topics.sh --delete --topic '{}.*'` removes them.", prefix.replace('.', "\\."));
    let well = played.as_ref().is_ok_and(|facts| verdict(facts).is_ok());
    if well {
        daemon.tidy()
    } else {
        eprintln!("The log of `waybill run`: {}", daemon.log.display())
    }
    played
}

fn with_daemon(args: &DemoArgs, setup: &Setup, daemon: &mut Daemon, bar: &ProgressBar) -> Result<Facts, Error> {
    daemon.start()?;
    let plan = Settings { hurry: Hurry::new(args.hurry), systems: setup.systems, ..Settings::new(args.seed, args.orders) };
    bar.set_message("waiting for `waybill run`");
    let live = Live::begin(setup, plan, PATIENCE, None, || daemon.is_well())?;
    let mut kill: Option<Kill> = None;
    let mut facts = live.run(|live| {
        daemon.is_well()?;
        bar.set_position(live.progress().0 as u64);
        bar.set_message(format!("{} events heard", live.heard()));
        let (placed, planned) = live.progress();
        match &mut kill {
            Some(kill) => kill.listen(live.heard()),
            None if placed * 2 >= planned => {
                let at = live.now();
                daemon.kill()?;
                kill =
                    Some(Kill { began: Instant::now(), heard: live.heard(), report: ProcessKilled { at, placed, silent: Duration::ZERO } });
                bar.println("`waybill run` was killed (SIGKILL); another process takes its place.");
                daemon.start()?;
            }
            None => {}
        }
        Ok(())
    })?;
    if let Some(kafka) = &mut facts.kafka {
        kafka.killed = kill.map(|kill| kill.report);
    }
    Ok(facts)
}

/// The kill, and when the successor's first event arrived.
struct Kill {
    began: Instant,
    heard: u64,
    report: ProcessKilled,
}

impl Kill {
    fn listen(&mut self, heard: u64) {
        let since = self.began.elapsed();
        if since <= DRAINED_AFTER {
            self.heard = heard;
        } else if heard > self.heard && self.report.silent.is_zero() {
            self.report.silent = since;
        }
    }
}

/// `waybill run` as a process of its own.
struct Daemon {
    folder: PathBuf,
    config: PathBuf,
    log: PathBuf,
    child: Option<Child>,
}

impl Daemon {
    /// Writes its configuration; nothing is started.
    fn new(setup: &Setup) -> Result<Self, Error> {
        let folder = std::env::temp_dir().join(setup.prefix.trim_end_matches('.'));
        let writing = || format!("writing to {}", folder.display());
        // A new folder: no existing file is overwritten.
        std::fs::create_dir(&folder).map_err(Error::system(writing()))?;
        let (config, log) = (folder.join("waybill.toml"), folder.join("waybill.log"));
        std::fs::write(&config, setup.config_toml()).map_err(Error::system(writing()))?;
        Ok(Self { folder, config, log, child: None })
    }

    fn start(&mut self) -> Result<(), Error> {
        let opening = || Error::system(format!("opening {}", self.log.display()));
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&self.log).map_err(opening())?;
        let second = log.try_clone().map_err(opening())?;
        let starting = || Error::system("starting `waybill run`");
        let mut command = Command::new(std::env::current_exe().map_err(starting())?);
        command.arg("run").arg("--config").arg(&self.config).env(SECRET_VARIABLE, SECRET).env_remove("WAYBILL_SLOT");
        command.stdin(Stdio::null()).stdout(log).stderr(second);
        self.child = Some(command.spawn().map_err(starting())?);
        Ok(())
    }

    /// An error once it has ended by itself.
    fn is_well(&mut self) -> Result<(), Error> {
        let ended = match &mut self.child {
            Some(child) => child.try_wait().map_err(Error::system("looking after `waybill run`"))?,
            None => None,
        };
        match ended {
            Some(status) => Err(Error::Found(format!("`waybill run` ended by itself ({status})"))),
            None => Ok(()),
        }
    }

    /// SIGKILL: nothing of it can say a last word.
    fn kill(&mut self) -> Result<(), Error> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        child.kill().and_then(|()| child.wait()).map(|_| ()).map_err(Error::system("killing `waybill run`"))
    }

    /// SIGTERM; it must end well, and in time.
    fn end(&mut self) -> Result<(), Error> {
        self.is_well()?;
        let Some(mut child) = self.child.take() else { return Ok(()) };
        terminate(&child).map_err(Error::system("ending `waybill run`"))?;
        let began = Instant::now();
        while began.elapsed() < END_LIMIT {
            match child.try_wait().map_err(Error::system("waiting for `waybill run` to end"))? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(Error::Found(format!("asked to end, `waybill run` ended with {status}"))),
                None => std::thread::sleep(Duration::from_millis(50)),
            }
        }
        self.child = Some(child);
        Err(Error::Found(format!("asked to end, `waybill run` had not ended after {} s", END_LIMIT.as_secs())))
    }

    /// The run's folder is of no use any more.
    fn tidy(&self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            eprintln!("{} could not be removed: {error}", Path::display(&self.folder));
        }
    }
}

impl Drop for Daemon {
    /// Whatever ended the run, no process stays behind.
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

#[cfg(unix)]
fn terminate(child: &Child) -> std::io::Result<()> {
    // The shell's own `kill`: the standard library sends SIGKILL alone.
    let status = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &child.id().to_string()]).status()?;
    if status.success() { Ok(()) } else { Err(std::io::Error::other(format!("kill -TERM: {status}"))) }
}

#[cfg(not(unix))]
fn terminate(child: &Child) -> std::io::Result<()> {
    Err(std::io::Error::other(format!("process {} can't be asked to end on this system", child.id())))
}
