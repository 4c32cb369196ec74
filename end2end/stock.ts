import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import type { Server } from './server.ts';

/** A stock Yjs client on a conversation's document, as somebody else's program would be. */
export function joinWithYjs(server: Server, conversation: string, token: string, doc = new Y.Doc()): WebsocketProvider {
  return new WebsocketProvider(server.socket('/sync'), conversation, doc, {
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    params: { token },
    disableBc: true,
  });
}
