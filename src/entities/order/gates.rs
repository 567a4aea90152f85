//! Gates as data: for each request topic, what is due, what was requested, and which conditions are open or shut.
