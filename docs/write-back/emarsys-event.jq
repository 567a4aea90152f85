# notifications. An equal trigger_id may be sent twice all the same: keep which ids were sent.
def filled: with_entries(select(.value != null));
def own($table; $word): $own.emarsys[$table][$word] // error("own.json: emarsys.\($table) has no \"\($word)\"");
{
  call: "POST /api/v2/event/\(own("events"; .kind))/trigger",
  body: {
    key_id: "3",
    contacts: [{
      external_id: .to,
      trigger_id: .id,
      event_time: .occurred_at,
      data: ({
        order: ({number, store, total, currency, promised_at} | filled),
        customer: {first_name, last_name},
        parcel: ({carrier, tracking} | filled),
        amount,
        items: [.lines[] | {sku: .sku_text, description, quantity: (.quantity | tonumber), gross}]
      } | filled)
    }]
  }
}
