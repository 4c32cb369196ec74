//! What somebody used of a class's budget: it is used, whoever it was.

use shared::ids::UserId;
use sqlx::PgPool;

use super::former;
use crate::error::Error;

/// Leaves the sum of each day to a former member of each class, who is nobody in its conversations. To be called when nothing
/// is written for the person any more.
///
/// # Errors
/// The database's.
pub(super) async fn hand_over(db: &PgPool, person: UserId) -> Result<(), Error> {
    let classes = sqlx::query_scalar!(
        r#"select distinct class_id as "class!" from model_usage where user_id = $1 and class_id is not null"#,
        person.uuid()
    );
    for class in classes.fetch_all(db).await? {
        let former = former::of(db, person, class).await?;
        sqlx::query!(
            "with used as (
                 delete from model_usage where user_id = $1 and class_id = $2
                 returning model, input_tokens, output_tokens, estimated, used_at)
             insert into model_usage (run_id, user_id, class_id, model, input_tokens, output_tokens, estimated, used_at)
             select gen_random_uuid(), $3, $2, model, sum(input_tokens)::bigint, sum(output_tokens)::bigint,
                    bool_or(estimated), date_trunc('day', used_at, 'UTC')
             from used
             group by model, date_trunc('day', used_at, 'UTC')",
            person.uuid(),
            class,
            former.uuid()
        )
        .execute(db)
        .await?;
    }
    Ok(())
}
