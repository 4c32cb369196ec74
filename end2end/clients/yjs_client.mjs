// A replica on the stock Yjs libraries, driven over standard input: one JSON command a line, one JSON answer a line.
// `crates/server/tests/it/replicas` drives it; the Python twin is `pycrdt_client.py`.
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

let doc, provider, roots;
let version = 0;
let closed = null;
let waiting = [];

/** Opens a document and syncs it: `{server, conversation, token, client, maps, texts}`. */
function open({ server, conversation, token, client, maps, texts }) {
  doc = new Y.Doc();
  doc.clientID = client;
  roots = { maps, texts };
  doc.on('afterTransaction', () => {
    version += 1;
    for (const answer of waiting.splice(0)) answer();
  });
  provider = new WebsocketProvider(server, conversation, doc, {
    WebSocketPolyfill: WebSocket,
    params: { token },
    disableBc: true,
    // It tries again by itself; `connect` only spares it the rest of a pause.
    maxBackoffTime: 500,
  });
  // What the server said for good; for the rest the provider connects again.
  provider.on('closed', ({ code, reason }) => {
    closed = { code, reason };
  });
}

/** The end of `count` code points from `start`, in UTF-16 code units. */
function unitsOf(points, start, count) {
  return points.slice(start, start + count).join('').length;
}

function editText({ root, at, remove, insert }) {
  const text = doc.getText(root);
  const points = [...text.toString()];
  const start = at % (points.length + 1);
  const from = unitsOf(points, 0, start);
  if (remove > 0) text.delete(from, unitsOf(points, start, remove));
  if (insert) text.insert(from, insert);
}

const mapOf = (entries) => new Y.Map(Object.entries(entries));

function highlightOf(id) {
  const highlight = doc.getMap('highlights').get(id);
  if (!highlight) throw new Error(`there is no highlight ${id}`);
  return highlight;
}

function commentOf({ highlight, id }) {
  const comment = highlightOf(highlight).get('comments').get(id);
  if (!comment) throw new Error(`there is no comment ${id}`);
  return comment;
}

// One transaction each, so that the server judges it whole. The shapes are those of docs/annotation-schema.md.
const edits = {
  highlight: ({ id, targets, author, at, tag }) =>
    doc.getMap('highlights').set(
      id,
      mapOf({
        targets,
        author,
        created_at: at,
        tags: mapOf({ [tag]: at }),
        resolved: null,
        deleted: null,
        comments: new Y.Map(),
      }),
    ),
  comment: ({ highlight, id, author, at, body, parent }) =>
    highlightOf(highlight)
      .get('comments')
      .set(id, mapOf({ author, created_at: at, body, ...(parent ? { parent } : {}) })),
  reword(edit) {
    const comment = commentOf(edit);
    comment.set('body', edit.body);
    comment.set('edited_at', edit.at);
  },
  delete_comment(edit) {
    const comment = commentOf(edit);
    comment.set('body', '');
    comment.set('deleted', true);
  },
  tag: ({ highlight, tag, order }) => highlightOf(highlight).get('tags').set(tag, order),
  untag: ({ highlight, tag }) => highlightOf(highlight).get('tags').delete(tag),
  resolve: ({ highlight, author, at }) => highlightOf(highlight).set('resolved', { by: author, at }),
  reopen: ({ highlight }) => highlightOf(highlight).set('resolved', null),
  delete: ({ highlight, author, at }) => highlightOf(highlight).set('deleted', { by: author, at }),
  restore: ({ highlight }) => highlightOf(highlight).set('deleted', null),
  new_tag: ({ id, author, name, colour, order, group }) =>
    doc
      .getMap('tags')
      .set(id, mapOf({ name, colour, description: '', group: group ?? null, order, locked: false, author })),
  new_group: ({ id, author, name, order }) => doc.getMap('tag_groups').set(id, mapOf({ name, order, author })),
  text: editText,
};

/** Everything that replicas must agree on, and where this one stands. */
function dump() {
  const { sv, ds } = Y.snapshot(doc);
  const deletes = {};
  for (const [client, runs] of ds.clients) deletes[client] = runs.map(({ clock, len }) => [clock, len]);
  const json = Object.fromEntries([
    ...roots.maps.map((root) => [root, doc.getMap(root).toJSON()]),
    ...roots.texts.map((root) => [root, doc.getText(root).toString()]),
  ]);
  return {
    version,
    closed,
    pending: doc.store.pendingStructs !== null || doc.store.pendingDs !== null,
    state: { json, vector: Object.fromEntries(sv), deletes },
  };
}

const commands = {
  open,
  connect: () => provider.connect(),
  synced: () => provider.synced || new Promise((answer) => provider.once('sync', answer)),
  edit: ({ edit }) => doc.transact(() => edits[edit.kind](edit)),
  dump,
  /** Answers when the document is no longer of the version that a dump had. */
  changed: ({ since }) => version > since || new Promise((answer) => waiting.push(() => answer(true))),
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  try {
    answer = { ok: (await commands[command.do](command)) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
