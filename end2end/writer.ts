import * as Y from 'yjs';
import type { Conversation } from './api.ts';
import { expect, type Visitor } from './fixtures.ts';
import type { Server } from './server.ts';
import { joinWithYjs } from './stock.ts';

const newId = (number: number) => `0190c1a2-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;

/** A document's highlights, as another program writes them: many, and fast. */
export class Writer {
  private made = 0;

  private constructor(
    private readonly provider: ReturnType<typeof joinWithYjs>,
    private readonly author: string,
    private readonly tags: string[],
    private readonly texts: { id: string; text: string }[],
  ) {}

  static async join(server: Server, { id, messages }: Conversation, person: Visitor): Promise<Writer> {
    const provider = joinWithYjs(server, id, await person.api.token('writer'));
    await expect.poll(() => provider.synced).toBe(true);
    const { author_id: author } = await person.api.conversation(id);
    return new Writer(provider, author, [...provider.doc.getMap('tags').keys()], messages);
  }

  /** Marks a passage where a space follows it; with the tags in turn. */
  add(passage: string): void {
    const message = this.texts.find(({ text }) => text.includes(`${passage} `));
    if (!message) throw new Error(`no message holds “${passage}”`);
    const start = message.text.indexOf(`${passage} `);
    const target = {
      message: message.id,
      start,
      end: start + passage.length,
      exact: passage,
      prefix: message.text.slice(Math.max(0, start - 32), start),
      suffix: message.text.slice(start + passage.length, start + passage.length + 32),
    };
    const number = this.made++;
    this.provider.doc.transact(() => {
      const highlight = new Y.Map<unknown>(
        Object.entries({ targets: [target], author: this.author, created_at: 1_700_000_000_000 + number, resolved: null, deleted: null }),
      );
      highlight.set('tags', new Y.Map([[this.tags[number % this.tags.length] ?? '', number]]));
      highlight.set('comments', new Y.Map());
      this.provider.doc.getMap('highlights').set(newId(number), highlight);
    });
  }

  leave(): void {
    this.provider.destroy();
  }
}
