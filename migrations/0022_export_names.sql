-- Whether a file shows who people are where others have pseudonyms: its maker may be somebody who does not see that any more
-- before the file's day is over. Of those that were made before this was written down nobody knows.
alter table export_jobs add column shows_names boolean not null default true;
