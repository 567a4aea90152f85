//! The Grafana board `docker/grafana/waybill.json`: written from the list below, question by question.

use serde_json::{Value, json};

use super::blessed;

/// A panel. In its queries `$i` stands for the chosen instances.
struct Panel {
    title: &'static str,
    /// What a person learns from it.
    about: &'static str,
    shape: Shape,
    unit: &'static str,
    /// Expression and legend.
    queries: &'static [(&'static str, &'static str)],
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// One figure; green below the first number, red from the second on.
    Figure(f64, f64),
    /// The same, where more is better.
    More(f64, f64),
    Lines,
    Stacked,
    Table,
}

use Shape::{Figure, Lines, More, Stacked, Table};

const fn panel(
    title: &'static str,
    about: &'static str,
    shape: Shape,
    unit: &'static str,
    queries: &'static [(&'static str, &'static str)],
) -> Panel {
    Panel { title, about, shape, unit, queries }
}

const NEVER: f64 = f64::INFINITY;

#[rustfmt::skip]
const BOARD: &[(&str, &[Panel])] = &[
    ("Is it well?", &[
        panel("Ready", "1: it works on records. 0: GET /readyz says what it waits for", More(1.0, 1.0), "none", &[("min(waybill_ready{$i})", "")]),
        panel("Brokers", "1: they answer", More(1.0, 1.0), "none", &[("min(waybill_broker_reached{$i})", "")]),
        panel("Ready, last day", "The share of a day", More(0.99, 0.999), "percentunit", &[("min(waybill:ready:avg1d{$i})", "")]),
        panel("Nothing committed for", "Although records wait", Figure(10.0, 60.0), "s", &[("max(waybill_uncommitted_seconds{$i})", "")]),
        panel("Up since", "A start is a dent in all that follows", Figure(NEVER, NEVER), "dateTimeAsIso", &[("max(process_start_time_seconds{job=\"waybill\",$i}) * 1000", "")]),
        panel("Version", "", Figure(NEVER, NEVER), "none", &[("waybill_build_info{$i}", "{{version}}")]),
        panel("Alerts", "What calls a person now", Table, "none", &[("ALERTS{alertstate=\"firing\",alertname=~\"Waybill.+\"}", "")]),
    ]),
    ("Is it in step?", &[
        panel("Behind", "How old the newest committed record is, while more wait", Lines, "s", &[("waybill_lag_seconds{$i}", "{{source}}")]),
        panel("Records that wait", "", Lines, "short", &[("waybill_lag_records{$i}", "{{source}}")]),
        panel("From the record to what follows", "95 of 100 epochs: the age of the oldest record at its commit", Lines, "s", &[("waybill:end_to_end_seconds:p95_5m{$i}", "{{source}}")]),
        panel("Silent for", "Since the newest record of a source", Lines, "s", &[("waybill:source_silent:seconds{$i}", "{{source}}")]),
        panel("Newest record", "When it was written", Table, "dateTimeAsIso", &[("waybill_last_record_timestamp_seconds{$i} * 1000", "{{source}}")]),
        panel("Records read", "A second, by source", Stacked, "ops", &[("sum by (source) (waybill:records:rate5m{$i})", "{{source}}")]),
        panel("Dead letters", "In a quarter of an hour", Lines, "short", &[("waybill:dead_letters:increase15m{$i}", "{{source}}")]),
        panel("Dead letters that wait", "Nobody has read them again or discarded them: waybill dead-letters", Figure(1.0, NEVER), "none", &[("sum(waybill_dead_letters_outstanding{$i})", "")]),
        panel("Partitions held", "By a transaction of their writer that is not ended", Lines, "short", &[("waybill_held_partitions{$i}", "{{source}}")]),
        panel("Words without a meaning, rows passed over", "In an hour", Lines, "short", &[
            ("increase(waybill_unknown_words_total{$i}[1h])", "{{source}}: unknown words"),
            ("increase(waybill_facts_passed_over_total{$i}[1h])", "{{source}}: passed over"),
        ]),
    ]),
    ("What waits?", &[
        panel("Exceptions to look at now", "Requests wait for a decision", Figure(1.0, 1.0), "none", &[("sum(waybill:exceptions_open:sum{urgency=\"now\",$i})", "")]),
        panel("... today", "", Figure(NEVER, NEVER), "none", &[("sum(waybill:exceptions_open:sum{urgency=\"today\",$i})", "")]),
        panel("... routine", "", Figure(NEVER, NEVER), "none", &[("sum(waybill:exceptions_open:sum{urgency=\"routine\",$i})", "")]),
        panel("Held requests", "Until a person decides: waybill held", Figure(1.0, 1.0), "none", &[("sum(waybill_requests_held{$i}) or vector(0)", "")]),
        panel("Exceptions by kind", "Without those that nobody has", Stacked, "short", &[("sum by (kind) (waybill_exceptions_open{$i}) > 0", "{{kind}}")]),
        panel("Pieces that wait", "By step; without those that a person is asked about", Stacked, "short", &[("sum by (step) (waybill_counts{unit=\"pieces\",part=\"waiting\",$i})", "{{step}}")]),
        panel("Pieces with an exception", "By step", Stacked, "short", &[("sum by (step) (waybill_counts{unit=\"pieces\",part=\"exceptions\",$i})", "{{step}}")]),
        panel("The oldest order that waits", "Since it was placed, without an exception", Lines, "s", &[("time() - waybill_oldest_waiting_timestamp_seconds{$i}", "{{shop}}: {{step}}")]),
        panel("Events written", "A second, by topic", Stacked, "ops", &[("sum by (topic) (waybill:events:rate5m{$i}) > 0", "{{topic}}")]),
    ]),
    ("Money", &[
        panel("Books are off by", "Must be 0", Figure(0.001, 0.001), "none", &[("sum(abs(waybill_books_off{$i})) or vector(0)", "")]),
        panel("Counts are off by", "Must be 0", Figure(0.001, 0.001), "none", &[("sum(abs(waybill_counts{part=\"off\",$i})) or vector(0)", "")]),
        panel("Due and not requested", "Must be 0", Figure(1.0, 1.0), "none", &[("sum(waybill_requests_unsent{$i})", "")]),
        panel("Events too large", "Since the start; must be 0", Figure(1.0, 1.0), "none", &[("sum(waybill_events_too_large_total{$i})", "")]),
        panel("Looked through", "Books and counts are computed every ten minutes", Figure(1_200.0, 1_800.0), "s", &[("time() - min(waybill_audit_timestamp_seconds{$i})", "")]),
        panel("Refunds requested, money in an hour", "By currency", Lines, "short", &[("waybill:refunds_money:increase1h{$i}", "{{currency}}")]),
        panel("Refunds requested in an hour", "By currency", Lines, "short", &[("increase(waybill_refunds_requested_total{$i}[1h])", "{{currency}}")]),
        panel("Money that waits", "By step and currency", Stacked, "short", &[("sum by (step, currency) (waybill_counts{unit=\"money\",part=\"waiting\",$i})", "{{step}} {{currency}}")]),
    ]),
    ("The engine", &[
        panel("Epochs", "A second; each is one transaction", Lines, "ops", &[("waybill:epochs:rate5m{$i}", "{{instance}}")]),
        panel("Time of an epoch's stages", "99 of 100", Lines, "s", &[("waybill:epoch_seconds:p99_5m{$i}", "{{stage}}")]),
        panel("Records in an epoch", "The mean", Lines, "short", &[("rate(waybill_epoch_records_sum{$i}[5m]) / rate(waybill_epoch_records_count{$i}[5m])", "{{instance}}")]),
        panel("Not committed", "Epochs in an hour, by cause; and epochs that were dropped", Lines, "short", &[
            ("increase(waybill_epochs_not_committed_total{$i}[1h])", "{{cause}}"),
            ("increase(waybill_epochs_aborted_total{$i}[1h])", "dropped"),
        ]),
        panel("Epochs committed", "Since the start", Lines, "short", &[("waybill_epochs_total{$i}", "{{instance}}")]),
        panel("Facts", "A second: new, or stale (a repeat, or older)", Stacked, "ops", &[("rate(waybill_facts_total{$i}[5m])", "{{outcome}}")]),
        panel("Views computed", "A second, by kind of entity", Stacked, "ops", &[("rate(waybill_sealed_total{$i}[5m])", "{{entity}}")]),
        panel("State written", "Bytes a second", Lines, "Bps", &[("rate(waybill_state_bytes_total{$i}[5m])", "bytes")]),
        panel("State written, records", "Records a second", Lines, "ops", &[("rate(waybill_state_records_total{$i}[5m])", "records")]),
        panel("Restore", "What the last start read, and how long it took", Table, "short", &[
            ("waybill_restore_records_total{$i}", "records"),
            ("waybill_restore_seconds{$i}", "seconds"),
        ]),
        panel("Memory", "", Lines, "bytes", &[
            ("process_resident_memory_bytes{job=\"waybill\",$i}", "used"),
            ("waybill_memory_limit_bytes{$i}", "limit"),
        ]),
        panel("Processors", "Seconds of processor time a second", Lines, "short", &[("rate(process_cpu_seconds_total{job=\"waybill\",$i}[5m])", "{{instance}}")]),
        panel("Open files", "", Lines, "short", &[("process_open_fds{job=\"waybill\",$i}", "open"), ("process_max_fds{job=\"waybill\",$i}", "limit")]),
    ]),
];

const WIDTH: usize = 24;

fn board() -> Value {
    let (mut panels, mut top, mut id) = (Vec::new(), 0, 0);
    let mut next = || {
        id += 1;
        id
    };
    for (question, of_row) in BOARD {
        panels.push(
            json!({"id": next(), "type": "row", "title": question, "collapsed": false, "panels": [], "gridPos": place(0, top, WIDTH, 1)}),
        );
        top += 1;
        let (mut left, mut tallest) = (0, 0);
        for panel in *of_row {
            let (width, height) = if is_figure(panel.shape) { (4, 4) } else { (8, 7) };
            if left + width > WIDTH || (tallest > 0 && tallest != height) {
                (left, top) = (0, top + tallest);
            }
            panels.push(panel.json(next(), place(left, top, width, height)));
            (left, tallest) = (left + width, height);
        }
        top += tallest;
    }
    json!({
        "title": "Waybill",
        "uid": "waybill",
        "tags": ["waybill"],
        "schemaVersion": 39,
        "editable": true,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [
            {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"},
            {"name": "instance", "type": "query", "label": "Instance", "datasource": SOURCE.clone(), "query": "label_values(waybill_ready, instance)",
             "refresh": 2, "includeAll": true, "multi": true, "allValue": ".*", "current": {"text": "All", "value": "$__all"}},
        ]},
        "annotations": {"list": [{
            "name": "Starts", "datasource": SOURCE.clone(), "enable": true, "iconColor": "orange",
            "expr": "changes(process_start_time_seconds{job=\"waybill\",instance=~\"$instance\"}[1m]) > 0",
        }]},
        "panels": panels,
    })
}

static SOURCE: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| json!({"type": "prometheus", "uid": "${datasource}"}));

fn place(left: usize, top: usize, width: usize, height: usize) -> Value {
    json!({"x": left, "y": top, "w": width, "h": height})
}

fn is_figure(shape: Shape) -> bool {
    matches!(shape, Figure(..) | More(..))
}

impl Panel {
    fn json(&self, id: usize, place: Value) -> Value {
        let instant = is_figure(self.shape) || self.shape == Table;
        let targets: Vec<Value> = (self.queries.iter().zip('A'..))
            .map(|((expression, legend), letter)| {
                json!({
                    "refId": letter.to_string(),
                    "datasource": SOURCE.clone(),
                    "expr": expression.replace("$i", "instance=~\"$instance\""),
                    "legendFormat": legend,
                    "instant": instant,
                    "range": !instant,
                    "format": if self.shape == Table { "table" } else { "time_series" },
                })
            })
            .collect();
        let mut defaults = json!({"unit": self.unit});
        match self.shape {
            Figure(yellow, red) => defaults["thresholds"] = steps("green", [(yellow, "yellow"), (red, "red")]),
            More(yellow, green) => defaults["thresholds"] = steps("red", [(yellow, "yellow"), (green, "green")]),
            Stacked => defaults["custom"] = json!({"fillOpacity": 20, "stacking": {"mode": "normal"}}),
            Lines | Table => {}
        }
        let (kind, options) = match self.shape {
            // A figure without a number shows its legend: the version.
            Figure(..) if self.title == "Version" => ("stat", json!({"textMode": "name", "reduceOptions": {"calcs": ["lastNotNull"]}})),
            Figure(..) | More(..) => ("stat", json!({"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "background"})),
            Lines | Stacked => {
                ("timeseries", json!({"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}))
            }
            Table => ("table", json!({})),
        };
        json!({
            "id": id, "type": kind, "title": self.title, "description": self.about, "datasource": SOURCE.clone(), "gridPos": place,
            "targets": targets, "fieldConfig": {"defaults": defaults, "overrides": []}, "options": options,
        })
    }
}

/// Thresholds; of two that are equal the last colour counts, and those that are never reached are left out.
fn steps(first: &str, then: [(f64, &str); 2]) -> Value {
    let mut steps = vec![json!({"color": first, "value": null})];
    let [(at, _), (last, _)] = then;
    let kept = then.into_iter().skip(usize::from(at == last)).filter(|(at, _)| at.is_finite());
    steps.extend(kept.map(|(at, colour)| json!({"color": colour, "value": at})));
    json!({"mode": "absolute", "steps": steps})
}

#[test]
fn the_board_is_as_the_list_has_it() {
    let text = serde_json::to_string_pretty(&board()).expect("JSON");
    blessed("docker/grafana/waybill.json", &format!("{text}\n"));
}

/// Panels of one height stand side by side, and none over another.
#[test]
fn no_panel_lies_over_another() {
    let board = board();
    let panels = board["panels"].as_array().expect("panels");
    let edges = |panel: &Value| {
        let side = |name: &str| panel["gridPos"][name].as_u64().expect("a number");
        (side("x"), side("y"), side("x") + side("w"), side("y") + side("h"))
    };
    for (number, one) in panels.iter().enumerate() {
        for other in &panels[number + 1..] {
            let ((left, top, right, bottom), (other_left, other_top, other_right, other_bottom)) = (edges(one), edges(other));
            let apart = right <= other_left || other_right <= left || bottom <= other_top || other_bottom <= top;
            assert!(apart, "{} lies over {}", one["title"], other["title"]);
        }
    }
}
