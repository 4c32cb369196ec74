-- Files of an activity (a PDF with all its copies) are made like those of a conversation: a job is of the one or of the other.
alter table export_jobs alter column conversation_id drop not null;
alter table export_jobs add column activity_id uuid;
alter table export_jobs add constraint export_jobs_subject check (num_nonnulls(conversation_id, activity_id) = 1);
