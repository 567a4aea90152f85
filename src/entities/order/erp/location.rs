//! Names of locations.

use crate::entities::rules::Rules;

/// The location's own code, where the configuration knows the name.
pub(in super::super) fn canonical<'a>(rules: &'a Rules, code: &'a str) -> &'a str {
    rules.location(code).map_or(code, |location| &location.code)
}
