use leptos::prelude::*;
use shared::{
    api::{DeleteProjectFile, FileSummary, MAX_FILE_BYTES, project_files_path},
    ids::ProjectId,
};

use crate::{
    forms::{ApiForm, ConfirmDialog, Then, api_of},
    local_times::LocalDay,
};

/// The files of a project.
#[component]
pub(super) fn Files(project: ProjectId, files: Vec<FileSummary>, may_change: bool) -> impl IntoView {
    let none = files.is_empty().then(|| view! { <p class="hint">"There are no files yet."</p> });
    let lines = files.into_iter().map(|file| view! { <Line project=project file=file may_change=may_change /> });
    let lines = lines.collect_view();
    let limit = format!("At most {} MiB.", MAX_FILE_BYTES >> 20);
    view! {
        <section class="class-section" aria-labelledby="files-title">
            <h2 id="files-title">"Files"</h2>
            <p class="hint">"To be sent along with messages: texts, PDF, pictures. Whoever sees the project can download them."</p>
            {none}
            <ul class="group-list" role="list">{lines}</ul>
            {may_change.then(|| view! {
                <ApiForm api=format!("POST {}", project_files_path(project)) then=Then::Reload>
                    <label class="file-drop">
                        <span class="field-label">"Add a file"</span>
                        <input class="field" type="file" name="file" required />
                    </label>
                    <div class="form-actions">
                        <button class="button" type="submit">"Add"</button>
                        <span class="hint">{limit}</span>
                    </div>
                </ApiForm>
            })}
        </section>
    }
    .into_any()
}

#[component]
fn Line(project: ProjectId, file: FileSummary, may_change: bool) -> impl IntoView {
    let FileSummary { id, name, media_type, size, uploader, created_at, .. } = file;
    let by = uploader.map(|name| view! { " · " <span dir="auto">{name}</span> });
    let label = format!("Delete {name}");
    let delete = may_change.then(|| {
        let dialog = format!("delete-{id}");
        let question = format!("Delete {name}?");
        view! {
            <ApiForm api=api_of(&DeleteProjectFile { project, file: id }) then=Then::Reload confirm=dialog.clone() class="row-form">
                <button class="button quiet" type="submit" aria-label=label>"Delete"</button>
            </ApiForm>
            <ConfirmDialog
                id=dialog
                title=question
                text="Messages that it was sent with go on naming it; nobody can download it any more."
                action="Delete"
            />
        }
    });
    view! {
        <li class="group">
            <span class="member-who">
                <a href=format!("{}/{id}", project_files_path(project)) download dir="auto">{name}</a>
                <span class="hint">
                    {size_in_words(size)} " · " {media_type} {by} " · " <LocalDay at=created_at />
                </span>
            </span>
            {delete}
        </li>
    }
    .into_any()
}

/// `12 bytes`, `3 KiB`, `1.5 MiB`.
fn size_in_words(bytes: i64) -> String {
    match bytes {
        ..1024 => super::counted(bytes, "byte"),
        1024..1_048_576 => format!("{} KiB", bytes.div_euclid(1024)),
        _ => format!("{}.{} MiB", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::size_in_words;

    #[test]
    fn sizes_are_read_at_a_glance() {
        for (bytes, words) in
            [(1, "1 byte"), (1023, "1,023 bytes"), (1024, "1 KiB"), (1_572_864, "1.5 MiB"), (25 << 20, "25.0 MiB")]
        {
            assert_eq!(size_in_words(bytes), words);
        }
    }
}
