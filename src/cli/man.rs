//! `waybill man`: the manual pages, made from the command line's own description.

use std::io::Write;
use std::path::PathBuf;

use crate::error::Error;

/// `waybill man [--out FOLDER]`
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Write the page of each command into this folder: waybill.1, waybill-run.1 ... Without it waybill.1 goes to standard output
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Writes them. `program` is the whole command line.
pub fn run(args: &ManArgs, program: clap::Command) -> Result<(), Error> {
    match &args.out {
        Some(folder) => {
            let tried = || format!("writing manual pages to {}", folder.display());
            std::fs::create_dir_all(folder).map_err(Error::system(tried()))?;
            clap_mangen::generate_to(program, folder).map_err(Error::system(tried()))
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(program).render(&mut page).map_err(Error::system("writing the manual page"))?;
            std::io::stdout().write_all(&page).map_err(Error::system("writing to standard output"))
        }
    }
}
