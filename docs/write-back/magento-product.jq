# product-updates. An offer's last moment is the second before offer_until, which does not belong to it.
def filled: with_entries(select(.value != null));
def moment: if . == null then null else .[:19] | sub("T"; " ") end;
def last: if . == null then null else .[:19] + "Z" | fromdate - 1 | todate | moment end;
{
  call: "PUT /rest/V1/products/\(.sku_text | @uri)",
  body: {product: ({
    sku: .sku_text,
    name,
    price: (if .regular_price then .regular_price | tonumber else null end),
    status: (if .blocked then 2 else 1 end),
    custom_attributes: [
      {attribute_code: "special_price", value: .offer_price},
      {attribute_code: "special_from_date", value: (.offer_from | moment)},
      {attribute_code: "special_to_date", value: (.offer_until | last)}
    ]
  } | filled)}
}
