import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Cookie } from '@playwright/test';
import { WebSocket } from 'ws';

interface Answer {
  id?: number;
  result?: unknown;
  error?: { message: string };
}

/** Says something in the browser's own protocol, to one of its tabs or to all of it. */
type Say = <T>(method: string, params?: object, sessionId?: string) => Promise<T>;

/**
 * A browser that Playwright does not hold. Playwright keeps all pages visible, and what is visible is never frozen; here a
 * tab is hidden when another stands before it, and the browser freezes it as it does with tabs of its own choice.
 */
export class PlainBrowser {
  private constructor(
    private readonly child: ChildProcess,
    private readonly profile: string,
    private readonly say: Say,
  ) {}

  static async start(executable: string, args: string[]): Promise<PlainBrowser> {
    const profile = await mkdtemp(path.join(tmpdir(), 'promptgrimoire-browser-'));
    const options = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${profile}`, '--window-size=1280,900'];
    // A group of its own, so that all its processes can sleep at once.
    const child = spawn(executable, [...args, ...options, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    const socket = new WebSocket(await addressOf(child));
    await once(socket, 'open');
    return new PlainBrowser(child, profile, sayer(socket));
  }

  async takeCookies(cookies: Cookie[]): Promise<void> {
    await this.say('Storage.setCookies', { cookies });
  }

  /** A new tab, before all others. */
  async open(url: string): Promise<PlainTab> {
    const { targetId } = await this.say<{ targetId: string }>('Target.createTarget', { url });
    await this.say('Target.activateTarget', { targetId });
    const { sessionId } = await this.say<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true });
    return new PlainTab((method, params) => this.say(method, params, sessionId));
  }

  /** The machine sleeps: nothing of the browser runs. */
  sleep(): void {
    process.kill(-(this.child.pid ?? 0), 'SIGSTOP');
  }

  wakeUp(): void {
    process.kill(-(this.child.pid ?? 0), 'SIGCONT');
  }

  async close(): Promise<void> {
    const ended = once(this.child, 'exit');
    process.kill(-(this.child.pid ?? 0), 'SIGKILL');
    await ended;
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

class PlainTab {
  constructor(private readonly say: (method: string, params: object) => Promise<unknown>) {}

  /** The value of an expression in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const answer = await this.say('Runtime.evaluate', { expression, returnByValue: true });
    return (answer as { result: { value: T } }).result.value;
  }

  async freeze(): Promise<void> {
    await this.say('Page.setWebLifecycleState', { state: 'frozen' });
  }

  async thaw(): Promise<void> {
    await this.say('Page.setWebLifecycleState', { state: 'active' });
  }
}

/** Where a browser that starts can be spoken to, as it says itself. */
async function addressOf(child: ChildProcess): Promise<string> {
  let said = '';
  for await (const chunk of child.stderr ?? []) {
    said += chunk;
    const address = said.match(/ws:\/\/\S+/)?.[0];
    if (address) {
      // What it says later is nobody's concern, and must not fill its pipe.
      child.stderr?.resume();
      return address;
    }
  }
  throw new Error(`the browser did not start\n${said}`);
}

function sayer(socket: WebSocket): Say {
  const waiting = new Map<number, (answer: Answer) => void>();
  let number = 0;
  socket.on('message', (data) => {
    const answer: Answer = JSON.parse(String(data));
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
  });
  return async <T>(method: string, params = {}, sessionId?: string) => {
    const id = ++number;
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params, sessionId }));
    const { result, error } = await answered;
    waiting.delete(id);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result as T;
  };
}
