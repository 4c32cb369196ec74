"""Hears of new comments: the receiver of a webhook, which believes nothing that is not signed.

    pip install standardwebhooks
    SECRET=whsec_... python receive_comments.py 8000

Make the webhook on the account page. Its address is that of the proxy in front of this program, https://...
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

LONGEST = 1 << 20
webhook = Webhook(os.environ["SECRET"])
# A delivery may come twice. Who does more than print keeps these where they survive the program.
seen = set()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if length > LONGEST:
            return self.answer(413)
        try:
            event = webhook.verify(self.rfile.read(length), dict(self.headers))
        except (WebhookVerificationError, ValueError) as error:
            print(f"not believed: {error}", flush=True)
            return self.answer(401)
        delivery = self.headers["webhook-id"]
        if event["type"] == "comment.created" and delivery not in seen:
            comment = event["data"]
            print(f"{comment['author']['name']}: {comment['body']} ({comment['link']})", flush=True)
        seen.add(delivery)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        """Each request a line would be too much."""


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
print(f"listening on port {server.server_port}", flush=True)
server.serve_forever()
