// Reads a conversation's highlights, adds one with a comment, writes in the notes, and works offline for a while.
//
//     npm install yjs@13 y-websocket@3 ws@8
//     node client.mjs http://localhost:8080 CONVERSATION_ID TOKEN
import { randomBytes } from 'node:crypto';
import * as decoding from 'lib0/decoding';
import WebSocket from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';

const [server, conversationId, token] = process.argv.slice(2);

/** The time in the first 48 bits, the rest random: ids are UUIDs of version 7. */
function uuidv7() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A passage of a message as a target. Offsets count code points, which are what spreading a string yields. */
function target(message, start, end) {
  const points = [...message.text];
  const quote = (from, to) => points.slice(Math.max(from, 0), to).join('');
  return {
    message: message.id,
    start,
    end,
    exact: quote(start, end),
    prefix: quote(start - 32, start),
    suffix: quote(end, end + 32),
  };
}

/** Counts what it sends, for the acknowledgements of the subprotocol. Plain `ws` works as well, without those. */
class SavingSocket extends WebSocket {
  sent = 0;
  acked = 0;
  // Updates (0, 2) and answers to the server's question (0, 1) are counted, from 1.
  send(frame, ...more) {
    if (frame[0] === 0 && frame[1] !== 0) this.sent += 1;
    super.send(frame, ...more);
  }
}

// Who am I here, and what is the text?
const answer = await fetch(`${server}/api/v1/conversations/${conversationId}`, {
  headers: { Authorization: `Bearer ${token}` },
});
if (!answer.ok) throw new Error(`the conversation cannot be read: ${answer.status} ${await answer.text()}`);
const { author_id: me, messages } = await answer.json();

const doc = new Y.Doc();
const provider = new WebsocketProvider(`${server.replace(/^http/, 'ws')}/sync`, conversationId, doc, {
  params: { token },
  protocols: ['promptgrimoire.v1'],
  WebSocketPolyfill: SavingSocket,
  disableBc: true,
});
provider.on('closed', ({ code, reason }) => {
  throw new Error(`the server closed for good: ${code} ${reason}`);
});

const news = new EventTarget();
const json = (decoder) => JSON.parse(decoding.readVarString(decoder));
provider.messageHandlers[100] = (_encoder, decoder, { ws }) => {
  ws.acked = json(decoder).acked;
  news.dispatchEvent(new Event('acked'));
};
provider.messageHandlers[101] = () => {}; // The epoch: for those who keep a document from run to run.
provider.messageHandlers[102] = (_encoder, decoder) => {
  const { code, why } = json(decoder);
  // A gap is made good by the provider itself, when the server asks again.
  if (code !== 'gap') throw new Error(`an edit was refused: ${code}: ${why}`);
};

/** Resolves when everything that was edited is committed on the server. */
async function saved() {
  const isSaved = () => provider.synced && provider.ws?.sent > 0 && provider.ws.acked === provider.ws.sent;
  while (!isSaved()) await new Promise((resolve) => news.addEventListener('acked', resolve, { once: true }));
}

await saved();

// Read the highlights.
const highlights = doc.getMap('highlights');
for (const [id, highlight] of highlights) {
  if (highlight.get('deleted')) continue;
  const quotes = highlight.get('targets').map(({ exact }) => exact);
  console.log(`${id} by ${highlight.get('author')}: ${quotes.join(' … ')}`);
  for (const comment of highlight.get('comments').values()) {
    if (!comment.get('deleted')) console.log(`    ${comment.get('author')}: ${comment.get('body')}`);
  }
}

// Add a highlight of the first message's first ten characters, with a comment. One transaction is one update, and an
// update is taken whole or not at all.
const [tag] = [...doc.getMap('tags')].find(([, tag]) => !tag.get('deleted'));
const now = Date.now();
doc.transact(() => {
  const comment = new Y.Map([
    ['author', me],
    ['created_at', now],
    ['body', 'Said from JavaScript'],
  ]);
  const highlight = new Y.Map([
    ['targets', [target(messages[0], 0, 10)]],
    ['author', me],
    ['created_at', now],
    ['tags', new Y.Map([[tag, now]])],
    ['resolved', null],
    ['deleted', null],
    ['comments', new Y.Map([[uuidv7(), comment]])],
  ]);
  highlights.set(uuidv7(), highlight);
});

// Write at the end of the shared notes.
const notes = doc.getText('notes');
notes.insert(notes.length, 'Noted from JavaScript.\n');
await saved();

// Offline, edits are made as ever; the server asks for what it lacks when the connection is back.
provider.disconnect();
notes.insert(notes.length, 'Noted in a train, from JavaScript.\n');
provider.connect();
await saved();

console.log('saved');
provider.destroy();
doc.destroy();
