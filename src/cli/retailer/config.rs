//! `waybill retailer config`: the configuration that fits the retailer, on standard output.

use std::io::Write;
use std::net::SocketAddr;

use crate::cli::systems::PlayedArgs;
use crate::error::Error;
use crate::retailer::setup::Setup;

/// `waybill retailer config`
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {
    /// The Kafka, as in `localhost:9092`
    #[arg(long, default_value = "localhost:9092")]
    brokers: String,
    /// Stands before every topic's name, and before the application's id
    #[arg(long, default_value = "", value_parser = super::stage::prefix)]
    prefix: String,
    /// Where `waybill run` answers HTTP; without it, nowhere
    #[arg(long)]
    http: Option<SocketAddr>,
    /// Who takes part.
    #[command(flatten)]
    played: PlayedArgs,
}

pub fn run(args: &ConfigArgs) -> Result<(), Error> {
    let setup = Setup {
        bootstrap: args.brokers.clone(),
        prefix: args.prefix.clone(),
        http: args.http,
        systems: args.played.systems(&super::stage::SHOPS)?,
        in_hurry: true,
        charges_stay: false,
    };
    let text =
        format!("# What `waybill run` needs to know of the simulated retailer. Set {} first.\n\n", crate::retailer::setup::SECRET_VARIABLE);
    std::io::stdout().write_all((text + &setup.config_toml()).as_bytes()).map_err(Error::system("writing to standard output"))
}
