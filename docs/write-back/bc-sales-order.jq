# sales-orders, create. Ask for `find` first: Business Central has no key that keeps an order from being made twice.
def own($table; $word): $own.bc[$table][$word] // error("own.json: bc.\($table) has no \"\($word)\"");
def company: "/api/v2.0/companies(\($own.bc.company))";
def exact: (. * 10000 | round) / 10000;
def filled: with_entries(select(.value != null));
def shown($inside): if $inside then .gross | tonumber else (.gross | tonumber) - (.tax | tonumber) | exact end;
# Of one piece; where the shop shows none, what is owed by piece.
def price($inside): if .unit_price then .unit_price | tonumber else shown($inside) / (.wanted | tonumber) | exact end;
def discount($inside): if .unit_price then price($inside) * (.wanted | tonumber) - shown($inside) | exact else 0 end;
select(.action == "create")
| .prices_include_tax as $inside
| ((.ship_to.street // "") | split("\n")) as $street
| {
    call: "POST \(company)/salesOrders",
    find: "GET \(company)/salesOrders?$filter=externalDocumentNumber eq '\(.number)'",
    body: ({
      externalDocumentNumber: .number,
      orderDate: .placed_at[:10],
      customerNumber: own("customers"; .channel),
      currencyCode: .currency,
      requestedDeliveryDate: (if .promised_at then .promised_at[:10] else null end),
      pricesIncludeTax: $inside,
      partialShipping: (.advice == "partial"),
      email,
      phoneNumber: .ship_to.phone,
      shipToName: .ship_to.name,
      shipToAddressLine1: $street[0],
      shipToAddressLine2: ($street[1:] | join(", ")),
      shipToCity: .ship_to.city,
      shipToState: .ship_to.region,
      shipToPostCode: .ship_to.postcode,
      shipToCountry: .ship_to.country,
      salesOrderLines: ([.lines[] | select(.wanted | tonumber > 0) | {
        lineType: "Item",
        lineObjectNumber: .sku_text,
        quantity: (.wanted | tonumber),
        unitPrice: price($inside),
        discountAmount: discount($inside),
        taxCode: own("tax_codes"; .tax_code),
        locationId: (if .location then own("locations"; .location) else null end)
      } | filled] + [.charges[] | {
        lineType: "Account",
        lineObjectNumber: own("charge_accounts"; .kind),
        quantity: 1,
        unitPrice: shown($inside),
        taxCode: own("tax_codes"; .tax_code)
      }])
    } | filled)
  }
