import { randomUUID } from 'node:crypto';
import type { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { expect, type Visitor } from './fixtures.ts';
import type { Server } from './server.ts';
import { joinWithYjs } from './stock.ts';

/** An id of the form that the document's ids have. */
export const newId = () => randomUUID().replace(/^(.{14})4/, '$17');

/** Somebody's own program on the document: it writes what the page would not. */
export class Outside {
  /** What is marked first is the older, also within a millisecond. */
  private made = Date.now();

  private constructor(
    readonly provider: WebsocketProvider,
    private readonly author: string,
  ) {}

  static async join(server: Server, visitor: Visitor, conversation: string): Promise<Outside> {
    const provider = joinWithYjs(server, conversation, await visitor.api.token('a program'));
    await expect.poll(() => provider.synced, 'the program is in step').toBe(true);
    return new Outside(provider, (await visitor.api.conversation(conversation)).author_id);
  }

  get doc(): Y.Doc {
    return this.provider.doc;
  }

  /** The id of the first tag. */
  get tag(): string {
    return [...this.doc.getMap('tags').keys()][0] ?? '';
  }

  /** Marks words of a message that need not be there, with tags or without; the new highlight's id. */
  mark(message: string, exact: string, { tags = [this.tag], start = 3 }: { tags?: string[]; start?: number } = {}): string {
    const id = newId();
    this.doc.transact(() => {
      const highlight = new Y.Map<unknown>(
        Object.entries({ author: this.author, created_at: this.made++, resolved: null, deleted: null }),
      );
      highlight.set('targets', [{ message, start, end: start + [...exact].length, exact, prefix: '', suffix: '' }]);
      highlight.set('tags', new Y.Map(tags.map((tag) => [tag, Date.now()])));
      highlight.set('comments', new Y.Map());
      this.doc.getMap('highlights').set(id, highlight);
    });
    return id;
  }

  leave(): void {
    this.provider.destroy();
    this.doc.destroy();
  }
}
