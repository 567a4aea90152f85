# order-reversals, erp. A page of your own; the differences of the step, below zero where it corrects.
def own($table; $word): $own.bc[$table][$word] // error("own.json: bc.\($table) has no \"\($word)\"");
def company: "/api/v2.0/companies(\($own.bc.company))";
select(.receiver == "erp")
| {
    call: "POST \(company)/orderReversals",
    body: {
      id,
      orderNumber: .receiver_number,
      lines: [.lines[] | {lineNumber: (.erp_line | tonumber), quantity: (.quantity | tonumber), amountIncludingTax: (.gross | tonumber)}]
    }
  }
