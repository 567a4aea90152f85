# refund-requests. Lines by their difference; what is left of the amount (charges, goodwill) is a line of its own.
def own($table; $word): $own.netsuite[$table][$word] // error("own.json: netsuite.\($table) has no \"\($word)\"");
def exact: (. * 10000 | round) / 10000;
def filled: with_entries(select(.value != null));
(.amount | tonumber) as $amount
| ([.by_line[].difference_gross | tonumber] | add // 0) as $goods
| ($amount - $goods | exact) as $rest
| {
    call: "PUT /record/v1/creditMemo/eid:\(.id | @uri)",
    body: ({
      entity: {externalId: .customer},
      createdFrom: (if .rma_ids | length == 1 then {id: .rma_ids[0]} else null end),
      tranDate: .occurred_at[:10],
      otherRefNum: .number,
      currency: {id: own("currencies"; .currency)},
      item: {items: ([.by_line[] | select(.difference_gross | tonumber != 0) | {
        item: (if .erp_item == "" then {externalId: .sku_text} else {id: .erp_item} end),
        quantity: (.difference | tonumber),
        price: {id: "-1"},
        amount: (.difference_net | tonumber),
        tax1Amt: (.difference_tax | tonumber),
        grossAmt: (.difference_gross | tonumber)
      }] + [select($rest != 0) | {item: {id: own("charge_items"; "refund")}, quantity: 1, grossAmt: $rest}])}
    } | filled)
  }
