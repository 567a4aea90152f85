# order-reversals, erp. Totals, so that a further step replaces the one before.
select(.receiver == "erp")
| {
    call: "PATCH /record/v1/salesOrder/\(.receiver_id)",
    body: {item: {items: [.lines[] | {
      line: (.erp_line | tonumber),
      custcol_reversed: (.total | tonumber),
      custcol_reversed_amount: (.total_gross | tonumber),
      custcol_reversed_reasons: (.reasons | join(", "))
    }]}}
  }
