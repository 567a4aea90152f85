//! Each composition of systems that a retailer may have, with all the faults that can befall it: Waybill and the truth agree to the piece, and
//! people are asked to look at what they must look at and at nothing else.

use super::Plan;
use crate::retailer::demo::Play;
use crate::retailer::demo::picture::Style;
use crate::retailer::simulate::draw;
use crate::retailer::systems::Systems;
use crate::retailer::{Settings, System};

const DAYS: u32 = 10;
const ORDERS: u32 = 60;

fn agrees(systems: &[System], stores: u8) {
    let systems = Systems::of(systems).with_stores(stores);
    for seed in [1, 2] {
        let plan = Settings::with_faults(seed, ORDERS, Plan::all(DAYS)).with_systems(systems);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let facts = runtime.block_on(async { Play::begin(plan).await?.run(|_| ()).await }).expect("a run to the end");
        let shown = draw(&facts, Style::Plain);
        assert!(facts.failures.is_empty() && facts.dead_letters == 0, "seed {seed}: {shown}");
        let faults = facts.faults.as_ref().expect("faults");
        assert!(faults.nights >= DAYS && faults.forgotten > 0, "seed {seed}: {shown}");
    }
}

/// Each shop with each ERP and each warehouse.
fn pairing(shop: System, erp: System, wms: System) {
    agrees(&[shop, erp, wms, System::Carrier, System::Finance, System::Crm], 1);
}

/// The same, with marketing.
fn pairing_with_emarsys(shop: System, erp: System, wms: System) {
    agrees(&[shop, erp, wms, System::Carrier, System::Finance, System::Crm, System::Emarsys], 1);
}

#[test]
fn a_magento_with_nav_and_peoplevox_and_emarsys() {
    pairing_with_emarsys(System::Magento, System::Nav, System::Peoplevox);
}

#[test]
fn a_magento_with_nav_and_seko() {
    pairing(System::Magento, System::Nav, System::Seko);
}

#[test]
fn a_magento_with_netsuite_and_seko() {
    pairing_with_emarsys(System::Magento, System::NetSuite, System::Seko);
}

#[test]
fn a_shopify_with_nav_and_seko() {
    pairing_with_emarsys(System::Shopify, System::Nav, System::Seko);
}

#[test]
fn a_shopify_with_netsuite_and_seko() {
    pairing(System::Shopify, System::NetSuite, System::Seko);
}

#[test]
fn two_shops_and_two_warehouses() {
    let all = [
        System::Magento,
        System::Shopify,
        System::NetSuite,
        System::Peoplevox,
        System::Seko,
        System::Carrier,
        System::Finance,
        System::Crm,
        System::Emarsys,
    ];
    agrees(&all, 1);
}

#[test]
fn a_magento_with_netsuite_and_peoplevox() {
    pairing(System::Magento, System::NetSuite, System::Peoplevox);
}

#[test]
fn a_shopify_with_netsuite_and_peoplevox() {
    pairing(System::Shopify, System::NetSuite, System::Peoplevox);
}

#[test]
fn a_shopify_with_nav_and_peoplevox() {
    pairing(System::Shopify, System::Nav, System::Peoplevox);
}

#[test]
fn a_magento_with_netsuite_and_no_warehouse() {
    agrees(&[System::Magento, System::NetSuite], 1);
}

#[test]
fn a_magento_alone() {
    agrees(&[System::Magento], 1);
}

/// They give the same numbers to their orders.
#[test]
fn two_stores_of_a_magento_alone() {
    agrees(&[System::Magento], 2);
}

#[test]
fn a_shopify_alone() {
    agrees(&[System::Shopify], 1);
}

#[test]
fn a_magento_with_finance() {
    agrees(&[System::Magento, System::Finance], 1);
}

#[test]
fn a_shopify_with_finance() {
    agrees(&[System::Shopify, System::Finance], 1);
}

#[test]
fn a_magento_with_an_erp_and_no_warehouse() {
    agrees(&[System::Magento, System::Nav], 1);
}

/// The shop counts what is free, the ERP posts what leaves.
#[test]
fn a_shopify_with_an_erp_and_no_warehouse() {
    agrees(&[System::Shopify, System::Nav], 1);
}

#[test]
fn a_magento_with_an_erp_and_finance_and_no_warehouse() {
    agrees(&[System::Magento, System::Nav, System::Finance], 1);
}

#[test]
fn a_magento_with_a_warehouse_and_no_erp() {
    agrees(&[System::Magento, System::Peoplevox], 1);
}

/// The shop takes its refunds back into its own hands, and the warehouse answers when it does.
#[test]
fn a_shopify_with_a_warehouse_and_no_erp() {
    agrees(&[System::Shopify, System::Peoplevox], 1);
}

#[test]
fn two_stores_and_a_second_shop_with_one_warehouse() {
    agrees(&[System::Magento, System::Shopify, System::Peoplevox], 2);
}

#[test]
fn two_shops_and_one_warehouse() {
    agrees(&[System::Magento, System::Shopify, System::Peoplevox], 1);
}

#[test]
fn two_stores_in_two_currencies_and_one_warehouse() {
    let all = [System::Magento, System::Nav, System::Peoplevox, System::Carrier, System::Finance, System::Crm];
    agrees(&all, 2);
}
