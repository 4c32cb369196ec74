import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from '@playwright/test';

const run = promisify(execFile);

/** A first start makes a database cluster; everything later takes a second or two. */
const READY_WITHIN_MS = 60_000;
/** The product promises to end within 10 s of SIGTERM. */
const STOPPED_WITHIN_MS = 12_000;
const LOG_LINES_KEPT = 2_000;

const DEFAULT_BINARY = fileURLToPath(new URL('../target/dist/promptgrimoire', import.meta.url));

/** Settings that would make a test server share something with the developer's own. */
const NOT_INHERITED = /^(DATABASE_URL|FILES_URL|AWS_.*|PUBLIC_ORIGIN|LISTEN|DATA_DIR|STYTCH_.*|OIDC_.*|CLIENT_ADDRESS_HEADER|OPENAI_.*|LLM_API|METRICS_TOKEN)$/;

/** One running product with a data folder and a port of its own, both kept over restarts. */
export class Server {
  readonly origin: string;
  #process: ChildProcess | undefined;
  #exit: Promise<string> | undefined;
  #killed = false;
  #log: string[] = [];

  private constructor(
    readonly port: number,
    readonly dataDir: string,
  ) {
    this.origin = `http://localhost:${port}`;
  }

  static async create(): Promise<Server> {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'promptgrimoire-e2e-'));
    const server = new Server(await freePort(), dataDir);
    try {
      await server.start();
    } catch (error) {
      await server.dispose();
      throw error;
    }
    return server;
  }

  /** The address of a path of this server's WebSockets. */
  socket(path: string): string {
    return `ws://localhost:${this.port}${path}`;
  }

  /** Starts the product, with settings of its own for this time, and returns once its database answers. */
  async start(settings: Record<string, string> = {}): Promise<void> {
    if (this.#process) throw new Error('the server runs already');
    const binary = path.resolve(process.env.PROMPTGRIMOIRE_BIN || DEFAULT_BINARY);
    if (!existsSync(binary)) throw new Error(`no product at ${binary}: build it, or name it in PROMPTGRIMOIRE_BIN`);

    const browser = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', chromium.executablePath()].find((name) => name && existsSync(name));
    const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name));
    const child = spawn(binary, [], {
      env: {
        ...Object.fromEntries(inherited),
        DATA_DIR: this.dataDir,
        LISTEN: `127.0.0.1:${this.port}`,
        CHROMIUM_PATH: browser ?? '',
        // Receivers of journeys are on this machine.
        WEBHOOK_NETWORKS: '127.0.0.0/8',
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (chunk: Buffer) => this.#keep(chunk));
    child.stderr.on('data', (chunk: Buffer) => this.#keep(chunk));
    this.#process = child;
    this.#exit = new Promise((resolve) => {
      child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `code ${code}`));
    });
    this.#killed = false;
    await this.#ready();
  }

  /** Asks the product to stop, and insists that it does so in time and in order. */
  async stop(): Promise<void> {
    const { child, exit } = this.#running();
    child.kill('SIGTERM');
    const deadline = new AbortController();
    const ended = await Promise.race([
      exit,
      pause(STOPPED_WITHIN_MS, 'too late', { signal: deadline.signal }).catch(() => 'too late'),
    ]);
    deadline.abort();
    if (ended === 'too late') {
      await this.kill();
      throw new Error(`the server did not stop within ${STOPPED_WITHIN_MS} ms of SIGTERM\n${this.log()}`);
    }
    this.#process = undefined;
    if (ended !== 'code 0') throw new Error(`the server answered SIGTERM with ${ended}, not code 0\n${this.log()}`);
  }

  /** Ends the product as a power cut would: nothing of it gets to run again. */
  async kill(): Promise<void> {
    const { child, exit } = this.#running();
    child.kill('SIGKILL');
    await exit;
    this.#process = undefined;
    this.#killed = true;
  }

  /** Holds the product: its port takes connections, and nobody answers. */
  freeze(): void {
    this.#running().child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#running().child.kill('SIGCONT');
  }

  /** The folder of the browser's files that a start takes when it is told nothing else. */
  static get site(): string {
    return process.env.SITE_ROOT || path.join(path.dirname(path.resolve(process.env.PROMPTGRIMOIRE_BIN || DEFAULT_BINARY)), 'site');
  }

  /** Stops what runs and removes the data. A killed product leaves its database behind; only a new start finds and stops it. */
  async dispose(): Promise<void> {
    // A journey that failed may have left it held, and so deaf.
    this.#process?.kill('SIGCONT');
    if (!this.#process && this.#killed) await this.start().catch((error: Error) => console.error(error.message));
    try {
      if (this.#process) await this.stop();
    } finally {
      // Started by root, the product keeps its database elsewhere and says where; 47 MB for each test of one's own add up.
      const home = await readFile(path.join(this.dataDir, 'postgres.path'), 'utf8').catch(() => '');
      if (home.startsWith('/var/lib/promptgrimoire/')) await rm(home.trim(), { recursive: true, force: true });
      await rm(this.dataDir, { recursive: true, force: true });
    }
  }

  /** What the product wrote since line `from`. */
  log(from = 0): string {
    return this.#log.slice(from).join('\n');
  }

  /** Runs SQL in the embedded database: what no page can do yet. */
  async sql(statement: string): Promise<void> {
    // The log is coloured: codes stand around the equals sign.
    const folder = /the embedded database.*folder[^/]*(\/[^\s\u001b]+)/.exec(this.log())?.[1];
    if (!folder) throw new Error(`the log does not say where the database is\n${this.log()}`);
    // What the postmaster says of itself: its port and the folder of its socket are the fourth and the fifth line.
    const [, , , port = '', socket = ''] = (await readFile(path.join(folder, 'postmaster.pid'), 'utf8')).split('\n');
    const where = ['--host', socket, '--port', port, '--username', 'postgres', '--dbname', 'promptgrimoire'];
    await run('psql', [...where, '--set', 'ON_ERROR_STOP=1', '--command', statement]);
  }

  get logLength(): number {
    return this.#log.length;
  }

  #running(): { child: ChildProcess; exit: Promise<string> } {
    if (!this.#process || !this.#exit) throw new Error('the server does not run');
    return { child: this.#process, exit: this.#exit };
  }

  #keep(chunk: Buffer): void {
    if (this.#log.length < LOG_LINES_KEPT) this.#log.push(...chunk.toString().trimEnd().split('\n'));
  }

  async #ready(): Promise<void> {
    const { exit } = this.#running();
    let ended: string | undefined;
    void exit.then((how) => (ended = how));
    const deadline = Date.now() + READY_WITHIN_MS;
    while (Date.now() < deadline) {
      const answer = await fetch(`http://127.0.0.1:${this.port}/readyz`).catch(() => undefined);
      if (answer?.status === 200) return;
      if (ended) {
        this.#process = undefined;
        throw new Error(`the server ended before it was ready (${ended})\n${this.log()}`);
      }
      await pause(50);
    }
    await this.kill();
    throw new Error(`the server was not ready within ${READY_WITHIN_MS} ms\n${this.log()}`);
  }
}

/** A port that nobody listens on: the system's own choice, given back at once. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (!address || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}
