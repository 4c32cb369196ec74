import { expect, type Locator, type Page } from '@playwright/test';

export type SyncState = 'saved' | 'saving' | 'offline' | 'read-only' | 'error';

export type WorkspaceTab = 'Annotations' | 'Board' | 'Notes' | 'Response' | 'People';

/** The page of one conversation, by the names that the product promises to keep. */
export class Workspace {
  readonly toolbar: Locator;
  readonly syncStatus: Locator;
  /** The people in the header, one item each. */
  readonly peopleHere: Locator;
  /** The messages, in order. */
  readonly messages: Locator;
  /** The cards of the margin; not the messages, which are articles too. */
  readonly cards: Locator;
  readonly notes: Locator;

  private constructor(readonly page: Page) {
    this.toolbar = page.getByRole('toolbar', { name: 'Annotate selection', exact: true });
    this.syncStatus = page.locator('[role=status][aria-label="Sync status"]');
    this.peopleHere = page.getByRole('list', { name: 'People here', exact: true }).getByRole('listitem');
    this.messages = page.locator('article[data-message-id]');
    this.cards = page.getByRole('article').and(page.locator('[data-highlight-id]'));
    this.notes = page.getByRole('textbox', { name: 'Shared notes', exact: true });
  }

  /** Opens a conversation and waits until its tools work and its document is in step. */
  static async open(page: Page, conversation: string): Promise<Workspace> {
    const workspace = new Workspace(page);
    await page.goto(`/c/${conversation}`);
    await workspace.ready();
    return workspace;
  }

  /** The workspace of a page that is open already, whatever its state. */
  static on(page: Page): Workspace {
    return new Workspace(page);
  }

  async ready(): Promise<void> {
    // Twenty at once on two cores take their time.
    await expect(this.page.locator('html[data-hydrated]')).toBeAttached({ timeout: 30_000 });
    await this.synced('saved');
  }

  /** Waits for the parts that come when the tools work (`later.rs`): who is cut off before has no notes to write in. */
  async whole(): Promise<void> {
    const isHere = () =>
      this.page.evaluate(() => performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/split_later.wasm')));
    await expect.poll(isHere, 'all of the page').toBe(true);
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** Waits for a state; a reconnecting client may take its time. */
  async synced(state: SyncState): Promise<void> {
    await expect(this.syncStatus).toHaveAttribute('data-state', state, { timeout: 20_000 });
  }

  /** Draws over exactly this passage with the mouse, or over all from it to the end of another. */
  async selectText(from: string, to = from): Promise<void> {
    await this.clearSelection();
    const drag = await this.page.evaluate(([a, b]) => window.canonical.drag(a, b), [from, to] as const);
    if (drag) {
      const { mouse } = this.page;
      await mouse.move(drag.start.x, drag.start.y);
      await mouse.down();
      await mouse.move(drag.end.x, drag.end.y, { steps: 6 });
      await mouse.up();
    } else {
      await this.page.evaluate(([a, b]) => window.canonical.select(a, b), [from, to] as const);
    }
    const wanted = await this.page.evaluate(([a, b]) => window.canonical.passage(a, b), [from, to] as const);
    await expect.poll(() => this.page.evaluate(() => window.canonical.selected()), 'the selection').toBe(wanted);
  }

  /** No selection, no toolbar: what the toolbar does next can only be meant for the next selection. */
  async clearSelection(): Promise<void> {
    await this.page.evaluate(() => getSelection()?.removeAllRanges());
    await expect(this.toolbar).toBeHidden();
  }

  /** The button of the `number`th tag, counted from 1 as its key is. */
  tagButton(number: number): Locator {
    return this.toolbar.getByRole('button', { name: /^(?!New tag$)/ }).nth(number - 1);
  }

  /** The tags' names in key order, as assistive technology hears them. The toolbar must be open. */
  async tagNames(): Promise<string[]> {
    const snapshot = await this.toolbar.ariaSnapshot();
    return [...snapshot.matchAll(/- button "([^"]+)"/g)].map(([, name]) => name ?? '').filter((name) => name !== 'New tag');
  }

  async applyTag(number: number): Promise<void> {
    await this.tagButton(number).click();
  }

  /** Highlights a passage with the mouse and the toolbar, and returns its card. */
  async highlight(passage: string, tag = 1): Promise<Locator> {
    await this.selectText(passage);
    await this.applyTag(tag);
    const card = this.card(passage);
    await expect(card).toHaveCount(1);
    return card;
  }

  /** The card whose quote holds this text. */
  card(quote: string): Locator {
    return this.cards.filter({ has: this.page.locator('blockquote[data-quote]').filter({ hasText: quote }) });
  }

  /** The whole quotes of all cards, white space kept. */
  quotes(): Promise<string[]> {
    return this.cards.locator('blockquote[data-quote]').evaluateAll((quotes) => quotes.map((q) => q.textContent ?? ''));
  }

  commentBox(card: Locator): Locator {
    return card.getByRole('textbox', { name: 'Add a comment', exact: true });
  }

  /** Opens the card if it is compact, and returns its comment box. */
  async openCard(card: Locator): Promise<Locator> {
    const box = this.commentBox(card);
    await card.scrollIntoViewIfNeeded();
    if (!(await box.isVisible())) await card.click({ position: { x: 12, y: 12 } });
    await expect(box).toBeVisible();
    return box;
  }

  /** Presses the card, so that it is the one in hand, with all that it holds in sight. */
  async takeInHand(card: Locator): Promise<Locator> {
    await card.scrollIntoViewIfNeeded();
    await card.click({ position: { x: 12, y: 12 } });
    await expect(card).toHaveAttribute('data-active', '');
    return card;
  }

  async comment(card: Locator, text: string): Promise<void> {
    const box = await this.openCard(card);
    await box.fill(text);
    await card.getByRole('button', { name: 'Post', exact: true }).click();
    await expect(card.getByText(text, { exact: true })).toBeVisible();
  }

  /** Deletes a highlight through its card's menu; the product either asks in a dialog or offers to undo. */
  async deleteCard(card: Locator): Promise<void> {
    await this.openCard(card);
    await card.getByRole('button', { name: 'More', exact: true }).click();
    await this.page.getByRole('menu').getByRole('menuitem', { name: 'Delete', exact: true }).click();
    const dialog = this.page.getByRole('dialog').or(this.page.getByRole('alertdialog'));
    const undo = this.page.getByRole('button', { name: /^Undo/ });
    await expect(dialog.or(undo).first(), 'a question before, or an undo after').toBeVisible();
    if (await dialog.isVisible()) await dialog.getByRole('button', { name: /delete/i }).click();
  }

  async showTab(name: WorkspaceTab): Promise<void> {
    const tab = this.page.getByRole('tablist', { name: 'Workspace', exact: true }).getByRole('tab', { name, exact: true });
    if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click();
    await expect(tab).toHaveAttribute('aria-selected', 'true');
  }

  /** Opens the dialog of the tags from the board. */
  async manageTags(): Promise<Locator> {
    await this.showTab('Board');
    await this.page.getByRole('tabpanel', { name: 'Board' }).getByRole('button', { name: 'Manage tags', exact: true }).click();
    const dialog = this.page.getByRole('dialog', { name: 'Tags', exact: true });
    await expect(dialog).toBeVisible();
    return dialog;
  }

  /** Brings the notes up and returns their box. */
  async openNotes(): Promise<Locator> {
    await this.showTab('Notes');
    await expect(this.notes).toBeVisible();
    return this.notes;
  }

  notesText(): Promise<string> {
    return this.notes.evaluate((box) => (box instanceof HTMLTextAreaElement ? box.value : (box as HTMLElement).innerText));
  }

  painted(): Promise<string[]> {
    return this.page.evaluate(() => window.canonical.painted());
  }

  /** The passage, and neither more nor less, is covered by the highlight registry. */
  async expectPainted(passage: string): Promise<void> {
    await expect.poll(() => this.painted(), `“${passage}” is painted`).toContain(passage);
  }

  async expectNotPainted(passage: string): Promise<void> {
    await expect.poll(() => this.painted(), `“${passage}” is not painted`).not.toContain(passage);
  }

  /** The passage differs to the eye from the text around it. */
  async expectColoured(passage: string): Promise<void> {
    await expect
      .poll(() => this.page.evaluate((text) => window.canonical.coloured(text), passage), `“${passage}” has a colour`)
      .toBe(true);
  }

  /** The markup of the annotated text, byte for byte. */
  canonicalMarkup(): Promise<string[]> {
    return this.page.locator('[data-canonical]').evaluateAll((roots) => roots.map((root) => root.outerHTML));
  }
}
