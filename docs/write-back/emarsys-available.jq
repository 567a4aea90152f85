# stock-updates. A row of the catalogue's column available, by item.
def csv: map(. // "" | tostring | if test("[\",\r\n]") then "\"\(gsub("\""; "\"\""))\"" else . end) | join(",");
{
  call: "catalogue (CSV)",
  body: ([["item", "available"], [.sku_text, (if .shown | tonumber > 0 then "true" else "false" end)]] | map(csv) | join("\n"))
}
