# order-completions, erp.
select(.receiver == "erp")
| {
    call: "PATCH /record/v1/salesOrder/\(.receiver_id)",
    body: {
      custbody_delivered: .delivered_at,
      item: {items: [.lines[] | {line: (.erp_line | tonumber), custcol_delivered: (.delivered | tonumber)}]}
    }
  }
