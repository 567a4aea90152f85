//! Answers of the HTTP server as text for people at a terminal.

use std::fmt::Write;

use serde_json::Value;

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_default()
}

fn list<'v>(value: &'v Value, member: &str) -> impl Iterator<Item = &'v Value> {
    value[member].as_array().into_iter().flatten()
}

/// A member in one word, whatever its type.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

/// An order: how it stands, line by line; what is requested of whom, and what each shut gate waits for; what a person must look at.
pub fn order(order: &Value, rows: bool) -> String {
    let mut page = String::new();
    // Writing to a string can't fail.
    let _ = draw_order(&mut page, order, rows);
    page
}

fn draw_order(page: &mut String, order: &Value, rows: bool) -> std::fmt::Result {
    let flags: Vec<&str> = list(order, "flags").filter_map(Value::as_str).collect();
    writeln!(page, "Order {} ({}), {}", text(order, "number"), text(order, "order"), word(&order["channel"]))?;
    write!(page, "  placed {}; {}; payment {}", word(&order["placed_at"]), text(order, "stage"), text(order, "payment"))?;
    writeln!(
        page,
        "; returns {}{}",
        text(order, "return_stage"),
        if flags.is_empty() { String::new() } else { format!("; {}", flags.join(", ")) }
    )?;
    let money = &order["money"];
    writeln!(
        page,
        "  {} total {}, captured {}, due back {}, refunded {}",
        text(money, "currency"),
        word(&money["total"]),
        word(&money["captured"]),
        word(&money["due"]),
        word(&money["refunded"])
    )?;
    writeln!(
        page,
        "\n  {:<16} {:<20} {:>8} {:>8} {:>9} {:>11} {:>10} {:>9}",
        "line", "SKU", "ordered", "wanted", "cancelled", "despatched", "delivered", "returned"
    )?;
    for line in list(order, "lines") {
        let figure = |member: &str| word(&line[member]);
        writeln!(
            page,
            "  {:<16} {:<20} {:>8} {:>8} {:>9} {:>11} {:>10} {:>9}",
            text(line, "line"),
            text(line, "sku"),
            figure("ordered"),
            figure("wanted"),
            figure("cancelled"),
            figure("despatched"),
            figure("delivered"),
            figure("returned")
        )?;
    }
    for parcel in list(order, "parcels") {
        let scan = match (text(parcel, "newest_scan"), text(parcel, "scanned_at")) {
            ("", _) => "no scan yet".to_owned(),
            (scan, at) => format!("newest scan {scan} at {at}"),
        };
        let assumed = if parcel["assumed"] == true { "; assumed to be delivered, without a scan" } else { "" };
        writeln!(
            page,
            "  parcel {} by {} (tracking {}), despatched {}: {scan}{assumed}",
            text(parcel, "parcel"),
            text(parcel, "carrier"),
            word(&parcel["tracking"]),
            text(parcel, "despatched_at"),
        )?;
    }
    writeln!(page, "\n  Requests")?;
    for topic in list(order, "why") {
        draw_topic(page, topic)?;
    }
    // One that a person has settled is over; one whose time has not come is not for a person yet.
    let findings = || list(order, "findings").filter(|finding| finding["decided"] != true);
    for (title, open) in [("For a person to look at", true), ("To be looked at, if it lasts", false)] {
        let mut found = findings().filter(|finding| (finding["open"] == true) == open).peekable();
        if found.peek().is_some() {
            writeln!(page, "\n  {title}")?;
        }
        for finding in found {
            let from = finding["opens_at"].as_str().filter(|_| !open).map_or(String::new(), |at| format!(" (from {at} on)"));
            writeln!(page, "  {}: {}{from}", text(finding, "kind"), text(finding, "sentence"))?;
        }
    }
    if rows {
        writeln!(page, "\n  {:<16} {:<12} {:<28} {:<22} record", "row", "source", "id", "at")?;
        for row in list(order, "rows") {
            let gone = if row["deleted"] == true { " (deleted)" } else { "" };
            writeln!(
                page,
                "  {:<16} {:<12} {:<28} {:<22} {}{gone}",
                text(row, "row"),
                text(row, "source"),
                text(row, "id"),
                text(row, "at"),
                text(row, "record")
            )?;
        }
    }
    Ok(())
}

fn draw_topic(page: &mut String, topic: &Value) -> std::fmt::Result {
    let name = match text(topic, "part") {
        "" => text(topic, "topic").to_owned(),
        part => format!("{} {part}", text(topic, "topic")),
    };
    writeln!(page, "  {name:<36} due: {}; requested: {}", text(topic, "due"), text(topic, "requested"))?;
    // What is not due waits for nothing; rows that would raise it may still come.
    let conditions = list(topic, "conditions").filter(|_| topic["outstanding"] != false);
    let shut = conditions.chain(list(topic, "waits")).filter(|gate| gate["holds"] == false);
    for gate in shut {
        let brings = match text(gate, "brings") {
            "" => String::new(),
            source => format!(", which {source} brings"),
        };
        let since = gate["since"].as_str().map_or(String::new(), |at| format!(" (since {at})"));
        writeln!(page, "      waits for {}{brings}{since}", text(gate, "waits_for"))?;
    }
    Ok(())
}

/// A SKU: the figure of each channel, and the terms that it is made of. `answer` is that of `GET /stock/{sku}?why`.
pub fn stock(answer: &Value) -> String {
    let mut page = String::new();
    let _ = draw_stock(&mut page, &answer["why"]);
    page
}

fn draw_stock(page: &mut String, stock: &Value) -> std::fmt::Result {
    writeln!(page, "SKU {}", text(stock, "sku"))?;
    let channels: Vec<&Value> = list(stock, "channels").collect();
    if channels.is_empty() {
        writeln!(page, "  no location that a channel sells from has counted it: it has no figure and is not shown")?;
    }
    for channel in channels {
        writeln!(page, "\n  {}", text(channel, "channel"))?;
        for count in list(channel, "counts") {
            let place = match text(count, "bucket") {
                "" => text(count, "location").to_owned(),
                bucket => format!("{} {bucket}", text(count, "location")),
            };
            writeln!(
                page,
                "  {:>10}  counted at {place} ({}, as of {})",
                word(&count["quantity"]),
                text(count, "basis"),
                word(&count["counted_at"])
            )?;
        }
        let terms = [
            ("moved", "+ moved since the counts"),
            ("claims_open", "- wanted by orders, and not excluded from the counts yet"),
            ("unresolved", "- despatched, for orders that are not known yet"),
            ("free", "= free"),
            ("safety_stock", "- safety stock"),
            ("shown", "= shown"),
            ("held_by_shop", "+ what the shop itself still subtracts"),
            ("to_write", "= to write"),
        ];
        for (member, what) in terms {
            writeln!(page, "  {:>10}  {what}", word(&channel[member]))?;
        }
    }
    Ok(())
}

/// What waits for a person: how much of each kind, then each with what to do and which decisions settle it. `answer` is that of `GET /exceptions`.
pub fn exceptions(answer: &Value) -> String {
    let mut page = String::new();
    let _ = draw_exceptions(&mut page, answer);
    page
}

fn draw_exceptions(page: &mut String, answer: &Value) -> std::fmt::Result {
    if list(answer, "kinds").chain(list(answer, "exceptions")).next().is_none() {
        return writeln!(page, "nothing waits for a person");
    }
    if list(answer, "kinds").next().is_some() {
        writeln!(page, "{:<28} {:>6}  {:<24} at risk", "kind", "open", "oldest since")?;
    }
    for kind in list(answer, "kinds") {
        let sums = kind["at_risk"].as_object().into_iter().flatten();
        let sums: Vec<String> = sums.map(|(currency, sum)| format!("{} {currency}", word(sum))).collect();
        writeln!(page, "{:<28} {:>6}  {:<24} {}", text(kind, "kind"), kind["open"], text(kind, "oldest"), sums.join(", "))?;
    }
    for found in list(answer, "exceptions") {
        let entity = found["order_number"].as_str().map_or_else(|| text(found, "entity").to_owned(), |number| format!("order {number}"));
        let slot = match text(found, "number") {
            "" => String::new(),
            number => format!(" {number}"),
        };
        writeln!(page, "\n{}{slot}, {entity}, since {}", text(found, "kind"), text(found, "since"))?;
        writeln!(page, "  {}\n  to do: {}", text(found, "sentence"), text(found, "to_do"))?;
        let choices: Vec<&str> = list(found, "decisions").map(|choice| text(choice, "choice")).collect();
        if !choices.is_empty() {
            writeln!(page, "  decisions: {}", choices.join(", "))?;
        }
        if !text(found, "owner").is_empty() {
            writeln!(page, "  taken up by {}", text(found, "owner"))?;
        }
        for note in list(found, "notes") {
            writeln!(page, "  note of {}, {}: {}", text(note, "who"), text(note, "at"), text(note, "text"))?;
        }
    }
    if !answer["next"].is_null() {
        writeln!(page, "\n{} in all: --limit shows more", answer["total"])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn a_shut_gate_says_what_it_waits_for_and_who_brings_it() {
        let answer = json!({
            "order": "magento|7", "number": "1004", "stage": "placed", "payment": "paid", "return_stage": "none",
            "why": [{
                "topic": "fulfilment-requests", "part": "MAIN", "due": "3 pieces", "requested": "0 pieces",
                "conditions": [
                    { "name": "secured", "holds": true, "waits_for": "", "brings": "" },
                    { "name": "recorded", "holds": false, "waits_for": "the ERP's record of the order", "brings": "nav", "since": "2026-03-02T10:00:00Z" },
                ],
            }],
        });
        let page = super::order(&answer, false);
        assert!(page.contains("waits for the ERP's record of the order, which nav brings (since 2026-03-02T10:00:00Z)"), "{page}");
        assert!(!page.contains("secured"), "{page}");
    }

    #[test]
    fn the_terms_add_up_from_top_to_bottom() {
        let answer = json!({ "product": null, "why": { "sku": "TEE", "channels": [{
            "channel": "uk", "counts": [{ "location": "LDN", "bucket": "", "quantity": "8", "basis": "on-hand", "counted_at": "2026-03-02T10:00:00Z" }],
            "moved": "0", "claims_open": "3", "unresolved": "0", "free": "5", "safety_stock": "1", "shown": "4", "held_by_shop": "3", "to_write": "7",
        }] } });
        let page = super::stock(&answer);
        let places: Vec<usize> =
            ["8  counted at LDN", "5  = free", "4  = shown", "7  = to write"].iter().filter_map(|line| page.find(line)).collect();
        assert!(page.starts_with("SKU TEE\n") && places.len() == 4 && places.is_sorted(), "{page}");
    }

    #[test]
    fn each_exception_says_what_to_do_and_what_can_be_decided() {
        let answer = json!({
            "total": 1, "next": null,
            "kinds": [{ "kind": "over-refunded", "open": 1, "oldest": "2026-03-02T10:00:00Z", "at_risk": { "GBP": "5.00" } }],
            "exceptions": [{
                "kind": "over-refunded", "entity": "magento|7", "number": "", "order_number": "1004", "since": "2026-03-02T10:00:00Z",
                "sentence": "25.00 GBP is refunded, 20.00 was due", "to_do": "accept the difference as goodwill", "decisions": [{ "choice": "accept" }],
            }],
        });
        let page = super::exceptions(&answer);
        for part in ["5.00 GBP", "over-refunded, order 1004", "25.00 GBP is refunded", "to do: accept", "decisions: accept"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert_eq!(super::exceptions(&json!({ "kinds": [], "exceptions": [] })), "nothing waits for a person\n");
    }
}
