"""Reads a conversation's highlights, adds one with a comment, writes in the notes, and works offline for a while.

    pip install pycrdt==0.14.* websockets
    python client.py http://localhost:8080 CONVERSATION_ID TOKEN
"""

import asyncio
import json
import secrets
import sys
import time
import urllib.request
import uuid

from pycrdt import Decoder, Doc, Map, Provider, Text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


def uuidv7():
    """The time in the first 48 bits, the rest random: ids are UUIDs of version 7."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62
    return str(uuid.UUID(int=number))


def target(message, start, end):
    """A passage of a message as a target. Offsets count code points, as Python does."""
    text = message["text"]
    return {
        "message": message["id"],
        "start": start,
        "end": end,
        "exact": text[start:end],
        "prefix": text[max(start - 32, 0) : start],
        "suffix": text[end : end + 32],
    }


class Channel:
    """What pycrdt's provider asks of a transport, over a socket of the subprotocol `promptgrimoire.v1`.

    That subprotocol says what is saved. Without it, `send` and `recv` are the socket's own.
    """

    def __init__(self, socket, path):
        self.socket = socket
        self.path = path
        self.sent = self.acked = 0

    async def send(self, frame):
        # Updates (0, 2) and answers to the server's question (0, 1) are counted, from 1.
        if frame[0] == 0 and frame[1] != 0:
            self.sent += 1
        await self.socket.send(frame)

    async def recv(self):
        while (frame := await self.next())[0] >= 100:
            pass
        return frame

    async def next(self):
        frame = await self.socket.recv()
        if frame[0] >= 100:
            self.hear(frame[0], json.loads(Decoder(frame[1:]).read_var_string()))
        return frame

    def hear(self, kind, said):
        if kind == 100:
            self.acked = said["acked"]
        # A gap is made good by the provider itself, when the server asks again. 101 tells the epoch, for those who keep
        # a document from run to run.
        if kind == 102 and said["code"] != "gap":
            raise RuntimeError(f"an edit was refused: {said['code']}: {said['why']}")

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return await self.recv()
        except ConnectionClosed:
            raise StopAsyncIteration from None

    async def saved(self):
        """Returns when everything that was sent is committed on the server. To be called when the provider has ended:
        it sends the last edits when it is left, and what else comes then comes again on the next connection."""
        while self.acked < self.sent:
            await self.next()


async def main(server, conversation_id, token):
    # Who am I here, and what is the text?
    url = f"{server}/api/v1/conversations/{conversation_id}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        conversation = json.load(answer)
    me, messages = conversation["author_id"], conversation["messages"]

    doc = Doc()
    highlights = doc.get("highlights", type=Map)
    tags = doc.get("tags", type=Map)
    notes = doc.get("notes", type=Text)
    sync = f"ws{server.removeprefix('http')}/sync/{conversation_id}?token={token}"

    # A first answer is as large as the document, hence no limit of our own.
    async with connect(sync, subprotocols=["promptgrimoire.v1"], max_size=None) as socket:
        channel = Channel(socket, sync)
        async with Provider(doc, channel) as provider:
            await provider.synced.wait()
            read(highlights)
            annotate(doc, highlights, tags, me, messages[0])
            # A text is counted in bytes of UTF-8 here, and `len(notes)` is, too.
            notes.insert(len(notes), "Noted from Python.\n")
        await channel.saved()

    # Offline, edits are made as ever; the server asks for what it lacks when the connection is back.
    notes.insert(len(notes), "Noted in a train, from Python.\n")
    async with connect(sync, subprotocols=["promptgrimoire.v1"], max_size=None) as socket:
        channel = Channel(socket, sync)
        async with Provider(doc, channel) as provider:
            await provider.synced.wait()
        await channel.saved()
    print("saved")


def read(highlights):
    for id, highlight in highlights.items():
        if highlight.get("deleted"):
            continue
        quotes = " … ".join(target["exact"] for target in highlight["targets"])
        print(f"{id} by {highlight['author']}: {quotes}")
        for comment in highlight["comments"].values():
            if not comment.get("deleted"):
                print(f"    {comment['author']}: {comment['body']}")


def annotate(doc, highlights, tags, me, message):
    """Marks the first message's first ten characters, with a comment.

    One transaction is one update, and an update is taken whole or not at all.
    """
    tag = next(id for id, tag in tags.items() if not tag.get("deleted"))
    now = time.time_ns() // 1_000_000
    comment = Map({"author": me, "created_at": now, "body": "Said from Python"})
    with doc.transaction():
        highlights[uuidv7()] = Map(
            {
                "targets": [target(message, 0, 10)],
                "author": me,
                "created_at": now,
                "tags": Map({tag: now}),
                "resolved": None,
                "deleted": None,
                "comments": Map({uuidv7(): comment}),
            }
        )


asyncio.run(main(*sys.argv[1:]))
