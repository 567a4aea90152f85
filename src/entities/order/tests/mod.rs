//! Worked examples: the specification's own, and what would hurt.

mod arrival;
mod cancelled;
mod facts;
mod gates;
mod goods;
mod money;
mod record;
mod stages;
mod travel;

/// The view of a story as it stands.
macro_rules! seen {
    ($story:expr, $state:ident, $view:ident) => {
        let $state = $story.state();
        let $view = $story.view(&$state);
    };
}
use seen;
