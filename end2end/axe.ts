import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

type Result = Awaited<ReturnType<AxeBuilder['analyze']>>['violations'][number];

/** Axe cannot say what the ground of a text is where a picture is part of it, and says nothing then. The strips at the edges of cards are such. */
async function withoutPictures(page: Page): Promise<void> {
  await page.evaluate(() => {
    // By script: the policy refuses style elements.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('*, ::before, ::after { background-image: none !important; transition: none !important }');
    document.adoptedStyleSheets.push(sheet);
  });
}

/** Why the contrast of a text needs no judgement: it is covered by something else, is meant not to be seen (a closed card's comment box), is an arrow among keys that are judged, or is a letter alone, as in formulas, which have the colour of the words around. */
const SETTLED = ['bgOverlap', 'elmPartiallyObscured', 'elmPartiallyObscuring', 'equalRatio', 'nonBmp', 'shortTextContent'];

/** The texts of which axe could not say whether they can be read; what else it leaves to people is no finding. */
function unjudged(result: Result): Result[] {
  if (result.id !== 'color-contrast') return [];
  const nodes = result.nodes.filter(({ any }) => !any.every(({ data }) => SETTLED.includes(data?.messageKey)));
  return nodes.length ? [{ ...result, nodes }] : [];
}

/** No violation of any impact, in light and in dark; `where` names the page and its state in the message. */
export async function expectAccessible(page: Page, where: string): Promise<void> {
  // A press on a link ends when the next page begins: half of it, or without its style, it is not what is judged.
  await page.waitForLoadState();
  await withoutPictures(page);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations, incomplete } = await new AxeBuilder({ page }).analyze();
    const told = [...violations, ...incomplete.flatMap(unjudged)].map(
      ({ id, impact, help, nodes }) =>
        `${id} (${impact}): ${help}\n${nodes.map(({ target, failureSummary }) => `  ${target.join(' ')}: ${failureSummary}`).join('\n')}`,
    );
    expect(told, `${where}, ${colorScheme}`).toEqual([]);
  }
}
