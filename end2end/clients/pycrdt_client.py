"""A replica on pycrdt, driven over standard input: one JSON command a line, one JSON answer a line.

`crates/server/tests/it/replicas` drives it; the JavaScript twin is `yjs_client.mjs`.
"""

import asyncio
import json
import sys

from pycrdt import Doc, Map, Provider, Snapshot, Text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake


class Channel:
    """What pycrdt's provider asks of a transport, over a WebSocket."""

    def __init__(self, socket, path):
        self.socket = socket
        self.path = path

    async def send(self, message):
        await self.socket.send(message)

    async def recv(self):
        return await self.socket.recv()

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return await self.recv()
        except ConnectionClosed:
            raise StopAsyncIteration from None


class Gone(Exception):
    """The connection has ended."""


class Replica:
    def __init__(self, server, conversation, token, client, maps, texts):
        self.doc = Doc(client_id=client)
        self.maps = {root: self.doc.get(root, type=Map) for root in maps}
        self.texts = {root: self.doc.get(root, type=Text) for root in texts}
        self.url = f"{server}/{conversation}?token={token}"
        self.version = 0
        self.closed = None
        self.link = None
        self.synced = asyncio.Event()
        self.changes = asyncio.Event()
        self.subscription = self.doc.observe(self.changed)

    def changed(self, _event):
        self.version += 1
        self.changes.set()

    async def connect(self):
        """Syncs until the connection ends, in the background. The provider does not connect again by itself."""
        if self.link is not None:
            await self.link
        self.synced.clear()
        self.link = asyncio.create_task(self.sync())

    async def sync(self):
        try:
            # A first answer is as large as the document.
            async with connect(self.url, max_size=None) as socket:
                try:
                    async with Provider(self.doc, Channel(socket, self.url)) as provider:
                        await provider.synced.wait()
                        self.synced.set()
                        await socket.wait_closed()
                        # Left in order, the provider would try to send what waits.
                        raise Gone
                finally:
                    # What the server said for good; after anything else one may connect again.
                    if 4400 <= (socket.close_code or 0) < 4500:
                        self.closed = {"code": socket.close_code, "reason": socket.close_reason}
        except* (Gone, ConnectionClosed, InvalidHandshake, OSError):
            pass

    async def until_changed(self, since):
        while self.version <= since:
            self.changes.clear()
            await self.changes.wait()

    def dump(self):
        """Everything that replicas must agree on, and where this one stands."""
        if self.link is not None and self.link.done():
            self.link.result()
        deletes, vector = read_snapshot(Snapshot.from_doc(self.doc).encode())
        document = {root: json.loads(str(value)) for root, value in self.maps.items()}
        document |= {root: str(value) for root, value in self.texts.items()}
        return {
            "version": self.version,
            "closed": self.closed,
            # pycrdt keeps this to itself; a replica that waits for something is not equal to the others.
            "pending": False,
            "state": {"json": document, "vector": vector, "deletes": deletes},
        }

    def edit(self, edit):
        """One transaction, so that the server judges it whole. The shapes are those of docs/annotation-schema.md."""
        edit = dict(edit)
        with self.doc.transaction():
            getattr(self, f"do_{edit.pop('kind')}")(**edit)

    def do_highlight(self, id, targets, author, at, tag):
        self.maps["highlights"][id] = Map(
            {
                "targets": targets,
                "author": author,
                "created_at": at,
                "tags": Map({tag: at}),
                "resolved": None,
                "deleted": None,
                "comments": Map({}),
            }
        )

    def do_comment(self, highlight, id, author, at, body, parent=None):
        comment = {"author": author, "created_at": at, "body": body}
        if parent is not None:
            comment["parent"] = parent
        self.maps["highlights"][highlight]["comments"][id] = Map(comment)

    def do_reword(self, highlight, id, body, at):
        comment = self.maps["highlights"][highlight]["comments"][id]
        comment["body"] = body
        comment["edited_at"] = at

    def do_delete_comment(self, highlight, id):
        comment = self.maps["highlights"][highlight]["comments"][id]
        comment["body"] = ""
        comment["deleted"] = True

    def do_tag(self, highlight, tag, order):
        self.maps["highlights"][highlight]["tags"][tag] = order

    def do_untag(self, highlight, tag):
        tags = self.maps["highlights"][highlight]["tags"]
        if tag in tags:
            del tags[tag]

    def do_resolve(self, highlight, author, at):
        self.maps["highlights"][highlight]["resolved"] = {"by": author, "at": at}

    def do_reopen(self, highlight):
        self.maps["highlights"][highlight]["resolved"] = None

    def do_delete(self, highlight, author, at):
        self.maps["highlights"][highlight]["deleted"] = {"by": author, "at": at}

    def do_restore(self, highlight):
        self.maps["highlights"][highlight]["deleted"] = None

    def do_new_tag(self, id, author, name, colour, order, group=None):
        self.maps["tags"][id] = Map(
            {
                "name": name,
                "colour": colour,
                "description": "",
                "group": group,
                "order": order,
                "locked": False,
                "author": author,
            }
        )

    def do_new_group(self, id, author, name, order):
        self.maps["tag_groups"][id] = Map({"name": name, "order": order, "author": author})

    def do_text(self, root, at, remove, insert):
        text = self.texts[root]
        points = str(text)
        start = at % (len(points) + 1)
        # pycrdt counts a text in bytes of UTF-8, Python in code points.
        from_byte = len(points[:start].encode())
        taken = len(points[start : start + remove].encode())
        if taken:
            del text[from_byte : from_byte + taken]
        if insert:
            text.insert(from_byte, insert)


def read_snapshot(data):
    """The deleted ranges and the state vector of a snapshot, both by client."""
    position = 0

    def number():
        nonlocal position
        value = shift = 0
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    deletes = {}
    for _ in range(number()):
        client = number()
        deletes[str(client)] = [[number(), number()] for _ in range(number())]
    vector = {}
    for _ in range(number()):
        client = number()
        vector[str(client)] = number()
    return deletes, vector


async def lines():
    """Standard input, line by line, without blocking what syncs meanwhile."""
    reader = asyncio.StreamReader(limit=64 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield line


async def main():
    replica = None
    async for line in lines():
        command = json.loads(line)
        try:
            answer = None
            match command.pop("do"):
                case "open":
                    replica = Replica(**command)
                    await replica.connect()
                case "connect":
                    await replica.connect()
                case "synced":
                    await replica.synced.wait()
                case "edit":
                    replica.edit(command["edit"])
                case "dump":
                    answer = replica.dump()
                case "changed":
                    await replica.until_changed(command["since"])
                case other:
                    raise ValueError(f"no such command: {other}")
            said = {"ok": answer}
        except Exception as error:
            said = {"error": repr(error)}
        print(json.dumps(said), flush=True)


asyncio.run(main())
