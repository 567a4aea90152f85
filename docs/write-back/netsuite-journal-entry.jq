# journal-entries.
def own($table; $word): $own.netsuite[$table][$word] // error("own.json: netsuite.\($table) has no \"\($word)\"");
def filled: with_entries(select(.value != null));
def side: tonumber | if . == 0 then null else . end;
(if .customer then {externalId: .customer} else null end) as $entity
| {id: own("classes"; .channel)} as $class
| .number as $number
| {
    call: "PUT /record/v1/journalEntry/eid:\(.id | @uri)",
    body: {
      tranDate: .date,
      currency: {id: own("currencies"; .currency)},
      subsidiary: {id: own("subsidiaries"; .brand)},
      memo: .number,
      line: {items: [.postings[] | {
        account: {id: own("accounts"; .name)},
        debit: (.debit | side),
        credit: (.credit | side),
        entity: $entity,
        class: $class,
        memo: $number
      } | filled]}
    }
  }
