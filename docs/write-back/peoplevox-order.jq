# fulfilment-requests, release or change. TotalSale has the carriage in it.
def own($table; $word): $own.peoplevox[$table][$word] // error("own.json: peoplevox.\($table) has no \"\($word)\"");
def exact: (. * 10000 | round) / 10000;
def csv: map(. // "" | tostring | if test("[\",\r\n]") then "\"\(gsub("\""; "\"\""))\"" else . end) | join(",");
def save($template; $rows): {call: "SaveData", body: {TemplateName: $template, CsvData: ($rows | map(csv) | join("\n")), Action: 0}};
def moment: if . == null then "" else .[:19] | sub("T"; " ") end;
select(.action == "release" or .action == "change")
| ((.ship_to.street // "") | split("\n")) as $street
| ([.lines[].gross | tonumber] | add // 0) as $goods
| ([.lines[].tax | tonumber] | add // 0) as $tax
| save("Sales orders"; [
    ["SalesOrderNumber", "CustomerPurchaseOrderReferenceNumber", "ContactName", "ShippingAddressLine1", "ShippingAddressLine2", "ShippingAddressCity",
     "ShippingAddressRegion", "ShippingAddressPostcode", "ShippingAddressCountry", "Email", "RequestedDeliveryDate", "CreatedDate", "ServiceType",
     "ShippingCost", "TotalSale", "TaxPaid", "ChannelName", "IsPartialShipment", "Site", "Attribute1"],
    [.request_number, .number, .ship_to.name, $street[0], ($street[1:] | join(", ")), .ship_to.city,
     .ship_to.region, .ship_to.postcode, .ship_to.country, .email, (.promised_at | moment), (.placed_at | moment), own("service_types"; .shipping_method),
     .shipping, ($goods + (.shipping | tonumber) | exact), ($tax + (.shipping_tax | tonumber) | exact), .channel,
     (if .advice == "partial" then "True" else "False" end), own("sites"; .location), .ship_to.phone]
  ])
