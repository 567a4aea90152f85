# journal-entries. One call for each posting; a debit is above zero, a credit below.
def own($table; $word): $own.bc[$table][$word] // error("own.json: bc.\($table) has no \"\($word)\"");
def company: "/api/v2.0/companies(\($own.bc.company))";
def exact: (. * 10000 | round) / 10000;
. as $entry
| .postings[]
| {
    call: "POST \(company)/journals({journal})/journalLines",
    find: "GET \(company)/journals?$expand=journalLines($filter=documentNumber eq '\($entry.number)/\($entry.step)')",
    body: {
      accountNumber: .name,
      postingDate: $entry.date,
      documentNumber: "\($entry.number)/\($entry.step)",
      externalDocumentNumber: $entry.number,
      amount: ((.debit | tonumber) - (.credit | tonumber) | exact),
      description: $entry.id
    }
  }
