use super::*;

fn others() -> [Value; 4] {
    let headers = json(r#"{"X-Topic":"orders"}"#).expect("JSON");
    [Value::text("key-1"), headers, Value::text("shop.orders"), Value::text("2026-03-02T10:15:09Z")]
}

fn scope(record: &str) -> Scope<'static> {
    Scope::new(json(record).expect("JSON"), &others)
}

/// All that the expression gives for the record, as JSON; or why it does not.
fn all(expression: &str, record: &str) -> Result<Vec<String>, String> {
    let expression = Expression::compile(expression)?;
    let scope = scope(record);
    bounded(steps(record.len()), || {
        let mut given = Vec::new();
        expression.each(&scope.record, &scope, |value| {
            given.push(value.to_string());
            true
        })?;
        Ok(given)
    })
    .map_err(str::to_owned)?
}

fn one(expression: &str, record: &str) -> String {
    all(expression, record).unwrap_or_else(|error| panic!("{expression}: {error}")).join(" ")
}

fn error(expression: &str, record: &str) -> String {
    all(expression, record).expect_err(expression)
}

#[test]
fn numbers_keep_their_text_and_are_calculated_exactly() {
    for text in
        ["0.1", "1.10", "12345678901234567890.123456789", "9007199254740993", "9223372036854775808", "-0.50", "1.0000000000000000001"]
    {
        let record = format!("{{\"a\":{text}}}");
        for expression in [".a", "$record.a", ".[\"a\"]", "[.a][0]", "{b: .a} | .b", ".a | tojson | fromjson"] {
            assert_eq!(one(expression, &record), text, "{expression}");
        }
    }
    assert_eq!(one(".a + .b", r#"{"a":0.1,"b":0.2}"#), "0.3");
    assert_eq!(one(".a - .b", r#"{"a":64.95,"b":10.10}"#), "54.85");
    assert_eq!(one(".a * .b", r#"{"a":1.1,"b":3}"#), "3.3");
    assert_eq!(
        one("[.lines[].net] | add", r#"{"lines":[{"net":0.1},{"net":0.2},{"net":"0.3"}]}"#.replace("\"0.3\"", "0.3").as_str()),
        "0.6"
    );
    assert_eq!(one(".id + 1", r#"{"id":9007199254740993}"#), "9007199254740994");
    assert_eq!(one(".id + 1", r#"{"id":9223372036854775807}"#), "9223372036854775808");
    assert_eq!(one(".a | tonumber", r#"{"a":" 12345678901234567890.123456789 "}"#), "12345678901234567890.123456789");
    assert_eq!(one(".cents / 100", r#"{"cents":1299}"#), "12.99");
    assert_eq!(
        one("10 / 4, 10 / 5, 7 % 3, (1.5 | floor), (1.5 | ceil), (2.5 | round), (-2.5 | round), (-3 | abs)", "null"),
        "2.5 2 1 1 2 3 -3 3"
    );
    assert_eq!(one(".a == .b, .a < .c", r#"{"a":1.10,"b":1.1,"c":1.1000000000000000000001}"#), "true true");
    // More digits than can be calculated with: carried, and not rounded.
    let long = "1234567890123456789012345678901234567890.5";
    assert_eq!(one(".a", &format!("{{\"a\":{long}}}")), long);
    assert!(error(".a + 1", &format!("{{\"a\":{long}}}")).contains("cannot calculate"));
    assert!(error(".a / 0", r#"{"a":1}"#).contains("cannot calculate 1 / 0"));
}

#[test]
fn the_language_is_jqs() {
    let record = r#"{"order":{"lines":[{"sku":"TEE","opts":["M","red"]},{"sku":"CAP","opts":[]}]},"s":" a,b ;c","n":null,"t":true}"#;
    assert_eq!(one(".order.lines[] | .sku", record), r#""TEE" "CAP""#);
    assert_eq!(one("[.order.lines[].opts[]] | join(\"/\")", record), r#""M/red""#);
    assert_eq!(one(".order.lines | map(select(.opts | length > 0)) | length", record), "1");
    assert_eq!(one(".order.lines[-1].sku, .order.lines[0:1][0].sku, .s[1:2]", record), r#""CAP" "TEE" "a""#);
    assert_eq!(one(".n // \"none\", (.t | not), .missing.deep", record), r#""none" false null"#);
    assert_eq!(one("if .t then \"yes\" else \"no\" end", record), r#""yes""#);
    assert_eq!(one(".s | split(\",\") | map(ascii_upcase | trim)", record), r#"["A","B ;C"]"#);
    assert_eq!(
        one(".s | test(\"^ a\"), sub(\"[,;]\"; \"-\"), (capture(\"(?<x>[a-z]);(?<y>.)\") // null)", r#"{"s":"a,b;c"}"#),
        r#"false "a-b;c" {"x":"b","y":"c"}"#
    );
    assert_eq!(one(".s | IN(\"x\", \"y\"), (toarray | length)", r#"{"s":"y"}"#), "true 1");
    assert_eq!(one("to_entries | map(\"\\(.key)=\\(.value)\") | join(\"&\")", r#"{"a":1.10,"b":"x"}"#), r#""a=1.10&b=x""#);
    assert_eq!(
        one("reduce .[] as $x (0; . + $x), ([.[] | tostring] | sort), (group_by(. > 1) | length)", "[1,2,3]"),
        r#"6 ["1","2","3"] 2"#
    );
    assert_eq!(one(".a |= . + 1 | .b = \"x\" | del(.c) | .d += 2", r#"{"a":1,"c":2}"#), r#"{"a":2,"b":"x","d":2}"#);
    assert_eq!(
        one("\"aGk=\" | @base64d, (\"2026-03-02T10:15:09Z\" | fromdate), (1772446509 | todate)", "null"),
        r#""hi" 1772446509 "2026-03-02T10:15:09Z""#
    );
    assert_eq!(one("\"02/03/2026\" | strptime(\"%d/%m/%Y\") | mktime", "null"), "1772409600");
    assert_eq!(
        one(
            "try error(\"no\") catch ., ([1,2] | contains([2])), ({a: 1} | has(\"a\")), ([3,1] | min, max), (\"b,a\" | index(\",\"))",
            "null"
        ),
        r#""no" true true 1 3 1"#
    );
    assert_eq!(
        one("def f(x): x * 2; f(21), ([limit(3; repeat(1))] | length), first(range(5; 9)), ([paths] | length)", r#"{"a":[1]}"#),
        "42 3 5 2"
    );
    assert_eq!(one("..|numbers", r#"{"a":[1,{"b":2}]}"#), "1 2");
}

#[test]
fn what_an_expression_can_name() {
    assert_eq!(
        one("$key, $headers[\"X-Topic\"], $topic, $timestamp, $record.a", r#"{"a":1}"#),
        r#""key-1" "orders" "shop.orders" "2026-03-02T10:15:09Z" 1"#
    );
    // A name alone is the member, whatever functions there are.
    assert_eq!(one("length", r#"{"length":7}"#), "7");
    assert_eq!(one("status", r#"{"status":"paid"}"#), r#""paid""#);
    assert_eq!(one(".", r#"{"a":1}"#), r#"{"a":1}"#);
}

#[test]
fn what_depends_on_the_moment_or_the_machine_is_not_there() {
    for expression in ["[now]", "[env]", "[input]", "[halt]", "[debug]", "[localtime]", "[1 | pow(2; .)]", "include \"x\"; 1", "[$ENV]"] {
        assert!(Expression::compile(expression).is_err(), "{expression}");
    }
}

#[test]
fn what_does_not_compile_is_told_with_its_place() {
    let error = |text: &str| Expression::compile(text).err().unwrap_or_else(|| panic!("{text} compiles"));
    assert_eq!(error(".a | (.b"), "is no jq: expected closing parenthesis at character 9, found the end");
    assert_eq!(error(".a ++ .b"), "is no jq: expected nothing at character 4, found \"++\"");
    assert_eq!(
        error("result.tracking_code"),
        "at character 1: there is no function \"result\" of 0 arguments; the member of that name is \".result\""
    );
    assert_eq!(error(".a | foo(1)"), "at character 6: there is no function \"foo\" of 1 arguments");
    assert_eq!(error("$rec.a"), "at character 1: there is no variable \"$rec\"; there are $record, $key, $headers, $topic, $timestamp");
    assert_eq!(error("  "), "is blank");
    assert!(error(&"(".repeat(100)).starts_with("is longer than"));
    assert!(error(&format!("\"{}\"", "x".repeat(9_000))).starts_with("is longer than"));
}

#[test]
fn what_does_not_end_is_given_up() {
    let steps = "it does not come to an end (it took more steps than a record of this size has)";
    for expression in [
        "def f: f; f",
        "[repeat(1)]",
        "last(range(1; 1e15))",
        "reduce range(100) as $i (\"x\"; . + .)",
        "reduce range(100) as $i ([1]; . + .)",
        "first(range(1; 1e15) | select(. < 0))",
        "[range(1000000)] | length",
        "reduce range(64) as $i ([]; [., .]) | tojson | length",
        "[limit(1000000000; repeat(\"x\"))]",
        "try (def f: f; f) catch 1",
        "until(false; .)",
    ] {
        assert_eq!(error(expression, "{}"), steps, "{expression}");
    }
    assert_eq!(error("def f: 1 + f; f", "{}"), "it calls itself too deep");
    assert_eq!(error("reduce range(100000) as $i (null; [.])", "{}"), "its values nest too deep");
    assert!(error("\"x\" * 1000000000", "{}").contains("too long"));
    // A long record may take as long as its length.
    let items: Vec<String> = (0..20_000).map(|i| format!("{{\"n\":{i}}}")).collect();
    assert_eq!(one("[.[] | .n + 1 | select(. > 0)] | length", &format!("[{}]", items.join(","))), "20000");
}

#[test]
fn where_a_value_stands() {
    let place = |expression: &str, record: &str, nth: usize| {
        let scope = scope(record);
        Expression::compile(expression).expect("jq").place(nth, &scope.record, &scope)
    };
    let record = r#"{"a":{"b":[{"c":1},{"c":2}]}}"#;
    assert_eq!(place(".a.b", record, 0), Some((false, "a.b".to_owned())));
    assert_eq!(place("$record.a", record, 0), Some((true, "a".to_owned())));
    assert_eq!(place(".a.b[]", record, 1), Some((false, "a.b[1]".to_owned())));
    assert_eq!(place(".a.b[] | select(.c == 2) | .c", record, 0), Some((false, "a.b[1].c".to_owned())));
    assert_eq!(place(".a.b | length", record, 0), None);
}

#[test]
fn several_values_for_one_field_are_refused() {
    let scope = scope(r#"{"a":[1,2],"e":[]}"#);
    let one = |text: &str| Expression::compile(text).expect("jq").one(&scope.record, &scope);
    assert!(one(".a[]").expect_err("two").starts_with("it gives more than one value"));
    assert_eq!(one(".e[]"), Ok(Value::Null));
    assert_eq!(one(".a[1]").map(|value| value.to_string()), Ok("2".to_owned()));
}

#[test]
fn json_is_read_as_it_is_written() {
    for text in ["{\"z\":1,\"a\":[true,false,null,\"\\\"\"]}", "[]", "\"x\"", "-12.50", "{}"] {
        assert_eq!(json(text).map(|value| value.to_string()).as_deref(), Ok(text));
    }
    assert_eq!(json(" {\"a\" : 1 } ").map(|value| value.to_string()).as_deref(), Ok("{\"a\":1}"));
    assert_eq!(json("{\"a\":1,\"a\":2}").map(|value| value.to_string()).as_deref(), Ok("{\"a\":2}"));
    for text in ["", "{", "{\"a\"}", "[1,]", "01x", "nul", "{} {}", "\"\\q\"", "1.", "-"] {
        assert!(json(text).is_err(), "{text}");
    }
    assert!(json(&"[".repeat(100_000)).is_err());
}
