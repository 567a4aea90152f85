# sales-orders, change. A line that NetSuite has not got yet has no erp_line; one of which nothing is wanted any more is closed.
def own($table; $word): $own.netsuite[$table][$word] // error("own.json: netsuite.\($table) has no \"\($word)\"");
def exact: (. * 10000 | round) / 10000;
def net: (.gross | tonumber) - (.tax | tonumber) | exact;
def filled: with_entries(select(.value != null));
def address: (.street | split("\n")) as $street | {
    addressee: (if .company == "" then .name else .company end),
    attention: (if .company == "" then "" else .name end),
    addr1: $street[0],
    addr2: ($street[1:] | join(", ")),
    city, state: .region, zip: .postcode,
    country: {id: .country},
    addrPhone: .phone
  };
def image: {
    memo: .note,
    shipMethod: {id: own("ship_methods"; .shipping_method)},
    shippingCost: ([.charges[] | select(.kind == "shipping") | net] | add // 0 | exact),
    shipComplete: (.advice == "whole"),
    shipDate: (if .promised_at then .promised_at[:10] else null end),
    shippingAddress: (if .ship_to then .ship_to | address else null end),
    billingAddress: (if .bill_to then .bill_to | address else null end)
  };
select(.action == "change")
| {
    call: "PATCH /record/v1/salesOrder/\(if .erp_id == "" then "eid:\(.order | @uri)" else .erp_id end)?replace=item",
    body: (image + {
      item: {items: ([.lines[] | {
        line: (if .erp_line == "" then null else .erp_line | tonumber end),
        item: (if .erp_item == "" then {externalId: .sku_text} else {id: .erp_item} end),
        description,
        quantity: (.wanted | tonumber),
        price: {id: "-1"},
        amount: net,
        tax1Amt: (.tax | tonumber),
        grossAmt: (.gross | tonumber),
        taxCode: {id: own("tax_codes"; .tax_code)},
        location: (if .location then {id: own("locations"; .location)} else null end),
        isClosed: (.wanted | tonumber == 0),
        custcol_shop_line: .line
      } | filled] + [.charges[] | select(.kind != "shipping") | {
        item: {id: own("charge_items"; .kind)},
        quantity: 1,
        amount: net,
        tax1Amt: (.tax | tonumber),
        grossAmt: (.gross | tonumber),
        taxCode: {id: own("tax_codes"; .tax_code)}
      }])}
    } | filled)
  }
