# refund-requests. One call for each tender, after the credit memo, which it is applied to.
def own($table; $word): $own.netsuite[$table][$word] // error("own.json: netsuite.\($table) has no \"\($word)\"");
.by_tender[] as $part
| select($part.amount | tonumber > 0)
| {
    call: "PUT /record/v1/customerRefund/eid:\("\(.id)|\($part.tender)" | @uri)",
    body: {
      customer: {externalId: .customer},
      tranDate: .occurred_at[:10],
      paymentOption: {id: own("payment_options"; $part.tender)},
      currency: {id: own("currencies"; .currency)},
      memo: "\(.number) \($part.reference)",
      total: ($part.amount | tonumber),
      apply: {items: [{doc: {externalId: .id}, apply: true, amount: ($part.amount | tonumber)}]}
    }
  }
