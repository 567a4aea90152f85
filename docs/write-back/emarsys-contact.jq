# marketing-profiles. Known by its address, else by the shop's account; a guest without an address makes no call. "Never asked" and "pending" overwrite nothing.
def filled: with_entries(select(.value != null));
def account: split("|") | if .[0] == "account" then .[2] else null end;
$own.emarsys.fields as $fields
| (if .email then {key: "3", value: .email} else {key: $fields.external_id, value: (.person | account)} end) as $known
| [.consent[] | select(.channel == "email" and (.state == "yes" or .state == "no"))] as $answers
| ($answers | if any(.[]; .state == "no") then "2" elif . == [] then null else "1" end) as $opt_in
| select($known.value != null)
| {
    call: "PUT /api/v2/contact/?create_if_not_exists=1",
    body: {
      key_id: $known.key,
      contacts: [{
        ($known.key): $known.value,
        ($fields.external_id): (.person | account),
        "31": $opt_in,
        ($fields.consent_changed): ($answers | map(.changed_at // "") | max),
        ($fields.segment): .purchases.segment,
        ($fields.orders): (if .purchases then .purchases.orders | tostring else null end),
        ($fields.last_order): .purchases.last_order_at
      } | filled]
    }
  }
