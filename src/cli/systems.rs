//! The systems that a configuration or the demo can begin with.

use clap::builder::PossibleValuesParser;

/// The systems that take part in the demo, by the names of their sources: what `init` and `demo` begin with.
pub const DEMO_SYSTEMS: [&str; 6] = ["magento", "nav", "peoplevox", "carrier", "finance", "crm"];

/// One of the systems that the template of a configuration has a block for.
pub fn system_parser() -> PossibleValuesParser {
    PossibleValuesParser::new(crate::config::systems())
}
