"""Reads what a class has marked and said, in all copies of its activities, into one pandas table.

    pip install pandas
    TOKEN=... python class_annotations.py http://localhost:8080 CLASS_ID

For staff of the class. A token that only reads is enough. The cells (`# %%`) run one by one in Jupyter, VS Code and
Spyder too: there, set `server`, `class_id` and `token` yourself.
"""

# %% Where, and who I am
import io
import json
import os
import sys
import time
import urllib.error
import urllib.request

import pandas as pd

server, class_id = sys.argv[1:3]
token = os.environ["TOKEN"]


# %% Asking, no faster than the server wants
def ask(path):
    request = urllib.request.Request(f"{server}/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
    while True:
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            if error.code != 429:
                # What is wrong stands in the body, in words.
                raise SystemExit(f"{path}: {error.code} {json.load(error)['detail']}") from None
            time.sleep(int(error.headers["Retry-After"]))


# %% All copies of all activities, each as a table: a line for each comment, and for each highlight without one
def annotations_of(activity, copy):
    table = pd.read_csv(
        io.StringIO(ask(f"/conversations/{copy['id']}/export?format=csv")),
        # Ids and words stay words, whatever they look like.
        dtype={"start": "Int64", "end": "Int64", "message_number": "Int64"} | {"quote": str, "comment": str},
        parse_dates=["created_at", "comment_created_at"],
        keep_default_na=False,
        na_values={"start": "", "end": "", "message_number": ""},
    )
    table.insert(0, "activity", activity["title"])
    table.insert(1, "copy", copy["name"])
    table.insert(2, "conversation_id", copy["id"])
    return table


tables = [
    annotations_of(activity, copy)
    for activity in json.loads(ask(f"/classes/{class_id}/activities"))
    for copy in json.loads(ask(f"/activities/{activity['id']}/overview"))["copies"]
]
if not tables:
    raise SystemExit("nobody has started an activity of this class")
annotations = pd.concat(tables, ignore_index=True)

# %% How many highlights bear each tag, in each activity
highlights = annotations.drop_duplicates("highlight_id").assign(tag=lambda table: table["tags"].str.split("; "))
by_tag = highlights.explode("tag").groupby(["activity", "tag"]).size().rename("highlights")
print(by_tag.to_string())

# %% Who has said how much
comments = annotations[annotations["comment_id"] != ""]
by_person = comments.groupby("comment_author")["comment"].agg(comments="size", words=lambda text: text.str.split().str.len().sum())
print(by_person.to_string())
