//! The columns that are read. Fields have numbers in the API, and names in the account's language in files.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::envelope::{SpelledColumns, spelled};

spelled! {
    /// A contact.
    pub(super) mod contact {
        EMAIL = "email|E-Mail|3|email_address",
        OPT_IN = "opt_in|Opt-In|31|optin",
        CHANGED = "opt_in_changed_at|opt_in_changed|changed_at",
        EXTERNAL = "external_id|External ID",
        ID = "contact_id|user_id|id",
        ACCOUNT = "account|account_id",
        EXPORTED = "exported_at",
        REGISTERED = "first_registration_date|48",
    }
}

spelled! {
    /// What happened to a mail.
    pub(super) mod event {
        CONTACT = "contact_id",
        AT = "event_time|timestamp",
        LOADED = "loaded_at",
        EMAIL = "email|E-Mail",
        EXTERNAL = "external_id|External ID",
        ACCOUNT = "customer_id|account",
        KIND = "campaign_type",
        UNSUBSCRIBED = "unsubscribe_type",
    }
}

spelled! {
    /// `last_change` of one contact.
    pub(super) mod change {
        CURRENT = "current_value",
        TIME = "time",
    }
}

spelled! {
    /// What a record may be.
    pub(super) mod outer {
        DATA = "data",
        REPLY = "replyCode",
        KEY = "key_id|keyId",
        OPERATION = "op",
        SOURCE = "source",
        CAMPAIGN = "campaign_id|launch_id|Campaign title",
        STREAM = "mail_stream_id",
        EVENT_TIME = "event_time",
    }
}

spelled! {
    /// The data of a reply.
    pub(super) mod data {
        RESULT = "result",
    }
}

pub(super) static EVENT: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(event::NAMES));
pub(super) static CHANGE: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(change::NAMES));
pub(super) static OUTER: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(outer::NAMES));
pub(super) static DATA: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(data::NAMES));

/// The columns of contacts, with the account's own names for them; an unknown key of `fields` is an error.
pub(super) fn contacts(fields: &BTreeMap<String, String>) -> Result<SpelledColumns, Vec<String>> {
    const KEYS: &[(&str, usize)] = &[
        ("email", contact::EMAIL),
        ("opt_in", contact::OPT_IN),
        ("opt_in_changed_at", contact::CHANGED),
        ("external_id", contact::EXTERNAL),
        ("contact_id", contact::ID),
        ("exported_at", contact::EXPORTED),
    ];
    let mut columns = SpelledColumns::new(contact::NAMES);
    let mut errors = Vec::new();
    for (key, name) in fields {
        match KEYS.iter().find(|(known, _)| known == key) {
            Some((_, place)) => columns.also(*place, name),
            None => {
                let known: Vec<&str> = KEYS.iter().map(|(known, _)| *known).collect();
                errors.push(format!("fields.\"{key}\": unknown field \"{key}\"{}", crate::sources::settings::suggestion(key, &known)));
            }
        }
    }
    if errors.is_empty() { Ok(columns) } else { Err(errors) }
}
