# sales-orders, cancel. All lines closed is the order closed. Where NetSuite's ids are not known yet, its lines are found by the shop's.
(if .erp_id == "" then "eid:\(.order | @uri)" else .erp_id end) as $id
| select(.action == "cancel")
| {
    call: "PATCH /record/v1/salesOrder/\($id)",
    find: (if any(.lines[]; .erp_line == "") then "GET /record/v1/salesOrder/\($id)?expandSubResources=true" else null end),
    body: {item: {items: [.lines[] | {
      line: (if .erp_line == "" then "{line of custcol_shop_line \(.line)}" else .erp_line | tonumber end),
      isClosed: true
    }]}}
  }
| with_entries(select(.value != null))
