# sales-lines. price is the line's total; what is cancelled or returned is below zero, at the time of that.
def csv: map(. // "" | tostring | if test("[\",\r\n]") then "\"\(gsub("\""; "\"\""))\"" else . end) | join(",");
def account: split("|") | if .[0] == "account" then .[2] else null end;
(if .email then {column: "email", value: .email} else {column: "customer", value: (.customer // "" | account)} end) as $who
| select($who.value != null)
| {
    call: "POST sales-data (text/csv)",
    body: ([
      ["item", "price", "order", "timestamp", $who.column, "quantity"],
      [.sku_text, .gross, .number, "\(.occurred_at[:19])Z", $who.value, .quantity]
    ] | map(csv) | join("\n"))
  }
