//! What somebody has to do: open activities of all their classes.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    activities::{class_and_template, copy, create, run},
    support::{
        counting,
        test_app::{TestApp, Visitor},
    },
};

const LIST: &str = "/api/v1/activities/open";

async fn titles(visitor: &Visitor, query: &str) -> Vec<String> {
    let answer = visitor.get(&format!("{LIST}?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json().as_array().unwrap().iter().map(|task| task["title"].as_str().unwrap().to_owned()).collect()
}

async fn task(by: &Visitor, class: &str, template: &str, title: &str, times: Value) -> String {
    let mut settings = json!({"title": title, "template": template, "mode": "individual"});
    for (key, at) in times.as_object().unwrap() {
        settings[key] = at.clone();
    }
    let made = create(by, class, settings).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_to_be_done_is_what_is_open_in_all_ones_classes_and_closes_first_at_the_head() {
    let app = TestApp::start().await;
    let (teacher, ann, ben) =
        tokio::join!(app.person("instructor"), app.person("student-1"), app.newcomer("A stranger"));
    let (class, template) = class_and_template(&teacher).await;
    let made = teacher.post("/api/v1/classes", json!({"name": "Another class"})).await;
    let other = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(titles(&ann, "").await, [""; 0]);

    task(&teacher, &class, &template, "never closes, older", json!({})).await;
    let never = task(&teacher, &class, &template, "never closes", json!({})).await;
    let later = task(&teacher, &class, &template, "closes later", json!({"closes_at": "2100-02-01T00:00:00Z"})).await;
    let opened = json!({"opens_at": "2020-01-01T00:00:00Z", "closes_at": "2100-01-01T00:00:00Z"});
    let first = task(&teacher, &class, &template, "closes first", opened).await;
    task(&teacher, &class, &template, "not yet", json!({"opens_at": "2100-01-01T00:00:00Z"})).await;
    task(&teacher, &class, &template, "over", json!({"closes_at": "2100-01-01T00:00:00Z"})).await;
    run(&app, "update activities set closes_at = now() where title = 'over'").await;
    task(&teacher, &other, &template, "of the other class", json!({"closes_at": "2100-01-15T00:00:00Z"})).await;

    let here = ["closes first", "closes later", "never closes", "never closes, older"];
    assert_eq!(titles(&ann, "").await, here);
    assert_eq!(titles(&teacher, "").await, [""; 0], "staff give tasks");
    assert_eq!(titles(&ben, "").await, [""; 0], "who is in no class");
    let join = "insert into memberships (class_id, user_id, role)
                select c.id, u.id, 'student'
                from classes c, users u
                where c.name = 'Another class' and u.email like 'student-1@%'";
    run(&app, join).await;
    let all = ["closes first", "of the other class", "closes later", "never closes", "never closes, older"];
    assert_eq!(titles(&ann, "").await, all);

    // Page by page, also from one that has closed meanwhile.
    assert_eq!(titles(&ann, "limit=2").await, all[..2]);
    assert_eq!(titles(&ann, &format!("limit=2&after={first}")).await, all[1..3]);
    assert_eq!(titles(&ann, &format!("after={later}")).await, all[3..]);
    assert_eq!(titles(&ann, &format!("after={never}")).await, all[4..]);
    assert_eq!(titles(&ben, &format!("after={never}")).await, [""; 0], "of what is not theirs nothing follows");
    for query in ["limit=0", "limit=101", "after=x", "page=2"] {
        assert_eq!(ann.get(&format!("{LIST}?{query}")).await.status, StatusCode::BAD_REQUEST, "{query}");
    }

    let talk = copy(&ann, &format!("/api/v1/activities/{first}")).await;
    let head = ann.get(LIST).await.json()[0].clone();
    assert_eq!((&head["copy"], &head["class"], &head["state"]), (&json!(talk), &json!(class), &json!("open")));
    assert_eq!(head["closes_at"], "2100-01-01T00:00:00Z");
    run(&app, "update classes set archived_at = now() where name = 'Another class'").await;
    assert_eq!(titles(&ann, "").await, here, "an archived class asks for nothing");
}

#[tokio::test]
async fn ones_own_page_shows_what_is_to_be_done_however_many_classes_ask_for_it() {
    let app = TestApp::start().await;
    let (teacher, ann) = tokio::join!(app.person("instructor"), app.person("student-1"));
    let (class, template) = class_and_template(&teacher).await;
    let nothing = ann.get("/?list=todo").await.body;
    assert!(nothing.contains("Nothing to do: what your classes give you"), "{nothing}");
    assert!(!ann.get("/").await.body.contains("id=\"todo-title\""), "no empty list on the page of all");
    let id = task(&teacher, &class, &template, "Read <this>", json!({"closes_at": "2100-03-02T18:30:00Z"})).await;
    let counts = async || {
        let mut counts = Vec::new();
        for page in ["/", "/?list=todo", LIST] {
            let (answer, queries) = counting::queries(ann.get(page)).await;
            assert_eq!(answer.status, StatusCode::OK, "{page}");
            counts.push((page, queries));
        }
        counts
    };
    let before = counts().await;
    for page in ["/", "/?list=todo"] {
        let page = ann.get(page).await.body;
        assert!(page.contains("Read &lt;this&gt;") && page.contains(&format!("/activities/{id}")), "{page}");
        assert!(page.contains("datetime=\"2100-03-02T18:30:00Z\"") && page.contains("Not started"), "{page}");
    }
    assert!(!teacher.get("/").await.body.contains("id=\"todo-title\""));
    for sql in [
        "insert into classes (id, name) select gen_random_uuid(), 'Class ' || n from generate_series(1, 80) n",
        "insert into memberships (class_id, user_id, role)
         select c.id, u.id, 'student' from classes c, users u
         where c.name like 'Class %' and u.email like 'student-1@%'",
        "insert into activities (id, class_id, title, instructions, template_id, mode)
         select gen_random_uuid(), c.id, 'Task of ' || c.name, '', a.template_id, 'together'
         from classes c, activities a
         where c.name like 'Class %'",
    ] {
        run(&app, sql).await;
    }
    assert_eq!(counts().await, before);
    let page = ann.get("/?list=todo").await.body;
    let after = page.split("list=todo&amp;after=").nth(1).unwrap().split('"').next().unwrap();
    let next = ann.get(&format!("/?list=todo&after={after}")).await.body;
    assert_eq!((page.matches("Task of Class").count(), next.matches("Task of Class").count()), (59, 21));
    assert!(next.contains(">First<") && !next.contains("More: To do"));
    for odd in ["/?list=todo&after=x", "/?list=todo&after=0190c1a2-0000-7000-8000-000000000000"] {
        assert_eq!(ann.get(odd).await.status, StatusCode::OK, "{odd}");
    }
}
