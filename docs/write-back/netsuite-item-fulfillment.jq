# despatch-notices, erp. The first step makes the fulfilment; later ones (its tracking number, other totals) change it.
def own($table; $word): $own.netsuite[$table][$word] // error("own.json: netsuite.\($table) has no \"\($word)\"");
def filled: with_entries(select(.value != null));
select(.receiver == "erp")
| (.step == 1 and .action == "notify") as $first
| .location as $location
| {
    call: (if $first then "POST /record/v1/salesOrder/\(.receiver_id)/!transform/itemFulfillment"
           else "PATCH /record/v1/itemFulfillment/eid:\(.ledger_key | @uri)" end),
    find: (if $first then "GET /record/v1/salesOrder/\(.receiver_id)?expandSubResources=true" else null end),
    body: ({
      externalId: (if $first then .ledger_key else null end),
      tranDate: .despatched_at[:10],
      shipStatus: {id: "C"},
      memo: .parcel,
      item: {items: [.lines[] | {
        orderLine: (.erp_line | tonumber),
        itemReceive: (.total | tonumber > 0),
        quantity: (if $first then .quantity else .total end | tonumber),
        location: {id: own("locations"; $location)}
      }]},
      package: (if .tracking then {items: [{packageTrackingNumber: .tracking, packageDescr: .parcel}]} else null end)
    } | filled)
  }
| filled
