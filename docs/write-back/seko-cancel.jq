# fulfilment-requests, cancel. Works until SEKO has begun the dispatch. 006: another reason.
select(.action == "cancel")
| {
    call: "POST /api/salesorders/v3/\(.request_number | @uri)/cancel?reasonCode=\($own.seko.cancel_reasons[.reasons[0] // ""] // "006")",
    body: {}
  }
