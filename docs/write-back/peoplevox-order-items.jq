# fulfilment-requests, release or change. After the order itself. An import removes no line: one that is not to be sent any more has the quantity 0.
def exact: (. * 10000 | round) / 10000;
def csv: map(. // "" | tostring | if test("[\",\r\n]") then "\"\(gsub("\""; "\"\""))\"" else . end) | join(",");
def save($template; $rows): {call: "SaveData", body: {TemplateName: $template, CsvData: ($rows | map(csv) | join("\n")), Action: 0}};
select(.action == "release" or .action == "change")
| .request_number as $number
| save("Sales order items"; [["SalesOrderNumber", "Line", "ItemCode", "QuantityOrdered", "SalePrice"]] + [.lines[] | [
    $number, .line_number, .sku_text, .total,
    (if .total | tonumber == 0 then 0 else (.gross | tonumber) / (.total | tonumber) | exact end)
  ]])
