# sales-orders, create or change. One call for each capture; the same capture comes with every later step, and is the same deposit.
def own($table; $word): $own.netsuite[$table][$word] // error("own.json: netsuite.\($table) has no \"\($word)\"");
select(.action == "create" or .action == "change")
| .captures[] as $capture
| {
    call: "PUT /record/v1/customerDeposit/eid:\("\(.order)|\($capture.capture)" | @uri)",
    body: {
      customer: {externalId: .customer},
      salesOrder: {externalId: .order},
      payment: ($capture.amount | tonumber),
      tranDate: $capture.captured_at[:10],
      paymentOption: {id: own("payment_options"; $capture.tender)},
      memo: $capture.reference,
      currency: {id: own("currencies"; .currency)}
    }
  }
