//! One file a subcommand. Here only: which there are, and how each ends.

mod answer;
pub mod ask;
#[cfg(feature = "kafka")]
pub mod books;
#[cfg(feature = "kafka")]
pub mod broker;
pub mod check;
pub mod completions;
pub mod config;
pub mod counts;
#[cfg(feature = "kafka")]
mod daemon;
mod dead_letters;
pub mod demo;
#[cfg(feature = "kafka")]
mod desk;
mod exceptions;
mod forget;
pub mod held;
pub mod init;
mod listing;
pub mod man;
#[cfg(test)]
mod mapped_page;
pub mod observer;
#[cfg(feature = "kafka")]
pub mod plan;
mod playing;
pub mod retailer;
pub mod run;
pub mod set_time_back;
#[cfg(feature = "kafka")]
mod shared;
pub mod simulate;
mod systems;
pub mod try_source;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::error::{Error, exit};
use crate::telemetry::{LogFormat, log_to_stderr};

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "waybill", version, about, max_term_width = 80, after_help = exit_codes())]
pub struct Cli {
    /// How log lines are written, to standard error; WAYBILL_LOG filters them (`info` by default)
    #[arg(long, global = true, env = "WAYBILL_LOG_FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

fn exit_codes() -> String {
    let codes: Vec<String> = exit::ALL.iter().map(|(code, meaning)| format!("{code} {meaning}")).collect();
    format!("Exit codes: {}.", codes.join("; "))
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Work on the records of a real Kafka, until SIGTERM
    Run(run::RunArgs),
    /// Read the configuration, name everything that is wrong with it; then what the broker lacks
    Check(check::CheckArgs),
    /// Show what becomes of records that you have at hand, row by row, without a Kafka
    Try(try_source::TryArgs),
    /// Write a commented configuration to begin with
    Init(init::InitArgs),
    /// Look at the configuration
    Config(config::ConfigurationArgs),
    /// Play a retailer's days and judge every order, without a Kafka
    Demo(demo::DemoArgs),
    /// Play a retailer's month in which everything goes wrong that does in real life (fault injection), without a Kafka, and judge it
    Simulate(simulate::SimulateArgs),
    /// Ask a running Waybill how an order stands, and why each request is made or not
    Trace(ask::TraceArgs),
    /// Ask a running Waybill what a SKU's figures are made of
    Explain(ask::ExplainArgs),
    /// Show an order's books, or the trial balance of a day
    #[cfg(feature = "kafka")]
    Books(books::BooksArgs),
    /// Show what came in against what is out, waits, or is asked of a person, in pieces and money
    Counts(counts::CountsArgs),
    /// List what waits for a person, with what to do and what can be decided; decide, note, take up
    Exceptions(exceptions::ExceptionsArgs),
    /// List the records that could not be read; read them again, edit or discard them
    DeadLetters(dead_letters::DeadLettersArgs),
    /// Settle what an exception asks of a person
    Decide(ask::DecideArgs),
    /// Forget a person who asks for it: by an address, or by an account
    Forget(forget::ForgetArgs),
    /// Set the state's time back to the clock, after a clock that was ahead; while no `waybill run` is running
    SetTimeBack(run::RunArgs),
    /// Say beforehand what a changed configuration, or this version, would say, ask, correct and open
    #[cfg(feature = "kafka")]
    Plan(plan::PlanArgs),
    /// List the requests that wait for a person: of a change of rules, from before going live, beyond a limit on refunds
    Held(held::HeldArgs),
    /// Settle what a change of rules or program alone would request
    Rules(held::RulesArgs),
    /// Make request topics live: from the next epoch on their requests are sent
    GoLive(held::GoLiveArgs),
    /// Settle the refunds that were due before going live
    InFlight(held::InFlightArgs),
    /// Let the refunds go that wait since a limit was passed
    Refunds(held::RefundsArgs),
    /// Play the simulated retailer's systems on a Kafka, beside a `waybill run` of your own
    Retailer(retailer::RetailerArgs),
    /// Write what a shell needs to complete commands and options
    Completions(completions::CompletionsArgs),
    /// Write the manual pages
    Man(man::ManArgs),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr(cli.log_format);
    let ended = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Try(args) => try_source::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Trace(args) => ask::trace(&args),
        Command::Explain(args) => ask::explain(&args),
        #[cfg(feature = "kafka")]
        Command::Books(args) => books::run(&args),
        Command::Counts(args) => counts::run(&args),
        Command::Exceptions(args) => exceptions::run(&args),
        Command::DeadLetters(args) => dead_letters::run(&args),
        Command::Decide(args) => ask::decide(&args),
        Command::Forget(args) => forget::run(&args),
        Command::SetTimeBack(args) => set_time_back::run(&args),
        #[cfg(feature = "kafka")]
        Command::Plan(args) => plan::run(&args),
        Command::Held(args) => held::held(&args),
        Command::Rules(args) => held::rules(&args),
        Command::GoLive(args) => held::go_live(&args),
        Command::InFlight(args) => held::in_flight(&args),
        Command::Refunds(args) => held::refunds(&args),
        Command::Retailer(args) => retailer::run(&args),
        Command::Completions(args) => completions::run(&args, Cli::command()),
        Command::Man(args) => man::run(&args, Cli::command()),
    };
    ExitCode::from(ended.map_or_else(report, |()| exit::FINE))
}

/// Prints the error, and gives its exit code.
fn report(error: Error) -> u8 {
    eprintln!("{error}");
    error.exit_code()
}
