# order-reversals, shop. orderUpdate would replace the tags that are there.
def gid($type): if startswith("gid://") then . else "gid://shopify/\($type)/\(.)" end;
select(.receiver == "shop")
| {
    call: "tagsAdd",
    body: {id: (.receiver_id | gid("Order")), tags: [if .whole then "reversed" else "partly reversed" end]}
  }
