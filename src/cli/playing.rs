//! What the commands that play a retailer share: the progress bar, the play in memory, and how it ends.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use crate::error::Error;
use crate::retailer::Settings;
use crate::retailer::demo::{EventFile, Facts, Play};

/// Is standard output a terminal, and may have colours?
pub fn console_is_a_terminal() -> bool {
    use std::io::IsTerminal;
    std::io::stdout().is_terminal()
}

/// A progress bar of the orders placed.
pub fn bar(orders: u32, plain: bool) -> ProgressBar {
    let bar = if plain { ProgressBar::hidden() } else { ProgressBar::new(orders.into()) };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} orders, {msg}") {
        bar.set_style(style);
    }
    bar
}

/// Plays to the end, on the log in memory; the derived events go to a file, if one is named.
pub fn played(plan: Settings, events: Option<&Path>, bar: &ProgressBar) -> Result<Facts, Error> {
    let events = events.map(EventFile::create).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(Error::system("the runtime"))?;
    runtime.block_on(play(plan, events, bar))
}

async fn play(plan: Settings, events: Option<EventFile>, bar: &ProgressBar) -> Result<Facts, Error> {
    let mut play = Play::begin(plan).await?.with_events(events);
    let mut killed = false;
    let facts = play
        .run(|play| {
            bar.set_position(play.progress().0 as u64);
            bar.set_message(play.now().to_string());
            if play.is_killed() && !killed {
                killed = true;
                bar.println("The engine was killed with a transaction open; another one has read its state back and goes on.");
            }
        })
        .await?;
    bar.finish_and_clear();
    Ok(facts)
}

/// An error when anything does not hold; its sentence names the first order and row.
pub fn verdict(facts: &Facts) -> Result<(), Error> {
    let changed = facts.killed.as_ref().and_then(|killed| killed.changed.as_ref());
    if let Some(entity) = changed {
        return Err(Error::Found(format!("after the restore not all was as before: {entity}")));
    }
    match facts.failures.first() {
        Some(first) => Err(Error::Found(format!("{} things do not hold; the first: {}", facts.failures.len(), first.sentence))),
        None if facts.dead_letters > 0 => Err(Error::Found(format!("{} records could not be read", facts.dead_letters))),
        None => Ok(()),
    }
}
