# sales-orders, change or cancel. The head, then each line. Of a cancelled order every quantity is 0: a deleted one would not be a cancelled one.
def own($table; $word): $own.bc[$table][$word] // error("own.json: bc.\($table) has no \"\($word)\"");
def company: "/api/v2.0/companies(\($own.bc.company))";
def exact: (. * 10000 | round) / 10000;
def shown($inside): if $inside then .gross | tonumber else (.gross | tonumber) - (.tax | tonumber) | exact end;
# Of one piece; where the shop shows none, what is owed by piece.
def price($inside): if .unit_price then .unit_price | tonumber else shown($inside) / (.wanted | tonumber) | exact end;
def discount($inside): if .unit_price then price($inside) * (.wanted | tonumber) - shown($inside) | exact else 0 end;
def worth($inside): if .wanted | tonumber == 0 then {quantity: 0} else {
    quantity: (.wanted | tonumber),
    unitPrice: price($inside),
    discountAmount: discount($inside)
  } end;
def filled: with_entries(select(.value != null));
select(.action == "change" or .action == "cancel")
| (.erp_number == "") as $unknown
| .prices_include_tax as $inside
| ((.ship_to.street // "") | split("\n")) as $street
| "\(company)/salesOrders({salesOrder})" as $order
| "GET \(company)/salesOrders?$filter=\(
    if $unknown then "externalDocumentNumber eq '\(.number)'" else "number eq '\(.erp_number)'" end
  )&$expand=salesOrderLines" as $find
| {
    call: "PATCH \($order)",
    find: $find,
    body: ({
      requestedDeliveryDate: (if .promised_at then .promised_at[:10] else null end),
      partialShipping: (.advice == "partial"),
      phoneNumber: .ship_to.phone,
      shipToName: .ship_to.name,
      shipToAddressLine1: $street[0],
      shipToAddressLine2: ($street[1:] | join(", ")),
      shipToCity: .ship_to.city,
      shipToState: .ship_to.region,
      shipToPostCode: .ship_to.postcode,
      shipToCountry: .ship_to.country
    } | filled)
  },
  (.lines[]
   | if .erp_line == "" and ($unknown | not) then
       select(.wanted | tonumber > 0) | {
         call: "POST \($order)/salesOrderLines",
         find: $find,
         body: (worth($inside) + ({
           lineType: "Item",
           lineObjectNumber: .sku_text,
           taxCode: own("tax_codes"; .tax_code),
           locationId: (if .location then own("locations"; .location) else null end)
         } | filled))
       }
     else {
         call: "PATCH \($order)/salesOrderLines({line of \(if $unknown then "item \(.sku_text)" else "sequence \(.erp_line)" end)})",
         find: $find,
         body: worth($inside)
       }
     end)
