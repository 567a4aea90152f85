//! `waybill check`: everything wrong with the configuration at once; then what the broker lacks.

use std::path::PathBuf;

use super::listing::print_text;
use crate::config::Config;
use crate::error::Error;
use crate::facts::SourceId;

/// `waybill check`
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// The configuration
    #[arg(long, env = "WAYBILL_CONFIG", default_value = "waybill.toml")]
    pub config: PathBuf,
    /// Look at the file only, connect to nothing
    #[arg(long)]
    pub offline: bool,
}

/// Prints everything that is wrong; without `--offline` also what the broker lacks.
pub fn run(args: &CheckArgs) -> Result<(), Error> {
    let config = Config::load(&args.config)?;
    print_text(&summary(&config));
    if args.offline { Ok(()) } else { broker(&config) }
}

/// What the file was understood to say, for a person to compare with what they meant.
fn summary(config: &Config) -> String {
    let mut lines = vec![format!("{}: nothing wrong with it, fingerprint {:016x}", config.file, config.fingerprint())];
    for source in config.sources.iter().filter(|source| source.common.id != SourceId::WAYBILL) {
        let roles: Vec<String> = config.rules.source(source.common.id).into_iter().flat_map(|rules| &rules.roles).map(role).collect();
        lines.push(format!(
            "  {} ({}) plays {}; reads {}",
            source.common.name,
            source.kind.label,
            roles.join(", "),
            source.topics.join(", ")
        ));
    }
    for source in &config.sources {
        lines.extend(source.adapter.assumes().iter().map(|assumed| format!("  assumed: {}: {assumed}", source.common.name)));
    }
    lines.extend(config.notes.iter().map(|note| format!("  note: {note}")));
    lines.join("\n") + "\n"
}

fn role(role: &crate::facts::Role) -> String {
    format!("{role:?}").to_lowercase()
}

#[cfg(not(feature = "kafka"))]
fn broker(_: &Config) -> Result<(), Error> {
    Err(Error::Usage("this build has no Kafka client (feature `kafka`): use --offline".to_owned()))
}

#[cfg(feature = "kafka")]
fn broker(config: &Config) -> Result<(), Error> {
    super::broker::look(config)
}
