# revenue-notices. The difference to the step before, of either sign.
{
  call: "POST \($own.finance.revenue)",
  body: {
    id,
    order,
    number,
    at: .occurred_at,
    currency,
    net: (.amount.net | tonumber),
    tax: (.amount.tax | tonumber),
    gross: (.amount.gross | tonumber)
  }
}
