//! The topics that the retailer's systems write to, and the tables behind them.

use super::clock::System;

/// A topic: a table's changes, a report's rows, or an event's bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Feed {
    SalesOrder,
    SalesOrderItem,
    SalesOrderAddress,
    SalesOrderPayment,
    SalesShipment,
    SalesShipmentItem,
    SalesShipmentTrack,
    SalesCreditmemo,
    SalesCreditmemoItem,
    InventorySourceItem,
    InventoryReservation,
    NewsletterSubscriber,
    NavSalesHeader,
    NavSalesLine,
    NavShipmentHeader,
    NavShipmentLine,
    NavInvoiceHeader,
    NavInvoiceLine,
    NavReceiptHeader,
    NavReceiptLine,
    NavCrMemoHeader,
    NavCrMemoLine,
    NavItem,
    NavItemVariant,
    NavSalesPrice,
    DespatchSummary,
    ItemInventorySummary,
    ReturnSummary,
    SalesOrderSummary,
    SalesOrderStatus,
    TrackingNumber,
    SekoPushes,
    CarrierScans,
    FinanceRefunds,
    CrmContacts,
    CrmConsents,
    ShopifyOrders,
    ShopifyLevels,
    NetSuiteSalesOrder,
    NetSuiteFulfilment,
    NetSuiteInvoice,
    NetSuiteReturn,
    NetSuiteReceipt,
    NetSuiteMemo,
    NetSuiteRefund,
    NetSuiteItem,
    Decisions,
    EmarsysContacts,
    EmarsysUnsubscribes,
}

macro_rules! feeds {
    ($($feed:ident $system:ident $topic:literal $table:literal)*) => {
        impl Feed {
            pub const ALL: &[Self] = &[$(Self::$feed),*];

            pub fn topic(self) -> &'static str {
                match self { $(Self::$feed => $topic),* }
            }

            /// The table's own name; empty where there is no table.
            pub fn table(self) -> &'static str {
                match self { $(Self::$feed => $table),* }
            }

            pub fn system(self) -> System {
                match self { $(Self::$feed => System::$system),* }
            }
        }
    };
}

feeds! {
    SalesOrder Magento "magento.shop.sales_order" "sales_order"
    SalesOrderItem Magento "magento.shop.sales_order_item" "sales_order_item"
    SalesOrderAddress Magento "magento.shop.sales_order_address" "sales_order_address"
    SalesOrderPayment Magento "magento.shop.sales_order_payment" "sales_order_payment"
    SalesShipment Magento "magento.shop.sales_shipment" "sales_shipment"
    SalesShipmentItem Magento "magento.shop.sales_shipment_item" "sales_shipment_item"
    SalesShipmentTrack Magento "magento.shop.sales_shipment_track" "sales_shipment_track"
    SalesCreditmemo Magento "magento.shop.sales_creditmemo" "sales_creditmemo"
    SalesCreditmemoItem Magento "magento.shop.sales_creditmemo_item" "sales_creditmemo_item"
    InventorySourceItem Magento "magento.shop.inventory_source_item" "inventory_source_item"
    InventoryReservation Magento "magento.shop.inventory_reservation" "inventory_reservation"
    NewsletterSubscriber Magento "magento.shop.newsletter_subscriber" "newsletter_subscriber"
    NavSalesHeader Nav "nav.NAV.dbo.Example_Retail_Ltd__Sales_Header" "Example Retail Ltd_$Sales Header"
    NavSalesLine Nav "nav.NAV.dbo.Example_Retail_Ltd__Sales_Line" "Example Retail Ltd_$Sales Line"
    NavShipmentHeader Nav "nav.NAV.dbo.Example_Retail_Ltd__Sales_Shipment_Header" "Example Retail Ltd_$Sales Shipment Header"
    NavShipmentLine Nav "nav.NAV.dbo.Example_Retail_Ltd__Sales_Shipment_Line" "Example Retail Ltd_$Sales Shipment Line"
    NavInvoiceHeader Nav "nav.NAV.dbo.Example_Retail_Ltd__Sales_Invoice_Header" "Example Retail Ltd_$Sales Invoice Header"
    NavInvoiceLine Nav "nav.NAV.dbo.Example_Retail_Ltd__Sales_Invoice_Line" "Example Retail Ltd_$Sales Invoice Line"
    NavReceiptHeader Nav "nav.NAV.dbo.Example_Retail_Ltd__Return_Receipt_Header" "Example Retail Ltd_$Return Receipt Header"
    NavReceiptLine Nav "nav.NAV.dbo.Example_Retail_Ltd__Return_Receipt_Line" "Example Retail Ltd_$Return Receipt Line"
    NavCrMemoHeader Nav "nav.NAV.dbo.Example_Retail_Ltd__Sales_Cr_Memo_Header" "Example Retail Ltd_$Sales Cr_Memo Header"
    NavCrMemoLine Nav "nav.NAV.dbo.Example_Retail_Ltd__Sales_Cr_Memo_Line" "Example Retail Ltd_$Sales Cr_Memo Line"
    NavItem Nav "nav.NAV.dbo.Example_Retail_Ltd__Item" "Example Retail Ltd_$Item"
    NavItemVariant Nav "nav.NAV.dbo.Example_Retail_Ltd__Item_Variant" "Example Retail Ltd_$Item Variant"
    NavSalesPrice Nav "nav.NAV.dbo.Example_Retail_Ltd__Sales_Price" "Example Retail Ltd_$Sales Price"
    DespatchSummary Peoplevox "peoplevox.despatch-summary" ""
    ItemInventorySummary Peoplevox "peoplevox.item-inventory-summary" ""
    ReturnSummary Peoplevox "peoplevox.return-summary" ""
    SalesOrderSummary Peoplevox "peoplevox.sales-order-summary" ""
    SalesOrderStatus Peoplevox "peoplevox.sales-order-status" ""
    TrackingNumber Peoplevox "peoplevox.tracking" ""
    SekoPushes Seko "seko.pushes" ""
    CarrierScans Carrier "carrier.scans" ""
    FinanceRefunds Finance "finance.refunds" ""
    CrmContacts Crm "crm.contacts" ""
    CrmConsents Crm "crm.consents" ""
    ShopifyOrders Shopify "shopify.orders" ""
    ShopifyLevels Shopify "shopify.inventory-levels" ""
    NetSuiteSalesOrder NetSuite "netsuite.salesorder" ""
    NetSuiteFulfilment NetSuite "netsuite.itemfulfillment" ""
    NetSuiteInvoice NetSuite "netsuite.invoice" ""
    NetSuiteReturn NetSuite "netsuite.returnauthorization" ""
    NetSuiteReceipt NetSuite "netsuite.itemreceipt" ""
    NetSuiteMemo NetSuite "netsuite.creditmemo" ""
    NetSuiteRefund NetSuite "netsuite.customerrefund" ""
    NetSuiteItem NetSuite "netsuite.inventoryitem" ""
    Decisions Seko "waybill.decisions" ""
    EmarsysContacts Emarsys "emarsys.contacts" ""
    EmarsysUnsubscribes Emarsys "emarsys.unsubscribes" ""
}

/// Every topic that the retailer writes to.
pub fn topics() -> Vec<&'static str> {
    Feed::ALL.iter().map(|feed| feed.topic()).collect()
}
