# refund-requests. Magento works out the lines by itself; what is given beside them stands in the arguments.
def exact: (. * 10000 | round) / 10000;
def rest: (.amount | tonumber) - ([.by_line[].difference_gross | tonumber] | add // 0) | exact;
def of($reason): [.by_reason[] | select(.reason == $reason) | .total | tonumber] | add // 0;
# Of what is left beside the lines: carriage first, as far as it goes back at all.
def carriage: [[rest, of("shipping")] | min, 0] | max;
{
  call: "POST /rest/V1/order/\(.shop_id)/refund",
  body: {
    items: [.by_line[] | select(.difference | tonumber > 0) | {order_item_id: (.line | tonumber), qty: (.difference | tonumber)}],
    notify: false,
    appendComment: true,
    comment: {comment: .id, is_visible_on_front: 0},
    arguments: {
      shipping_amount: carriage,
      adjustment_positive: ([rest - carriage, 0] | max | exact),
      adjustment_negative: ([carriage - rest, 0] | max | exact)
    }
  }
}
