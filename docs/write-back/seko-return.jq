# return-announcements.
def own($table; $word): $own.seko[$table][$word] // error("own.json: seko.\($table) has no \"\($word)\"");
[.lines[].reasons[]] as $reasons
| {
    call: "POST /hub/api/receipts/v1/submit.json",
    body: {Request: {
      Receipt: {
        ASNNumber: .rma,
        HBReference: .rma,
        IsReturn: true,
        UpdateReceipt: (.action != "announce"),
        ReceiptReasonCode: (if $reasons == [] then "" else own("return_reasons"; $reasons[0]) end),
        Notes: "\(.number) \(.from.name // "")"
      },
      ReceiptHeader: {DCCode: .location},
      List: {ReceiptLineItem: [.lines[] | {
        LineNumber: .line_number,
        ProductCode: .sku_text,
        Quantity: (.total | tonumber),
        SupplierCompanyCode: $own.seko.supplier
      }]}
    }}
  }
