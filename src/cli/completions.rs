//! `waybill completions SHELL`: the file by which a shell completes commands and options.

use std::io::Write;

use crate::error::Error;

/// `waybill completions SHELL`
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Writes it to standard output. `program` is the whole command line.
pub fn run(args: &CompletionsArgs, mut program: clap::Command) -> Result<(), Error> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut program, "waybill", &mut text);
    std::io::stdout().write_all(&text).map_err(Error::system("writing to standard output"))
}
