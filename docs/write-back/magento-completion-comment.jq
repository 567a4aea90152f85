# order-completions, shop. The id stands in front: whoever calls again looks for it first.
select(.receiver == "shop")
| {
    call: "POST /rest/V1/orders/\(.receiver_id)/comments",
    body: {statusHistory: {
      comment: "\(.id): delivered \(.delivered_at[:10])",
      is_customer_notified: 0,
      is_visible_on_front: 0
    }}
  }
