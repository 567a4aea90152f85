//! The systems that a configuration or a play can begin with.

use clap::builder::PossibleValuesParser;

use crate::error::Error;
use crate::retailer::System;
use crate::retailer::systems::Systems;

/// The systems that take part in the demo, by the names of their sources: what `init` begins with.
pub const DEMO_SYSTEMS: [&str; 6] = ["magento", "nav", "peoplevox", "carrier", "finance", "crm"];

/// One of the systems that the template of a configuration has a block for.
pub fn system_parser() -> PossibleValuesParser {
    PossibleValuesParser::new(crate::config::systems())
}

/// Who takes part in a play, by role. What nobody is there for is done by hand.
#[derive(Clone, Debug, clap::Args)]
pub struct PlayedArgs {
    /// The shops, one or both; Magento alone in the demo, both in the simulation
    #[arg(long, value_delimiter = ',', value_parser = ["magento", "shopify"])]
    pub shops: Vec<String>,
    /// The ERP
    #[arg(long, default_value = "nav", value_parser = ["nav", "netsuite", NONE])]
    pub erp: String,
    /// The warehouse's system
    #[arg(long, value_delimiter = ',', default_value = "peoplevox", value_parser = ["peoplevox", "seko", NONE])]
    pub wms: Vec<String>,
    /// Marketing
    #[arg(long, default_value = NONE, value_parser = ["emarsys", NONE])]
    pub marketing: String,
    /// Of those that are there else, who is not
    #[arg(long, value_delimiter = ',', value_name = "SYSTEMS", value_parser = ["carrier", "finance", "crm"])]
    pub without: Vec<String>,
    /// Magento's stores; the second one sells in euros, from the same stock
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub stores: u8,
}

const NONE: &str = "none";

impl PlayedArgs {
    /// Those that take part; `shops` where no shop is named.
    pub fn systems(&self, shops: &[&str]) -> Result<Systems, Error> {
        let named = |names: &[String]| names.iter().map(String::as_str).filter(|name| *name != NONE).map(str::to_owned).collect::<Vec<_>>();
        let shops: Vec<String> =
            if self.shops.is_empty() { shops.iter().map(|shop| (*shop).to_owned()).collect() } else { self.shops.clone() };
        let (erp, wms) = (named(std::slice::from_ref(&self.erp)), named(&self.wms));
        let marketing = named(std::slice::from_ref(&self.marketing));
        let others = ["carrier", "finance", "crm"].map(str::to_owned).into_iter().filter(|name| !self.without.contains(name));
        let has = |shop: &str| shops.iter().any(|name| name == shop);
        if self.stores > 1 && !has("magento") {
            return Err(Error::Usage("--stores: only Magento has several stores, and it does not take part".to_owned()));
        }
        let names: Vec<String> = shops.iter().cloned().chain(erp).chain(wms).chain(marketing).chain(others).collect();
        let systems =
            Systems::named(names.iter().map(String::as_str)).map_err(|sentence| Error::Usage(format!("the systems: {sentence}")))?;
        Ok(systems.with_stores(self.stores))
    }

    /// Those that take part on a Kafka, where nobody can wait the three weeks after which a parcel that no carrier tells of counts as delivered.
    pub fn on_kafka(&self, shops: &[&str]) -> Result<Systems, Error> {
        let systems = self.systems(shops)?;
        if systems.has_erp() && systems.has_wms() && systems.has(System::Carrier) && systems.has(System::Finance) {
            Ok(systems)
        } else {
            Err(Error::Usage("on a Kafka only crm can be left out: --without crm".to_owned()))
        }
    }
}
