import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Longer than any answer takes, shorter than the test's own patience, so that the message is ours. */
const PATIENCE_MS = 8_000;

/** How a socket ended: its close code, or the HTTP status that refused it. */
export type Ending = { code: number } | { status: number };

/** Waits until the server ends the socket. */
export async function endingOf(socket: WebSocket): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${socket.url} was not closed in time`)), PATIENCE_MS);
    const settle = (ending: Ending) => {
      clearTimeout(timer);
      resolve(ending);
    };
    socket.once('close', (code) => settle({ code }));
    socket.once('unexpected-response', (_request, response) => settle({ status: response.statusCode ?? 0 }));
    // `ws` speaks of an error wherever it speaks of a close; the close is what tells.
    socket.on('error', () => undefined);
  });
}

/** A socket that keeps every frame, so that none is missed between two waits. */
export class Frames {
  #frames: Buffer[] = [];
  #news: () => void = () => undefined;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => {
      this.#frames.push(isBinary ? (data as Buffer) : Buffer.from(`text: ${data}`));
      this.#news();
    });
  }

  static async open(url: string, protocols: string[], headers: Record<string, string> = {}): Promise<Frames> {
    const frames = new Frames(new WebSocket(url, protocols, { headers }));
    await once(frames.socket, 'open', { signal: AbortSignal.timeout(PATIENCE_MS) });
    return frames;
  }

  /** The next frame of the given first byte; others before it are passed over. */
  async next(type: number): Promise<Buffer> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      for (let frame = this.#frames.shift(); frame; frame = this.#frames.shift()) if (frame[0] === type) return frame;
      const patience = deadline - Date.now();
      if (patience <= 0) throw new Error(`no frame of type ${type} came in time`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, patience);
        this.#news = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** The first frame of all. */
  async first(): Promise<Buffer> {
    while (!this.#frames.length) await once(this.socket, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) });
    const [frame] = this.#frames;
    if (!frame) throw new Error('no frame came');
    return frame;
  }
}
