//! Whether anything of some words is left in a database.

use sqlx::{PgPool, Row};

/// The tables in which a text, or the bytes of one, stands somewhere.
pub async fn traces(db: &PgPool, words: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables
         where table_schema = 'public' and table_type = 'BASE TABLE'
         order by 1",
    )
    .fetch_all(db)
    .await
    .unwrap();
    assert!(tables.iter().any(|name| name == "annotation_document_state"), "{tables:?}");
    let hex: String = words.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut found = Vec::new();
    for table in tables {
        // A row as text has its bytes in hexadecimal.
        let query = format!(
            r#"select exists (select from "{table}" t where strpos(t::text, $1) > 0 or strpos(t::text, $2) > 0)"#
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(query)).bind(words).bind(&hex).fetch_one(db).await.unwrap();
        if row.get::<bool, _>(0) {
            found.push(table);
        }
    }
    found
}
