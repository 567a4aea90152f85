# refund-requests. The goods come back by another call, so nothing is put into stock here.
def own($table; $word): $own.shopify[$table][$word] // error("own.json: shopify.\($table) has no \"\($word)\"");
def gid($type): if startswith("gid://") then . else "gid://shopify/\($type)/\(.)" end;
def exact: (. * 10000 | round) / 10000;
def rest: (.amount | tonumber) - ([.by_line[].difference_gross | tonumber] | add // 0) | exact;
def of($reason): [.by_reason[] | select(.reason == $reason) | .total | tonumber] | add // 0;
# Of what is left beside the lines: carriage first, as far as it goes back at all.
def carriage: [[rest, of("shipping")] | min, 0] | max;
(.shop_id | gid("Order")) as $order
| {
    call: "refundCreate",
    body: {
      idempotencyKey: .id,
      input: {
        orderId: $order,
        note: .id,
        notify: false,
        currency,
        refundLineItems: [.by_line[] | select(.difference | tonumber > 0) | {
          lineItemId: (.line | gid("LineItem")),
          quantity: (.difference | tonumber),
          restockType: "NO_RESTOCK"
        }],
        shipping: {amount: (carriage | exact | tostring)},
        transactions: [.by_capture[] | select(.amount | tonumber > 0) | {
          orderId: $order,
          parentId: (.capture | gid("OrderTransaction")),
          kind: "REFUND",
          gateway: own("gateways"; .tender),
          amount
        }]
      }
    }
  }
