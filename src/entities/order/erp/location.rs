//! Codes of locations.

use crate::entities::rules::Rules;

/// The location's own code, if the configuration knows this code or alias; else the code as it is.
pub(in super::super) fn canonical<'a>(rules: &'a Rules, code: &'a str) -> &'a str {
    rules.location(code).map_or(code, |location| &location.code)
}
