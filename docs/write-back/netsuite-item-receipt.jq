# receipt-notices, erp, notify. Each step is a receipt of its own.
def own($table; $word): $own.netsuite[$table][$word] // error("own.json: netsuite.\($table) has no \"\($word)\"");
select(.receiver == "erp" and .action == "notify")
| {
    call: "POST /record/v1/returnAuthorization/\(.rma_id)/!transform/itemReceipt",
    find: "GET /record/v1/returnAuthorization/\(.rma_id)?expandSubResources=true",
    body: {
      externalId: .id,
      tranDate: .occurred_at[:10],
      memo: .rma,
      item: {items: [.lines[] | select(.quantity | tonumber > 0) | {
        orderLine: (.rma_line | tonumber),
        itemReceive: true,
        quantity: (.quantity | tonumber),
        location: {id: own("locations"; .location)},
        custcol_condition: .condition
      }]}
    }
  }
