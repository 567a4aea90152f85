//! The systems that a configuration or a play can begin with.

use clap::builder::PossibleValuesParser;

use crate::error::Error;
use crate::retailer::systems::Systems;

/// The systems that take part in the demo, by the names of their sources: what `init` and `demo` begin with.
pub const DEMO_SYSTEMS: [&str; 6] = ["magento", "nav", "peoplevox", "carrier", "finance", "crm"];

/// The systems that take part in the simulation: the demo's, and a second shop.
pub const SIMULATED_SYSTEMS: [&str; 7] = ["magento", "nav", "peoplevox", "carrier", "finance", "crm", "shopify"];

/// One of the systems that the template of a configuration has a block for.
pub fn system_parser() -> PossibleValuesParser {
    PossibleValuesParser::new(crate::config::systems())
}

/// Those of a play, with as many stores of the first shop.
pub fn played_systems(names: &[String], stores: u8) -> Result<Systems, Error> {
    let told = |sentence: String| Error::Usage(format!("--systems: {sentence}"));
    let systems = Systems::named(names.iter().map(String::as_str)).map_err(told)?;
    if stores > 1 && !names.iter().any(|name| name == "magento") {
        return Err(Error::Usage("--stores: only Magento has several stores, and it does not take part".to_owned()));
    }
    Ok(systems.with_stores(stores))
}
