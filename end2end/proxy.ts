import { createServer, connect, type Server as TcpServer, type Socket } from 'node:net';

/** Numbers that look random and are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

interface Line {
  browser: Socket;
  server: Socket;
}

/** What a bad network does to one connection. */
export type Mishap = 'cut' | 'stall' | 'half-open' | 'one-way';

/** A network between browsers and a server, as bad as a test wants it. */
export class Proxy {
  readonly #lines = new Set<Line>();
  #isDown = false;

  private constructor(
    readonly origin: string,
    private readonly listener: TcpServer,
  ) {}

  /** Listens on a port of its own and passes on to another. */
  static async to(port: number): Promise<Proxy> {
    const listener = createServer();
    await new Promise<void>((resolve, reject) => listener.once('error', reject).listen(0, '127.0.0.1', resolve));
    const address = listener.address();
    if (!address || typeof address === 'string') throw new Error('the system gave no port');
    const proxy = new Proxy(`http://localhost:${address.port}`, listener);
    listener.on('connection', (browser) => proxy.#connect(browser, port));
    return proxy;
  }

  #connect(browser: Socket, port: number): void {
    if (this.#isDown) {
      browser.resetAndDestroy();
      return;
    }
    const line = { browser, server: connect(port, '127.0.0.1') };
    this.#lines.add(line);
    for (const [from, to] of [[line.browser, line.server], [line.server, line.browser]] as const) {
      from.setNoDelay(true);
      // Backpressure is real: what one end does not read, the other cannot send.
      from.pipe(to);
      from.on('error', () => this.#cut(line));
      from.on('close', () => this.#cut(line));
    }
  }

  #cut(line: Line): void {
    this.#lines.delete(line);
    line.browser.destroy();
    line.server.destroy();
  }

  /** Does something to one of the connections, the same one for the same number. */
  befall(mishap: Mishap, number: number): void {
    const line = [...this.#lines][Math.floor(number * this.#lines.size)];
    if (!line) return;
    if (mishap === 'cut') {
      line.browser.resetAndDestroy();
      this.#cut(line);
    } else if (mishap === 'half-open') {
      this.#swallow(line);
    } else {
      const [from, to] = number < 0.5 ? [line.browser, line.server] : [line.server, line.browser];
      from.unpipe(to);
      // A stall ends; what goes one way only does not.
      if (mishap === 'stall') setTimeout(() => from.destroyed || from.pipe(to), 1_500).unref();
    }
  }

  /** Both ends believe that it stands, and hear nothing for ever. */
  #swallow({ browser, server }: Line): void {
    browser.unpipe(server);
    server.unpipe(browser);
    browser.pause();
    server.pause();
  }

  /** All connections that stand are half open from now on; new ones are whole. */
  swallow(): void {
    for (const line of this.#lines) this.#swallow(line);
  }

  /** No connection stands, and none comes about. */
  down(): void {
    this.#isDown = true;
    for (const line of [...this.#lines]) this.#cut(line);
  }

  up(): void {
    this.#isDown = false;
  }

  async close(): Promise<void> {
    this.down();
    await new Promise((resolve) => this.listener.close(resolve));
  }
}
