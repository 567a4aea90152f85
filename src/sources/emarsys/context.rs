//! The adapter and its settings.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::envelope::SpelledColumns;
use crate::facts::customer::ConsentState;
use crate::sources::adapter::Common;
use crate::sources::words::Words;

/// Choices of the opt-in field that need no entry in the configuration.
pub(super) const CHOICES: &[(&str, ConsentState)] = &[
    ("1", ConsentState::Yes),
    ("true", ConsentState::Yes),
    ("yes", ConsentState::Yes),
    ("ja", ConsentState::Yes),
    ("oui", ConsentState::Yes),
    ("2", ConsentState::No),
    ("false", ConsentState::No),
    ("no", ConsentState::No),
    ("nein", ConsentState::No),
    ("non", ConsentState::No),
];

/// The keys of `[sources.NAME]` for `kind = "emarsys"`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EmarsysSettings {
    /// Topics to read. What a record is shows in itself; of an event without a word of its own, in its topic's name.
    pub(super) topics: Vec<String>,
    /// Topic -> its columns, where each record is a line of a CSV file without the file's first line.
    pub(super) columns: BTreeMap<String, String>,
    /// The shop whose account number is a contact's external id.
    pub(super) account_source: Option<String>,
    /// Emarsys account -> brand, where the source reads several.
    pub(super) accounts: BTreeMap<String, String>,
    /// The account's own names or numbers of the fields that are read, as in { external_id = "6049" }.
    pub(super) fields: BTreeMap<String, String>,
    /// Text of a choice of the opt-in field -> yes, no, pending, unset.
    pub(super) opt_in: BTreeMap<String, String>,
}

impl Default for EmarsysSettings {
    fn default() -> Self {
        Self {
            topics: ["emarsys.contacts", "emarsys.unsubscribes", "emarsys.engagement"].map(str::to_owned).to_vec(),
            columns: BTreeMap::new(),
            account_source: None,
            accounts: BTreeMap::new(),
            fields: BTreeMap::new(),
            opt_in: BTreeMap::new(),
        }
    }
}

/// The adapter.
pub(super) struct Emarsys {
    pub(super) common: Common,
    pub(super) settings: EmarsysSettings,
    pub(super) choices: Words<ConsentState>,
    pub(super) contacts: SpelledColumns,
}
