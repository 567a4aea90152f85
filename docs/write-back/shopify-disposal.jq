# receipt-notices, shop, notify.
def own($table; $word): $own.shopify[$table][$word] // error("own.json: shopify.\($table) has no \"\($word)\"");
def gid($type): if startswith("gid://") then . else "gid://shopify/\($type)/\(.)" end;
# Both name the fulfilment's line, by which they are put together.
def reverse: "reverseFulfillmentOrders(first: 10) {nodes {lineItems(first: 100) {nodes {id fulfillmentLineItem {id}}}}}";
def returned: "returnLineItems(first: 100) {nodes {id ... on ReturnLineItem {fulfillmentLineItem {id}}}}";
select(.receiver == "shop" and .action == "notify")
| {
    call: "reverseFulfillmentOrderDispose",
    find: "{return(id: \"\(.rma_id | gid("Return"))\") {\(reverse) \(returned)}}",
    body: {dispositionInputs: [.lines[] | select(.quantity | tonumber > 0) | {
      reverseFulfillmentOrderLineItemId: "{line of \(.rma_line | gid("ReturnLineItem"))}",
      quantity: (.quantity | tonumber),
      locationId: (own("locations"; .location) | gid("Location")),
      dispositionType: (if .condition == "sellable" then "RESTOCKED" else "NOT_RESTOCKED" end)
    }]}
  }
