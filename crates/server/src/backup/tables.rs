//! The tables of a database, and what `COPY` makes of one.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use sqlx::{AssertSqlSafe, PgConnection, postgres::PgConnection as Connection};

use super::{BackupError, Meter, Sum};

/// So that the same rows are the same text whatever a server or a user has set.
const AS_TEXT: &str = "set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'iso_8601'; \
                       set local extra_float_digits = 1; set local bytea_output = 'hex'; \
                       set local synchronize_seqscans = off; \
                       set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0";

/// Where sqlx keeps its own account.
const ACCOUNT: &str = "_sqlx_migrations";

/// What is made from the other tables by a server that runs: it is in no backup, and made anew after a restore, or when
/// somebody asks for it (`export_jobs`, whose files are kept for a day).
const MADE: [&str; 4] = ["export_jobs", "search_entries", "search_queue", "search_state"];

/// Numbers that the database gives come after those that are there: what is copied in moves no counter.
const COUNT_ON: &str = "
do $$
declare c record;
begin
    for c in
        select table_name, column_name
        from information_schema.columns
        where table_schema = 'public' and is_identity = 'YES'
    loop
        execute format(
            'select setval(pg_get_serial_sequence(%L, %L), (select coalesce(max(%I), 0) + 1 from public.%I), false)',
            'public.' || quote_ident(c.table_name), c.column_name, c.column_name, c.table_name);
    end loop;
end
$$";

/// See [`COUNT_ON`]. To be called when all tables are filled.
pub(super) async fn count_on(connection: &mut Connection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(COUNT_ON).execute(connection).await?;
    Ok(())
}

/// A table, before it is read.
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
}

impl Plan {
    /// Whether a backup holds it.
    pub(super) fn is_saved(&self) -> bool {
        !MADE.contains(&&*self.name)
    }

    fn copied(&self) -> String {
        let columns = self.columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ");
        format!("public.{} ({columns})", quoted(&self.name))
    }

    /// Its rows as lines.
    pub(super) async fn read<'c>(
        &self,
        connection: &'c mut Connection,
    ) -> Result<impl Stream<Item = sqlx::Result<Bytes>> + use<'c>, sqlx::Error> {
        let statement = format!("copy {} to stdout", self.copied());
        connection.copy_out_raw(&statement).await
    }

    /// What its rows come to.
    pub(super) async fn sum(&self, connection: &mut Connection) -> Result<Sum, sqlx::Error> {
        let mut rows = std::pin::pin!(self.read(connection).await?);
        let mut meter = Meter::default();
        while let Some(chunk) = rows.next().await {
            meter.pass(&chunk?);
        }
        Ok(meter.sum())
    }

    /// Fills it with lines, without telling anybody: the triggers that notify are for changes, and this is none.
    pub(super) async fn fill(
        &self,
        connection: &mut Connection,
        lines: impl Iterator<Item = Result<Vec<u8>, BackupError>>,
    ) -> Result<u64, BackupError> {
        let name = quoted(&self.name);
        let quiet = |on: &str| AssertSqlSafe(format!("alter table public.{name} {on} trigger user"));
        // A table of which something is still to be checked cannot be altered: only where it has to be.
        let has_triggers: bool = sqlx::query_scalar(
            "select exists (select from pg_trigger where tgrelid = to_regclass('public.' || $1) and not tgisinternal)",
        )
        .bind(&name)
        .fetch_one(&mut *connection)
        .await?;
        if has_triggers {
            sqlx::raw_sql(quiet("disable")).execute(&mut *connection).await?;
        }
        let statement = format!("copy {} from stdin", self.copied());
        let mut copy = connection.copy_in_raw(&statement).await?;
        for chunk in lines {
            match chunk {
                Ok(chunk) => drop(copy.send(chunk).await?),
                Err(error) => {
                    copy.abort("the backup cannot be read").await?;
                    return Err(error);
                }
            }
        }
        let rows = copy.finish().await?;
        if has_triggers {
            sqlx::raw_sql(quiet("enable")).execute(&mut *connection).await?;
        }
        Ok(rows)
    }

    /// Whether there is nothing in it.
    pub(super) async fn is_empty(&self, connection: &mut Connection) -> Result<bool, sqlx::Error> {
        let any = format!("select not exists (select from public.{})", quoted(&self.name));
        sqlx::query_scalar(AssertSqlSafe(any)).fetch_one(connection).await
    }
}

/// Makes this transaction read and write rows the same everywhere, for as long as they take.
pub(super) async fn settle(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AS_TEXT).execute(connection).await.map(drop)
}

/// Every table but sqlx's own, each after those it refers to. What is checked when all is there (deferrable) counts for
/// nothing here.
pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<Plan>, BackupError> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select t.relname::text, a.attname::text from pg_class t \
         join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' \
         where t.relkind = 'r' and t.relnamespace = 'public'::regnamespace and t.relname <> $1 \
         order by t.relname, a.attnum",
    )
    .bind(ACCOUNT)
    .fetch_all(&mut *connection)
    .await?;
    let references: Vec<(String, String)> = sqlx::query_as(
        "select f.relname::text, t.relname::text from pg_constraint c \
         join pg_class f on f.oid = c.conrelid join pg_class t on t.oid = c.confrelid \
         where c.contype = 'f' and not c.condeferrable and f.oid <> t.oid and f.relnamespace = 'public'::regnamespace",
    )
    .fetch_all(connection)
    .await?;
    let mut plans: Vec<Plan> = Vec::new();
    for (table, column) in columns {
        match plans.last_mut() {
            Some(plan) if plan.name == table => plan.columns.push(column),
            _ => plans.push(Plan { name: table, columns: vec![column] }),
        }
    }
    in_order(plans, &references)
}

/// Makes sure that nobody has written in these tables, and that nobody does until the transaction ends. Their rows come to
/// stand in the order in which they are copied then, also where an earlier try was taken back and has left its holes.
pub(super) async fn begin_empty(connection: &mut PgConnection, plans: &[Plan]) -> Result<(), BackupError> {
    let names: Vec<String> = plans.iter().map(|plan| format!("public.{}", quoted(&plan.name))).collect();
    if names.is_empty() {
        return Ok(());
    }
    let all = |what: &str| AssertSqlSafe(what.replace("{}", &names.join(", ")));
    sqlx::raw_sql(all("lock table {} in access exclusive mode")).execute(&mut *connection).await?;
    for plan in plans {
        if !plan.is_empty(connection).await? {
            return Err(BackupError::NotEmpty(plan.name.clone()));
        }
    }
    sqlx::raw_sql(all("truncate {}")).execute(connection).await?;
    Ok(())
}

/// The last migration that was made, where there was one.
pub(super) async fn migration(connection: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
    let there: bool = sqlx::query_scalar("select to_regclass('public._sqlx_migrations') is not null")
        .fetch_one(&mut *connection)
        .await?;
    if !there {
        return Ok(None);
    }
    sqlx::query_scalar("select max(version) from public._sqlx_migrations").fetch_one(connection).await
}

fn in_order(mut plans: Vec<Plan>, references: &[(String, String)]) -> Result<Vec<Plan>, BackupError> {
    let mut wanted: HashMap<&str, HashSet<&str>> = HashMap::new();
    for (from, to) in references {
        wanted.entry(from).or_default().insert(to);
    }
    let mut ordered: Vec<Plan> = Vec::with_capacity(plans.len());
    while !plans.is_empty() {
        let ready = |plan: &Plan| {
            let needs = wanted.get(plan.name.as_str());
            needs.is_none_or(|needs| needs.iter().all(|need| ordered.iter().any(|done| done.name == *need)))
        };
        let Some(at) = plans.iter().position(ready) else {
            return Err(BackupError::Circle(plans.iter().map(|plan| &*plan.name).collect::<Vec<_>>().join(", ")));
        };
        ordered.push(plans.remove(at));
    }
    Ok(ordered)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plans(names: &[&str]) -> Vec<Plan> {
        names.iter().map(|name| Plan { name: (*name).to_owned(), columns: Vec::new() }).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
    }

    #[test]
    fn a_table_comes_after_those_it_refers_to() {
        let ordered = in_order(plans(&["a", "b", "c"]), &pairs(&[("a", "c"), ("c", "b"), ("a", "b")])).unwrap();
        assert_eq!(ordered.iter().map(|plan| &*plan.name).collect::<Vec<_>>(), ["b", "c", "a"]);
    }

    #[test]
    fn a_circle_is_named() {
        let circle = in_order(plans(&["a", "b", "c"]), &pairs(&[("a", "b"), ("b", "a")])).err().unwrap();
        assert_eq!(
            circle.to_string(),
            "the tables a, b refer to one another in a circle; this version cannot order them"
        );
    }

    #[test]
    fn names_are_quoted_as_identifiers() {
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
