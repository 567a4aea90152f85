# product-updates. Without an offer the price is the regular one, and nothing is struck through.
{
  call: "productVariantsBulkUpdate",
  find: "{productVariants(first: 2, query: \"sku:\(.sku_text)\") {nodes {id sku product {id}}}}",
  body: {
    productId: "{product}",
    variants: [{
      id: "{variant}",
      price: (.offer_price // .regular_price),
      compareAtPrice: (if .offer_price then .regular_price else null end)
    }]
  }
}
