//! The tools of the conversation page: put around the text, which stays as it is.
//!
//! Data goes one way: the document tells what changed, the desk's signals are set, the views follow. What a
//! person does goes the other way as a command. Views never read the document; what needs the browser is in `browser`.

mod announcements;
mod away;
mod board;
mod card;
mod desk;
mod filter;
#[cfg(any(feature = "hydrate", test))]
mod margin;
#[cfg(feature = "hydrate")]
mod marks;
mod mentions;
mod modal;
mod notes;
#[cfg(any(feature = "hydrate", test))]
mod overlaps;
mod palette;
mod panel;
#[cfg(any(feature = "hydrate", test))]
mod passages;
#[cfg(any(feature = "hydrate", test))]
mod pending;
mod people;
mod responses;
mod shortcuts;
mod sought;
mod status;
mod tag_list;
mod tags;
mod toast;
mod toolbar;
#[cfg(any(feature = "hydrate", test))]
mod visited;
mod whereabouts;
mod workspace;

#[cfg(feature = "hydrate")]
mod browser;

/// What the server has in the browser's place: nothing happens there.
#[cfg(not(feature = "hydrate"))]
#[path = "annotate/without_browser.rs"]
mod browser;

#[cfg(feature = "hydrate")]
pub use {
    away::Absence,
    browser::{
        keep_drafts_of_nothing, keep_unseen, listen_to_company, listen_to_numbers, listen_to_printing, tell, try_disk,
    },
    desk::Toast,
    workspace::mount,
};

#[cfg(feature = "ssr")]
pub use workspace::{Opened, Workspace};
pub use {
    away::{ended, report},
    board::board,
    browser::download,
    card::{Open, chooser, notice, paragraph},
    desk::Desk,
    filter::facets,
    notes::{notes, response},
    people::people,
    shortcuts::keys,
    tags::vocabulary,
    workspace::floating,
};
