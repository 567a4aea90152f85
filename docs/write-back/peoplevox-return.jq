# return-announcements. Two calls: the return, then its lines.
def csv: map(. // "" | tostring | if test("[\",\r\n]") then "\"\(gsub("\""; "\"\""))\"" else . end) | join(",");
def save($template; $rows): {call: "SaveData", body: {TemplateName: $template, CsvData: ($rows | map(csv) | join("\n")), Action: 0}};
.rma as $rma
| save("Return authorisation"; [["RmaNumber", "SalesOrderNumber", "CustomerName"], [.rma, .number, .from.name]]),
  save("Return authorisation items"; [["RmaNumber", "LineNumber", "ItemCode", "Quantity", "Reason"]] + [.lines[] | [
    $rma, .line_number, .sku_text, .total, (.reasons | join("; "))
  ]])
