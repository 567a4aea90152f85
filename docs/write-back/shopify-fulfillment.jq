# despatch-notices, shop, notify. Goods make a fulfilment; a step that brings a tracking number alone changes the one that is there.
def own($table; $word): $own.shopify[$table][$word] // error("own.json: shopify.\($table) has no \"\($word)\"");
def gid($type): if startswith("gid://") then . else "gid://shopify/\($type)/\(.)" end;
def filled: with_entries(select(.value != null));
select(.receiver == "shop" and .action == "notify")
| [.lines[] | select(.quantity | tonumber > 0)] as $lines
| ({number: .tracking, company: own("carriers"; .carrier)} | filled) as $tracking
| (.receiver_id | gid("Order")) as $order
| if $lines == [] then {
      call: "fulfillmentTrackingInfoUpdate",
      find: "{order(id: \"\($order)\") {fulfillments {id trackingInfo {number}}}}",
      body: {fulfillmentId: "{fulfillment}", trackingInfoInput: $tracking, notifyCustomer: false}
    }
  else {
      call: "fulfillmentCreate",
      find: "{order(id: \"\($order)\") {fulfillmentOrders(first: 50) {nodes {id lineItems(first: 100) {nodes {id lineItem {id}}}}}}}",
      body: {fulfillment: {
        lineItemsByFulfillmentOrder: [{
          fulfillmentOrderId: "{fulfillmentOrder}",
          fulfillmentOrderLineItems: [$lines[] | {id: "{line of \(.line | gid("LineItem"))}", quantity: (.quantity | tonumber)}]
        }],
        trackingInfo: $tracking,
        notifyCustomer: false
      }}
    }
  end
