// A stock client that counts what it sees: started by the load generator, one JSON of settings as its argument.
//
// Answers `ready` once it is synchronised, and one line of JSON to each `report` on its standard input. It ends when
// that is closed.
import { createInterface } from 'node:readline';
import * as Y from 'yjs';

const settings = JSON.parse(process.argv[2]);
const doc = new Y.Doc();

// As in `token.rs`: a tilde, three digits of the writer, four of the number, eight of the time in microseconds.
const TOKEN = /~([A-Za-z0-9_-]{3})([A-Za-z0-9_-]{4})([A-Za-z0-9_-]{8})/g;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const number = (digits) => [...digits].reduce((value, digit) => value * 64 + DIGITS.indexOf(digit), 0);
const now = () => Number(process.hrtime.bigint() / 1000n);

const delays = [];
const seen = new Set();

function look(text) {
  const at = now();
  for (const [, writer, count, time] of text.matchAll(TOKEN)) {
    const key = writer + count;
    if (seen.has(key)) continue;
    seen.add(key);
    delays.push(at - number(time));
  }
}

async function connect() {
  if (settings.provider === 'hocuspocus') {
    const { HocuspocusProvider, HocuspocusProviderWebsocket } = await import('@hocuspocus/provider');
    const { WebSocket } = await import('ws');
    const websocketProvider = new HocuspocusProviderWebsocket({ url: settings.url, WebSocketPolyfill: WebSocket });
    const provider = new HocuspocusProvider({ websocketProvider, name: settings.room, document: doc, token: 'none' });
    provider.attach();
    return provider;
  }
  const { WebsocketProvider } = await import('y-websocket');
  const { WebSocket } = await import('ws');
  const params = settings.token ? { token: settings.token } : {};
  return new WebsocketProvider(settings.url, settings.room, doc, { WebSocketPolyfill: WebSocket, params, disableBc: true });
}

const provider = await connect();
if (!provider.synced) await new Promise((resolve) => provider.once?.('synced', resolve) ?? provider.on('synced', resolve));

if (settings.subject === 'edits') {
  doc.getText('notes').observe((event) => {
    for (const { insert } of event.delta) if (typeof insert === 'string') look(insert);
  });
} else {
  provider.awareness.on('update', ({ added, updated }) => {
    const states = provider.awareness.getStates();
    for (const client of [...added, ...updated]) {
      const token = states.get(client)?.t;
      if (typeof token === 'string') look(token);
    }
  });
}
console.log('ready');

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'report') console.log(JSON.stringify({ seen: seen.size, delays }));
}
process.exit(0);
