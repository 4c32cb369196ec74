-- Files of what a search finds (a PDF with the conversations) are made like those of a conversation and of an activity: a job is
-- of one of the three. What such a file holds was another's to show: it is given for as long as whoever had it made sees it.
--
-- A server of the version before makes none; what it should begin is begun anew by the next.
alter table export_jobs
    -- What is looked for.
    add column query text constraint export_jobs_query_length check (char_length(query) between 1 and 400),
    -- The conversations in the file, and those of them in which names are shown.
    add column holds uuid[] not null default '{}',
    add column named uuid[] not null default '{}',
    drop constraint export_jobs_subject;
alter table export_jobs
    add constraint export_jobs_subject check (num_nonnulls(conversation_id, activity_id, query) = 1);
