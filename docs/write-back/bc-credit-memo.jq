# refund-requests. Lines by their difference; what is left of the amount (charges, goodwill) is a line of its own.
def own($table; $word): $own.bc[$table][$word] // error("own.json: bc.\($table) has no \"\($word)\"");
def company: "/api/v2.0/companies(\($own.bc.company))";
def exact: (. * 10000 | round) / 10000;
(.amount | tonumber) as $amount
| [.by_line[] | select(.difference | tonumber > 0)] as $lines
| ([$lines[].difference_gross | tonumber] | add // 0) as $goods
| ($amount - $goods | exact) as $rest
| {
    call: "POST \(company)/salesCreditMemos",
    find: "GET \(company)/salesCreditMemos?$filter=externalDocumentNumber eq '\(.number)/\(.step)'",
    body: {
      externalDocumentNumber: "\(.number)/\(.step)",
      creditMemoDate: .occurred_at[:10],
      postingDate: .occurred_at[:10],
      customerNumber: own("customers"; .channel),
      currencyCode: .currency,
      pricesIncludeTax: true,
      salesCreditMemoLines: ([$lines[] | {
        lineType: "Item",
        lineObjectNumber: .sku_text,
        quantity: (.difference | tonumber),
        unitPrice: ((.difference_gross | tonumber) / (.difference | tonumber) | exact)
      }] + [select($rest != 0) | {lineType: "Account", lineObjectNumber: own("charge_accounts"; "refund"), quantity: 1, unitPrice: $rest}])
    }
  }
