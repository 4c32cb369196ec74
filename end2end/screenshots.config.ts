import journeys from './playwright.config.ts';

/** `npm run screenshots`: the pictures of the documents, drawn from the running product. */
export default { ...journeys, testDir: '.', testMatch: 'screenshots.ts', workers: 1, fullyParallel: false };
