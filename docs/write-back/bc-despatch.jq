# despatch-notices, erp, notify. The head, then what is to be posted of each line, then the posting.
def own($table; $word): $own.bc[$table][$word] // error("own.json: bc.\($table) has no \"\($word)\"");
def company: "/api/v2.0/companies(\($own.bc.company))";
select(.receiver == "erp" and .action == "notify")
| "GET \(company)/salesOrders?$filter=number eq '\(.receiver_number)'&$expand=salesOrderLines" as $find
| {
    call: "PATCH \(company)/salesOrders({salesOrder})",
    find: $find,
    body: {
      postingDate: .despatched_at[:10],
      packageTrackingNumber: (.tracking // ""),
      shippingAgentCode: own("carriers"; .carrier)
    }
  },
  (.lines[] | {
    call: "PATCH \(company)/salesOrders({salesOrder})/salesOrderLines({line of sequence \(.erp_line)})",
    find: $find,
    body: {shipQuantity: (.quantity | tonumber), invoiceQuantity: (.quantity | tonumber)}
  }),
  (select(any(.lines[]; .quantity | tonumber > 0)) | {
    call: "POST \(company)/salesOrders({salesOrder})/Microsoft.NAV.shipAndInvoice",
    find: $find,
    body: {}
  })
