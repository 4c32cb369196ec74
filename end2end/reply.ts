import { expect, type Page } from '@playwright/test';

/** What a form's answer gave to be read once (`data-reply`): its place is empty until the answer is there. */
export async function shownOnce(page: Page, name: 'code' | 'link' | 'secret' | 'token'): Promise<string> {
  const place = page.locator(`[data-reply=${name}]`);
  await expect(place).toHaveText(/\S/);
  return (await place.innerText()).trim();
}
