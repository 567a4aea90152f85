//! Records that bring their schema, through the adapters of the systems whose databases write them.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;

use super::{Adapter, KINDS, trial};
use crate::facts::{Amount, Change, OrderRow, Quantity, Row};

/// A number as `precise` writes it: the digits without their point.
fn unscaled(digits: i128) -> String {
    let bytes = digits.to_be_bytes();
    let spare = (0..15).take_while(|at| matches!((bytes[*at], bytes[at + 1] >> 7), (0, 0) | (0xff, 1))).count();
    format!("\"{}\"", base64::engine::general_purpose::STANDARD.encode(&bytes[spare..]))
}

fn adapter(kind: &str, settings: &str) -> Arc<dyn Adapter> {
    let kind = KINDS.iter().find(|known| known.name == kind).expect("a kind");
    trial::build(kind, settings).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// A column: its name, its value, and what the schema says of it beside its name.
type Column<'a> = (&'a str, String, &'a str);

const DECIMAL_4: &str = r#""type":"bytes","name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"4","connect.decimal.precision":"20"}"#;
const TEXT: &str = r#""type":"string""#;
const WHOLE: &str = r#""type":"int64""#;

fn row(columns: &[Column<'_>]) -> (String, String) {
    let (mut row, mut fields) = (String::new(), String::new());
    for (name, value, schema) in columns {
        let comma = if row.is_empty() { "" } else { "," };
        write!(row, "{comma}\"{name}\":{value}").expect("a text");
        write!(fields, "{comma}{{{schema},\"optional\":true,\"field\":\"{name}\"}}").expect("a text");
    }
    (format!("{{{row}}}"), fields)
}

fn wrapped(source: &str, columns: &[Column<'_>]) -> String {
    let (row, fields) = row(columns);
    let image = |name: &str| format!(r#"{{"type":"struct","fields":[{fields}],"optional":true,"name":"t.Value","field":"{name}"}}"#);
    format!(
        r#"{{"schema":{{"type":"struct","fields":[{},{},{{"type":"string","optional":false,"field":"op"}}],"optional":false,"name":"t.Envelope","version":2}},
            "payload":{{"before":null,"after":{row},"source":{source},"op":"c","ts_ms":1}}}}"#,
        image("before"),
        image("after")
    )
}

const MAGENTO: &str =
    r#"{"connector":"mysql","ts_ms":1772446504000,"db":"shop","table":"sales_order_item","file":"bin.000001","pos":4,"row":0}"#;
const NAV: &str = r#"{"connector":"sqlserver","ts_ms":1772446500000,"db":"NAV","schema":"dbo","table":"Example Ltd_$Sales Line",
    "commit_lsn":"00000001:00000001:0001","change_lsn":"00000001:00000001:0001","event_serial_no":1}"#;

fn item<'a>(quantity: (String, &'a str), total: (String, &'a str)) -> Vec<Column<'a>> {
    let text = |text: &str| format!("\"{text}\"");
    vec![
        ("item_id", "1".into(), WHOLE),
        ("order_id", "7".into(), WHOLE),
        ("product_type", text("simple"), TEXT),
        ("sku", text("TEE"), TEXT),
        ("qty_ordered", quantity.0, quantity.1),
        ("row_total", total.0, total.1),
    ]
}

/// Pieces ordered and what they cost, or the decode error.
fn told(kind: &str, settings: &str, record: &str) -> Result<(Quantity, Amount), String> {
    let read =
        trial::translate(&*adapter(kind, settings), "any", Some(record), "2026-03-02T10:15:09Z", 1).map_err(|error| error.to_string())?;
    let line = read.1.iter().find_map(|fact| match &fact.change {
        Change::Upsert(Row::Order(OrderRow::Line(line))) => Some((line.ordered, line.gross)),
        Change::Upsert(Row::Order(OrderRow::ErpLine(line))) => Some((line.quantity, line.gross.unwrap_or_default())),
        _ => None,
    });
    line.ok_or_else(|| "no line".to_owned())
}

fn two_for_twenty() -> Result<(Quantity, Amount), String> {
    Ok((Quantity::from_int(2), Amount::from_int(20)))
}

const SETTINGS: [&str; 3] =
    ["currency = \"GBP\"", "currency = \"GBP\"\ndecimals = \"base64\"", "currency = \"GBP\"\ndecimals = \"base64\"\ndecimal_scale = 9"];

#[test]
fn a_record_that_brings_its_schema_is_read_by_it_whatever_is_configured() {
    for scale in [0, 2, 4, 6, 12, 20] {
        let schema = DECIMAL_4.replace("\"4\"", &format!("\"{scale}\""));
        let digits = |number: i128| (unscaled(number * 10i128.pow(scale)), schema.as_str());
        let record = wrapped(MAGENTO, &item(digits(2), digits(20)));
        for settings in SETTINGS {
            assert_eq!(told("magento", settings, &record), two_for_twenty(), "scale {scale}, {settings}");
        }
    }
}

/// One column altered, another of a module's own, in one record: each has its scale.
#[test]
fn columns_of_one_row_have_scales_of_their_own() {
    let six = DECIMAL_4.replace("\"4\"", "\"6\"");
    let record = wrapped(MAGENTO, &item((unscaled(20_000), DECIMAL_4), (unscaled(20_000_000), &six)));
    assert_eq!(told("magento", SETTINGS[1], &record), two_for_twenty());
}

#[test]
fn every_mode_of_decimals_is_read_right_where_the_schema_names_it() {
    let double = (r#"2.0"#.to_owned(), r#""type":"double""#);
    let text = ("\"2.000000\"".to_owned(), TEXT);
    let variable = (
        format!(r#"{{"scale":3,"value":{}}}"#, unscaled(2_000)),
        r#""type":"struct","fields":[{"type":"int32","field":"scale"},{"type":"bytes","field":"value"}],"name":"io.debezium.data.VariableScaleDecimal","version":1"#,
    );
    let numeric = ("2.0000".to_owned(), DECIMAL_4);
    let whole = ("2".to_owned(), WHOLE);
    for quantity in [double, text, variable, numeric, whole] {
        let record = wrapped(MAGENTO, &item(quantity.clone(), (unscaled(200_000), DECIMAL_4)));
        for settings in SETTINGS {
            assert_eq!(told("magento", settings, &record), two_for_twenty(), "{quantity:?}, {settings}");
        }
    }
    let blob = (unscaled(2), r#""type":"bytes""#);
    let error =
        told("magento", SETTINGS[1], &wrapped(MAGENTO, &item(blob, (unscaled(200_000), DECIMAL_4)))).expect_err("bytes without a scale");
    assert!(error.contains("after.qty_ordered") && error.contains("by the record's schema"), "{error}");
}

#[test]
fn without_a_schema_the_configuration_says_the_scale_column_by_column() {
    let bare = |quantity: String, total: String| {
        let (row, _) = row(&item((quantity, WHOLE), (total, WHOLE)));
        format!(r#"{{"before":null,"after":{row},"source":{MAGENTO},"op":"c","ts_ms":1}}"#)
    };
    let (two, twenty) = (bare(unscaled(20_000), unscaled(200_000)), bare(unscaled(2_000_000), unscaled(20_000_000)));
    assert_eq!(told("magento", SETTINGS[1], &two), two_for_twenty(), "Magento's own four digits");
    let six = format!("{}\ndecimal_scale = 6", SETTINGS[1]);
    assert_eq!(told("magento", &six, &twenty), two_for_twenty());
    let mixed = bare(unscaled(200), unscaled(20_000_000));
    for key in ["qty_ordered", "sales_order_item.qty_ordered"] {
        let columns = format!("{six}\ndecimal_scales = {{ \"{key}\" = 2, \"other.row_total\" = 1 }}");
        assert_eq!(told("magento", &columns, &mixed), two_for_twenty(), "{key}");
    }
}

#[test]
fn nav_is_read_by_the_schema_too() {
    let text = |text: &str| format!("\"{text}\"");
    for scale in [2, 5, 20] {
        let schema = DECIMAL_4.replace("\"4\"", &format!("\"{scale}\""));
        let digits = |number: i128| unscaled(number * 10i128.pow(scale));
        let columns = [
            ("Document Type", "1".into(), WHOLE),
            ("Document No_", text("S-1"), TEXT),
            ("Line No_", "10000".into(), WHOLE),
            ("Type", "2".into(), WHOLE),
            ("No_", text("TEE"), TEXT),
            ("Quantity", digits(2), schema.as_str()),
            ("Quantity (Base)", digits(2), schema.as_str()),
            ("Quantity Shipped", digits(0), schema.as_str()),
            ("Quantity Invoiced", digits(0), schema.as_str()),
            ("Amount Including VAT", digits(20), schema.as_str()),
        ];
        for settings in ["", "\ndecimals = \"base64\"", "\ndecimals = \"base64\"\ndecimal_scale = 4"] {
            let told = told("nav", &format!("company = \"Example Ltd.\"{settings}"), &wrapped(NAV, &columns));
            assert_eq!(told, two_for_twenty(), "scale {scale}, {settings}");
        }
    }
}

/// Numbers as public reports show them on the wire, each read as its reporter expects: airbytehq/airbyte#4315 (`decimal(10,4)` in MySQL),
/// risingwavelabs/risingwave#10628 and #19792 (PostgreSQL); and one that has no scale: yugabyte/debezium-connector-yugabytedb#336.
#[test]
fn numbers_of_public_reports() {
    let read = |wire: &str, scale: &str| {
        let schema = DECIMAL_4.replace("\"4\"", &format!("\"{scale}\""));
        let record = wrapped(MAGENTO, &item((format!("\"{wire}\""), &schema), (unscaled(200_000), DECIMAL_4)));
        told("magento", SETTINGS[1], &record).map(|(quantity, _)| quantity)
    };
    for (wire, scale, value) in
        [("B1g=", "4", "0.188"), ("DCY=", "4", "0.311"), ("BAg=", "4", "0.1032"), ("AcnDgA==", "2", "300000"), ("CSo=", "4", "0.2346")]
    {
        assert_eq!(read(wire, scale), Ok(Quantity::parse(value).expect("a quantity")), "{wire}");
    }
    let refused = read("B1g=", "-1").expect_err("no scale");
    assert!(refused.contains("after.qty_ordered") && refused.contains("without a scale"), "{refused}");
}
