# stock-updates. Until 2026-01 the member is compareQuantity; null: whatever is there.
def own($table; $word): $own.shopify[$table][$word] // error("own.json: shopify.\($table) has no \"\($word)\"");
def gid($type): if startswith("gid://") then . else "gid://shopify/\($type)/\(.)" end;
{
  call: "inventorySetQuantities",
  find: "{productVariants(first: 2, query: \"sku:\(.sku_text)\") {nodes {sku inventoryItem {id}}}}",
  body: {
    idempotencyKey: .id,
    input: {
      name: "available",
      reason: "correction",
      referenceDocumentUri: "waybill://stock-updates/\(.id | @uri)",
      quantities: [{
        inventoryItemId: "{inventoryItem}",
        locationId: (own("channel_locations"; .channel) | gid("Location")),
        quantity: (.to_write | tonumber),
        changeFromQuantity: (if .shop_figure then .shop_figure | tonumber else null end)
      }]
    }
  }
}
