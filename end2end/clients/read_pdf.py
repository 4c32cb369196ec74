"""Reads a PDF with pypdf, which knows nothing of us, and says as JSON what text is on each page."""

import json
import sys

from pypdf import PdfReader

reader = PdfReader(sys.argv[1])
pages = [page.extract_text() for page in reader.pages]
# What could run or load something.
root = reader.trailer["/Root"]
active = [key for key in ("/OpenAction", "/AA", "/AcroForm") if key in root]
scripts = [name for name in ("/JavaScript", "/EmbeddedFiles") if "/Names" in root and name in root["/Names"]]
json.dump({"pages": pages, "active": active + scripts, "width": float(reader.pages[0].mediabox.width)}, sys.stdout)
