//! `waybill forget`: a person asks to be forgotten. It writes a decision for each customer that the person is known as; no address is written anywhere.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::ask::DeciderArgs;
use crate::config::Config;
use crate::error::Error;
use crate::facts::{CustomerKey, SourceId};
use crate::sources::decisions::{DecisionRecord, FORGET};

/// `waybill forget --email ADDRESS | --customer SOURCE:ID`
#[derive(Debug, clap::Args)]
pub struct ForgetArgs {
    /// The person's address: the guest of each brand, and all accounts with this address
    #[arg(long, required_unless_present = "customer")]
    email: Option<String>,
    /// An account, by the configured name of its system and its id there; several where the person has several
    #[arg(long, value_name = "SOURCE:ID")]
    customer: Vec<String>,
    /// Only say which customers would be forgotten
    #[arg(long)]
    dry_run: bool,
    /// The configuration: it has the brands, and the secret of digests
    #[arg(long, env = "WAYBILL_CONFIG", default_value = "waybill.toml")]
    config: PathBuf,
    #[command(flatten)]
    decider: DeciderArgs,
}

/// Sends a decision for each customer.
pub fn run(args: &ForgetArgs) -> Result<(), Error> {
    let config = Config::load(&args.config)?;
    let customers = customers(&config, args.email.as_deref(), &args.customer)?;
    for customer in customers {
        println!("{}", customer.0);
        if !args.dry_run {
            let (kind, choice) = (FORGET.to_owned(), FORGET.to_owned());
            args.decider.send(DecisionRecord { kind, choice, customer: Some(customer.0.into()), ..DecisionRecord::default() })?;
        }
    }
    Ok(())
}

/// The customers that are meant.
fn customers(config: &Config, email: Option<&str>, accounts: &[String]) -> Result<Vec<CustomerKey>, Error> {
    let mut customers = Vec::new();
    for account in accounts {
        let known = |name: &str| config.sources.iter().any(|source| source.common.name == name);
        let (source, id) = account.split_once(':').filter(|(source, id)| known(source) && !id.is_empty()).ok_or_else(|| {
            Error::Usage(format!("--customer {account}: expected a source of the configuration and the account's id there, as in shop:821"))
        })?;
        customers.push(CustomerKey::account(source, id));
    }
    if let Some(email) = email {
        let of_people = || config.sources.iter().filter(|source| source.common.id != SourceId::WAYBILL).map(|source| &source.common);
        let digest = of_people().find_map(|common| common.digester.email(email).filter(|_| email.contains('@')));
        let digest = digest.ok_or_else(|| Error::Usage("--email: expected an email address".into()))?;
        let brands: BTreeSet<&str> = of_people()
            .map(|common| common.brand.as_str())
            .chain(config.rules.channels.iter().map(|channel| channel.brand.as_str()))
            .filter(|brand| !brand.is_empty())
            .collect();
        customers.extend(brands.into_iter().map(|brand| CustomerKey::guest(brand, &digest)));
    }
    Ok(customers)
}
