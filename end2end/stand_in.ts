import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');
const WORKER = read('public/service-worker.js');
const REGISTER = read('crates/app/src/offline/register.js');

/** How a path is answered; undefined leaves the request waiting. */
export type Answer = Page | undefined;

interface Page {
  status?: number;
  user?: string;
  location?: string;
  /** HTML, if it does not say. */
  type?: string;
  text?: string;
  build?: string;
  /** The page has the product's own script that starts the worker; the rest of it comes when this is done. */
  registersAfter?: Promise<void>;
}

interface Asset {
  status?: number;
  text?: string;
  /** When the server says that it was sent. */
  date?: Date;
}

/**
 * Answers in the place of the product what the product cannot be brought to answer at will: a proxy's errors, somebody
 * else's page, a page that comes late. It has the real worker's script and pages of one line.
 */
export class StandIn {
  /** What is answered from now on. */
  answer: (path: string) => Answer | Promise<Answer> = () => ({ status: 404 });
  /** Of which build pages are that do not say. */
  build = '1';
  /** How an asset is answered from now on. */
  asset: (path: string) => Asset | Promise<Asset> = (path) => ({ text: `asset ${path}` });
  /** Which assets were asked for, in order; the page for times without a network is one. */
  assetsAsked: string[] = [];
  /** Which pages the browser asked for while it started the worker. */
  preloaded: string[] = [];
  /** The page for times without a network. */
  offline: Page = { text: 'no connection' };
  /** The worker's script: with something before it, a browser whose disk is full; with something after it, a newer version. */
  worker = WORKER;
  #server = createServer((request, response) => void this.#serve(request, response));

  private constructor() {}

  static async listen(port: number): Promise<StandIn> {
    const standIn = new StandIn();
    await new Promise<void>((resolve, reject) => {
      standIn.#server.once('error', reject);
      standIn.#server.listen(port, '127.0.0.1', resolve);
    });
    return standIn;
  }

  get origin(): string {
    const address = this.#server.address();
    if (!address || typeof address === 'string') throw new Error('the stand-in does not listen');
    return `http://localhost:${address.port}`;
  }

  /** Nobody listens any more, and what was under way is cut. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    if (path === '/service-worker.js') return void response.setHeader('content-type', 'text/javascript').end(this.worker);
    // Not to be had from the browser's own cache, so that the worker's is seen at work.
    if (/^\/(pkg|fonts|favicon)/.test(path)) {
      this.assetsAsked.push(path);
      const { status = 200, text, date = new Date() } = await this.asset(path);
      const headers = { 'content-type': 'text/plain', 'cache-control': 'no-store', 'access-control-allow-origin': '*' };
      response.writeHead(status, { ...headers, date: date.toUTCString() });
      return void response.end(text);
    }
    if (path === '/offline') this.assetsAsked.push(path);
    if (request.headers['service-worker-navigation-preload']) this.preloaded.push(path);
    const answer = path === '/offline' ? this.offline : await this.answer(path);
    if (!answer) return;
    const { status = 200, user, location, text = '', build = this.build, registersAfter, type = 'text/html; charset=utf-8' } = answer;
    const headers: Record<string, string> = { 'content-type': type, 'cache-control': 'no-store' };
    if (user) headers['x-promptgrimoire-user'] = user;
    if (location) headers.location = location;
    response.writeHead(status, headers);
    const head = `<title>${text} · PromptGrimoire</title><link rel="stylesheet" href="/pkg/${build}/app.css">`;
    response.write(`<!DOCTYPE html><html lang="en"><head>${head}</head><body><p>${text}</p>`);
    await registersAfter;
    response.end(`${registersAfter ? `<script type="module">${REGISTER}</script>` : ''}</body></html>`);
  }
}
