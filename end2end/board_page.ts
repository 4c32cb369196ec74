import { expect, type Locator, type Page } from '@playwright/test';
import type { Workspace } from './workspace.ts';

/** The board of a conversation: columns by the names of tags, entries by words of their quotes. */
export class BoardPage {
  private constructor(readonly page: Page) {}

  static async open(workspace: Workspace): Promise<BoardPage> {
    await workspace.showTab('Board');
    return new BoardPage(workspace.page);
  }

  column(tag: string): Locator {
    return this.page.getByRole('region', { name: tag, exact: true });
  }

  entry(tag: string, quote: string): Locator {
    return this.column(tag).getByRole('listitem').filter({ hasText: quote });
  }

  /** The entry's main button. */
  button(tag: string, quote: string): Locator {
    return this.entry(tag, quote).getByRole('button', { name: quote });
  }

  /** These and no others stand in the column, in this order. */
  async expectColumn(tag: string, quotes: readonly string[]): Promise<void> {
    await expect(this.column(tag).locator('.board-quote')).toHaveText([...quotes]);
  }

  /** Drags with the mouse, in steps as a hand does, to a little below the top of what is named. */
  async drag(from: Locator, to: Locator, y = 4): Promise<void> {
    const [start, end] = [await from.boundingBox(), await to.boundingBox()];
    if (!start || !end) throw new Error('what is dragged, or where to, is not on the page');
    const { mouse } = this.page;
    await mouse.move(start.x + start.width / 2, start.y + 14);
    await mouse.down();
    await mouse.move(end.x + end.width / 2, end.y + y, { steps: 8 });
    await mouse.up();
  }

  /** What a screen reader was told last. */
  async expectTold(text: string | RegExp): Promise<void> {
    await expect(this.page.getByRole('log', { name: 'Announcements' })).toHaveText(text);
  }
}
