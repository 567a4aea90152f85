# receipt-notices, shop, notify.
def own($table; $word): $own.shopify[$table][$word] // error("own.json: shopify.\($table) has no \"\($word)\"");
def gid($type): if startswith("gid://") then . else "gid://shopify/\($type)/\(.)" end;
select(.receiver == "shop" and .action == "notify")
| {
    call: "reverseFulfillmentOrderDispose",
    find: "{return(id: \"\(.rma_id | gid("Return"))\") {reverseFulfillmentOrders(first: 10) {nodes {lineItems(first: 100) {nodes {id fulfillmentLineItem {id}}}}} returnLineItems(first: 100) {nodes {id fulfillmentLineItem {id}}}}}",
    body: {dispositionInputs: [.lines[] | select(.quantity | tonumber > 0) | {
      reverseFulfillmentOrderLineItemId: "{line of \(.rma_line | gid("ReturnLineItem"))}",
      quantity: (.quantity | tonumber),
      locationId: (own("locations"; .location) | gid("Location")),
      dispositionType: (if .condition == "sellable" then "RESTOCKED" else "NOT_RESTOCKED" end)
    }]}
  }
