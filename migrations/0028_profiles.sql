-- What people say of themselves beside their name, how times are shown to them, and where they wrote.
--
-- Only adds: a server of the version before knows nothing of it and shows times as the device has them.

alter table users
    -- As they are to be spoken of; none where they said nothing.
    add column pronouns text constraint users_pronouns_length check (char_length(pronouns) between 1 and 40),
    -- A name of the IANA database; none is whatever the device has.
    add column time_zone text constraint users_time_zone_length check (char_length(time_zone) between 1 and 64),
    -- How dates are written, a tag of BCP 47; none is whatever the device has.
    add column locale text constraint users_locale_length check (char_length(locale) between 2 and 35);

-- Where somebody wrote, for the archive of all that is theirs.
create index annotation_client_author on annotation_client (author);
create index messages_author on messages (author_id) where author_id is not null;
