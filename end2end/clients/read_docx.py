"""Reads a Word document with python-docx and lxml, which know nothing of us, and says as JSON what is in it."""

import json
import sys

from docx import Document

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
W15 = "{http://schemas.microsoft.com/office/word/2012/wordml}"


def anchored(body):
    """The text between the start and the end of each comment's range, a line for each paragraph."""
    texts, open_now, references = {}, [], []
    for element in body.iter():
        if element.tag == W + "commentRangeStart":
            id = int(element.get(W + "id"))
            assert id not in texts, "a range begins once"
            open_now.append(id)
            texts[id] = ""
        elif element.tag == W + "commentRangeEnd":
            open_now.remove(int(element.get(W + "id")))
        elif element.tag == W + "commentReference":
            references.append(int(element.get(W + "id")))
        else:
            more = {W + "t": element.text, W + "tab": "\t", W + "br": "\n", W + "p": "\n"}.get(element.tag)
            for id in open_now:
                texts[id] += more or ""
    assert not open_now and sorted(texts) == sorted(references), "each range ends, and has its reference"
    return texts


def threads(document, comments):
    """What each comment answers, by the ids of their last paragraphs."""
    part = next(part for part in document.part.package.iter_parts() if part.partname.endswith("commentsExtended.xml"))
    from lxml import etree

    of = {comment._comment_elm.findall(W + "p")[-1].get(W14 + "paraId"): comment.comment_id for comment in comments}
    told = {}
    for line in etree.fromstring(part.blob):
        parent = line.get(W15 + "paraIdParent")
        told[of[line.get(W15 + "paraId")]] = (of[parent] if parent else None, line.get(W15 + "done") == "1")
    return told


def main(path):
    document = Document(path)
    comments = list(document.comments)
    texts, told = anchored(document.element.body), threads(document, comments)
    paragraphs = [
        {
            "style": paragraph.style.style_id,
            "text": paragraph.text,
            "bidi": paragraph._p.pPr is not None and paragraph._p.pPr.find(W + "bidi") is not None,
            "bold": [run.text for run in paragraph.runs if run.bold],
            "italic": [run.text for run in paragraph.runs if run.italic],
            "list": paragraph._p.pPr is not None and paragraph._p.pPr.numPr is not None,
            "links": [[link.text, link.address] for link in paragraph.hyperlinks],
        }
        for paragraph in document.paragraphs
    ]
    said = [
        {
            "author": comment.author,
            "initials": comment.initials,
            "at": comment.timestamp and comment.timestamp.isoformat(),
            "text": comment.text,
            "anchored": texts[comment.comment_id],
            "answers": told[comment.comment_id][0],
            "done": told[comment.comment_id][1],
        }
        for comment in comments
    ]
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]
    title = document.core_properties.title
    json.dump({"title": title, "paragraphs": paragraphs, "comments": said, "tables": tables}, sys.stdout)


main(sys.argv[1])
