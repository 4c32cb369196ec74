import { expect, type Locator, type Page } from '@playwright/test';

/** The page that brings a conversation in, by the names that the product promises to keep. */
export class ImportPage {
  readonly text: Locator;
  readonly file: Locator;
  readonly title: Locator;
  readonly share: Locator;
  readonly submit: Locator;
  readonly alert: Locator;

  private constructor(readonly page: Page) {
    this.text = page.getByRole('textbox', { name: 'Paste a conversation or text', exact: true });
    this.file = page.getByLabel('Choose a file', { exact: true });
    this.title = page.getByRole('textbox', { name: 'Title', exact: true });
    this.share = page.getByRole('checkbox', { name: 'Share with the class', exact: true });
    this.submit = page.getByRole('button', { name: 'Import', exact: true });
    this.alert = page.getByRole('alert').filter({ hasText: /\S/ });
  }

  static async open(page: Page): Promise<ImportPage> {
    await page.goto('/import');
    await expect(page.locator('html[data-hydrated]')).toBeAttached();
    return new ImportPage(page);
  }

  /** Waits for the new conversation's page and returns its id. */
  async imported(): Promise<string> {
    await this.page.waitForURL(/\/c\/[0-9a-f-]{36}$/);
    return new URL(this.page.url()).pathname.slice('/c/'.length);
  }

  /** One conversation of a file that holds several: a choice of radio buttons, or a button each. */
  choice(title: RegExp): Locator {
    return this.page.getByRole('radio', { name: title }).or(this.page.getByRole('button', { name: title })).first();
  }

  async choose(title: RegExp): Promise<void> {
    const choice = this.choice(title);
    await expect(choice).toBeVisible();
    if ((await choice.getAttribute('type')) !== 'radio') return choice.click();
    await choice.check();
    await this.submit.click();
  }
}
