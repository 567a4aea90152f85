# sales-orders, create. Before the order, which names the customer.
def own($table; $word): $own.netsuite[$table][$word] // error("own.json: netsuite.\($table) has no \"\($word)\"");
def filled: with_entries(select(.value != null));
def text: if . == "" then null else . end;
select(.action == "create" and .customer != null)
| (.bill_to // .ship_to // {}) as $who
| {
    call: "PUT /record/v1/customer/eid:\(.customer | @uri)",
    body: ({
      isPerson: (($who.company // "") == ""),
      email,
      firstName: ($who.first_name | text),
      lastName: (($who.last_name | text) // $who.name),
      companyName: ($who.company | text),
      phone: ($who.phone | text),
      vatRegNumber: ($who.tax_number | text),
      currency: {id: own("currencies"; .currency)},
      subsidiary: {id: own("subsidiaries"; .brand)}
    } | filled)
  }
