# stock-updates. Magento does not work the status out: it is sent, too.
def own($table; $word): $own.magento[$table][$word] // error("own.json: magento.\($table) has no \"\($word)\"");
{
  call: "POST /rest/V1/inventory/source-items",
  body: {sourceItems: [{
    sku: .sku_text,
    source_code: own("channel_sources"; .channel),
    quantity: (.to_write | tonumber),
    status: (if .backorder_allowed or (.to_write | tonumber > 0) then 1 else 0 end)
  }]}
}
