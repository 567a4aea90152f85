# fulfilment-requests, cancel. The only status that an import may set.
def csv: map(. // "" | tostring | if test("[\",\r\n]") then "\"\(gsub("\""; "\"\""))\"" else . end) | join(",");
def save($template; $rows): {call: "SaveData", body: {TemplateName: $template, CsvData: ($rows | map(csv) | join("\n")), Action: 0}};
select(.action == "cancel")
| save("Sales orders"; [["SalesOrderNumber", "Status"], [.request_number, "Cancelled"]])
