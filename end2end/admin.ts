import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Server } from './server.ts';

/** As whoever runs the server types it beside the server. */
export async function admin(server: Server, ...words: string[]): Promise<Record<string, unknown>> {
  const binary = process.env.PROMPTGRIMOIRE_BIN || path.resolve(import.meta.dirname, '../target/dist/promptgrimoire');
  const env = { PATH: process.env.PATH ?? '', DATA_DIR: server.dataDir, LISTEN: `127.0.0.1:${server.port}` };
  const { stdout } = await promisify(execFile)(path.resolve(binary), ['admin', ...words, '--json'], { env });
  return JSON.parse(stdout) as Record<string, unknown>;
}
