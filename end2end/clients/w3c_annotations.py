"""Holds a document to the W3C's own JSON schemas of the Web Annotation Data Model.

    w3c_annotations.py DOCUMENT

The schemas are in the folder PROMPTGRIMOIRE_TEST_W3C, a checkout of github.com/w3c/web-annotation-tests. Writes each MUST that
does not hold: which annotation, which assertion. A collection is held to theirs of collections and pages, and each of its
annotations to theirs of annotations.
"""

import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema_rs

ROOT = Path(os.environ["PROMPTGRIMOIRE_TEST_W3C"])
BASE = "http://schemas.invalid/"


def load(path):
    schema = json.loads(path.read_text("utf-8"))
    # Theirs are relative to nothing.
    schema["id"] = BASE + path.name
    return schema


REGISTRY = jsonschema_rs.Registry(
    [(BASE + path.name, load(path)) for path in (ROOT / "definitions").glob("*.json")],
    draft=jsonschema_rs.Draft4,
)


def is_uri(text):
    parts = urlsplit(text)
    return bool(parts.scheme) and bool(parts.netloc or parts.path) and " " not in text


def assertions(of):
    """Those that have to hold, by their names."""
    return json.loads((ROOT / of).read_text("utf-8"))["assertions"]


def validators(of):
    for name in assertions(of):
        schema = load(ROOT / name)
        assert schema["expectedResult"] == "valid", name
        options = {"registry": REGISTRY, "base_uri": BASE, "validate_formats": True, "formats": {"uri": is_uri}}
        yield name, jsonschema_rs.Draft4Validator(schema, **options)


def main():
    document = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    context = document["@context"]
    wrong, checked = [], 0

    def hold(what, name, of):
        nonlocal checked
        for assertion, validator in of:
            checked += 1
            if not validator.is_valid(what):
                wrong.append(f"{name}: {assertion}")

    hold(document, "the collection", validators("collections/collectionMusts.test"))
    # Theirs of pages take a collection with its page within it as well.
    hold(document, "the page", validators("collections/pages/pageMusts.test"))
    musts = list(validators("annotations/annotationMusts.test"))
    # Within its page an annotation inherits the context (JSON-LD 1.1, section 3.1); theirs are of annotations that stand alone.
    for item in document["first"]["items"]:
        hold({"@context": context, **item}, item["id"], musts)
    json.dump({"checked": checked, "wrong": wrong}, sys.stdout)


main()
