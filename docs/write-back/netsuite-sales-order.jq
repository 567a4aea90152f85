# sales-orders, create. The goods first, then the charges that NetSuite has no field of its own for.
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
def percent: .tax_code | split("-")[-1] | tonumber;
select(.action == "create")
| .prices_include_tax as $inside
| {
    call: "PUT /record/v1/salesOrder/eid:\(.order | @uri)",
    body: (image + {
      otherRefNum: .number,
      entity: {externalId: .customer},
      email,
      tranDate: .placed_at[:10],
      currency: {id: own("currencies"; .currency)},
      subsidiary: {id: own("subsidiaries"; .brand)},
      orderStatus: {id: (if .holds == [] then "B" else "A" end)},
      item: {items: ([.lines[] | {
        item: {externalId: .sku_text},
        description,
        quantity: (.wanted | tonumber),
        price: {id: "-1"},
        rate: (if .unit_price == null then null
               elif $inside then (.unit_price | tonumber) * 100 / (100 + percent) | exact
               else .unit_price | tonumber end),
        amount: net,
        tax1Amt: (.tax | tonumber),
        grossAmt: (.gross | tonumber),
        taxCode: {id: own("tax_codes"; .tax_code)},
        location: (if .location then {id: own("locations"; .location)} else null end),
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
