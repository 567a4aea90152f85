# fulfilment-requests, release. A product may stand on one line only, so lines of one SKU are joined.
def own($table; $word): $own.seko[$table][$word] // error("own.json: seko.\($table) has no \"\($word)\"");
def exact: (. * 10000 | round) / 10000;
def value(member): (member | tonumber) * (.to_send | tonumber) / (.total | tonumber);
select(.action == "release")
| own("couriers"; .shipping_method) as $courier
| .currency as $currency
| [.lines[] | select(.to_send | tonumber > 0)] as $sent
| ($sent | group_by(.sku_text) | map({
    LineNumber: (map(.line_number) | min),
    ProductCode: .[0].sku_text,
    ProductDescription: .[0].description,
    Quantity: (map(.to_send | tonumber) | add),
    UnitPrice: ((map(value(.gross)) | add) / (map(.to_send | tonumber) | add) | exact),
    VAT: (map(value(.tax)) | add | exact),
    CurrencyCode: $currency
  }) | sort_by(.LineNumber)) as $lines
| ((.ship_to.street // "") | split("\n")) as $street
| {
    call: "POST /hub/api/salesorders/v1/websubmit.json",
    body: {Request: {
      DeliveryDetails: {
        FirstName: (.ship_to.first_name // ""),
        LastName: (if .ship_to.last_name == "" then .ship_to.name else .ship_to.last_name end),
        EmailAddress: (.email // ""),
        PhoneNumber: .ship_to.phone,
        Line1: ($street[0] // ""),
        Line2: ($street[1:] | join(", ")),
        City: .ship_to.city,
        County: .ship_to.region,
        PostcodeZip: .ship_to.postcode,
        CountryCode: .ship_to.country
      },
      List: {SalesOrderLineItem: $lines},
      SalesOrderHeader: {DCCode: .location},
      WebSalesOrder: {
        SalesOrderNumber: .request_number,
        SalesOrderReference: .number,
        SalesOrderDate: .placed_at[:10],
        ScheduledShipDate: (if .promised_at then .promised_at[:10] else "" end),
        CourierName: $courier.name,
        CourierService: $courier.service,
        CurrencyCode: .currency,
        SubTotal: ($sent | map(value(.gross)) | add // 0 | exact),
        ShippingTotal: (.shipping | tonumber),
        TaxTotal: (($sent | map(value(.tax)) | add // 0) + (.shipping_tax | tonumber) | exact),
        NIFNumber: (.bill_to.tax_number // ""),
        Notes: .note,
        OrderType: "Web"
      }
    }}
  }
