//! `waybill exceptions`: what waits for a person, from a running Waybill.

use super::ask::{ServerArgs, get_path, percent};
use crate::error::Error;

/// `waybill exceptions`
#[derive(Debug, clap::Args)]
pub struct ExceptionsArgs {
    /// Only of this kind, as in `over-refunded`
    #[arg(long)]
    kind: Option<String>,
    /// Only of this order (its key or number), SKU or alias
    #[arg(long)]
    entity: Option<String>,
    /// The most money first, instead of the oldest
    #[arg(long)]
    at_risk: bool,
    /// So many, at most 1,000
    #[arg(long, default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    server: ServerArgs,
}

/// Prints the list.
pub fn run(args: &ExceptionsArgs) -> Result<(), Error> {
    let mut path = format!("api/v1/exceptions?limit={}", args.limit);
    for (name, value) in [("kind", &args.kind), ("entity", &args.entity)] {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", percent(value)));
        }
    }
    if args.at_risk {
        path.push_str("&sort=at-risk");
    }
    let answer = get_path(&args.server, &path)?;
    if args.server.json {
        println!("{answer:#}");
    } else {
        print!("{}", super::answer::exceptions(&answer));
    }
    Ok(())
}
