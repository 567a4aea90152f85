# product-updates. A row of the catalogue: an upload replaces the whole file, so keep the newest row of each item. Available is what this row and
# that of stock-updates call so.
def csv: map(. // "" | tostring | if test("[\",\r\n]") then "\"\(gsub("\""; "\"\""))\"" else . end) | join(",");
{
  call: "catalogue (CSV)",
  body: ([
    ["item", "title", "category", "price", "msrp", "available"],
    [.sku_text, .name, .category, (.offer_price // .regular_price), .regular_price, (if .blocked then "false" else "true" end)]
  ] | map(csv) | join("\n"))
}
