# despatch-notices, shop, notify. Goods make a shipment; a step that brings a tracking number alone is a track of the one that is there.
def own($table; $word): $own.magento[$table][$word] // error("own.json: magento.\($table) has no \"\($word)\"");
def filled: with_entries(select(.value != null));
select(.receiver == "shop" and .action == "notify")
| [.lines[] | select(.quantity | tonumber > 0)] as $lines
| {track_number: .tracking, title: .service, carrier_code: own("carriers"; .carrier)} as $track
| if $lines == [] then {
      call: "POST /rest/V1/shipment/track",
      find: "GET /rest/V1/shipments?searchCriteria[filter_groups][0][filters][0][field]=order_id&searchCriteria[filter_groups][0][filters][0][value]=\(.receiver_id)",
      body: {entity: ($track + {order_id: (.receiver_id | tonumber), parent_id: "{shipment}"})}
    }
  else {
      call: "POST /rest/V1/order/\(.receiver_id)/ship",
      body: {
        items: [$lines[] | {order_item_id: (.line | tonumber), qty: (.quantity | tonumber)}],
        notify: false,
        appendComment: true,
        comment: {comment: .id, is_visible_on_front: 0},
        tracks: [$track | select(.track_number != null)],
        arguments: {extension_attributes: {source_code: own("sources"; .location)}}
      }
    }
  end
