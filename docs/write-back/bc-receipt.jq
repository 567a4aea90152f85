# receipt-notices, erp, notify. The standard API has no return orders: a page of your own has.
def own($table; $word): $own.bc[$table][$word] // error("own.json: bc.\($table) has no \"\($word)\"");
def company: "/api/v2.0/companies(\($own.bc.company))";
select(.receiver == "erp" and .action == "notify")
| {
    call: "POST \(company)/returnReceipts",
    body: {
      returnOrderNumber: .rma,
      postingDate: .occurred_at[:10],
      id,
      lines: [.lines[] | select(.quantity | tonumber > 0) | {
        lineNumber: (.rma_line | tonumber),
        returnQuantityToReceive: (.quantity | tonumber),
        returnReasonCode: (if .reasons == [] then "" else own("return_reasons"; .reasons[0]) end),
        locationId: own("locations"; .location)
      }]
    }
  }
