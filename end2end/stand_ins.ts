import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const READY_WITHIN_MS = 20_000;

const DEFAULT_BINARY = fileURLToPath(new URL('../target/debug/examples/stand_ins', import.meta.url));

/** Stytch and a university's sign-in as the integration tests have them (crates/server/examples/stand_ins.rs), in a process of their own. */
export class StandIns {
  private constructor(
    readonly process: ChildProcess,
    /** What the product has to be told of them. */
    readonly settings: Record<string, string>,
  ) {}

  static async start(): Promise<StandIns> {
    const binary = path.resolve(process.env.PROMPTGRIMOIRE_STAND_INS || DEFAULT_BINARY);
    if (!existsSync(binary)) {
      throw new Error(`no stand-ins at ${binary}: cargo build --package server --example stand_ins, or name them in PROMPTGRIMOIRE_STAND_INS`);
    }
    // They end with this process, whatever becomes of it: their standard input is its.
    const child = spawn(binary, [], { stdio: ['pipe', 'pipe', 'inherit'] });
    const settings: Record<string, string> = {};
    const deadline = setTimeout(() => child.kill(), READY_WITHIN_MS);
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === 'ready') break;
      const [name = '', ...value] = line.split('=');
      settings[name] = value.join('=');
    }
    clearTimeout(deadline);
    if (!settings.STYTCH_BASE_URL) throw new Error('the stand-ins were not ready');
    return new StandIns(child, settings);
  }

  /** The link of the latest mail to an address. */
  async linkTo(email: string): Promise<string> {
    const answer = await fetch(`${this.settings.STYTCH_BASE_URL}/stand-in/mails`);
    const mails = (await answer.json()) as { to: string; link: string }[];
    const mail = mails.filter(({ to }) => to === email).at(-1);
    if (!mail) throw new Error(`no mail to ${email}`);
    return mail.link;
  }

  stop(): void {
    this.process.stdin?.end();
  }
}
