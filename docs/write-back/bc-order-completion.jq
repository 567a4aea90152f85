# order-completions, erp. A page of your own.
def own($table; $word): $own.bc[$table][$word] // error("own.json: bc.\($table) has no \"\($word)\"");
def company: "/api/v2.0/companies(\($own.bc.company))";
select(.receiver == "erp")
| {
    call: "PATCH \(company)/deliveredOrders('\(.receiver_number)')",
    body: {deliveredAt: .delivered_at, assumed}
  }
