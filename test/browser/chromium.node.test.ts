/**
 * The MQTT adapter in a page of a real browser.
 *
 * @module
 */
import { chromiumMissing, openPage } from '../support/chromium.ts'
import { bundle } from './bundle.ts'
import { runsIn } from './suite.ts'

const CASE_LIMIT = 45_000

runsIn('Chromium', chromiumMissing, async () => ({
  script: await bundle('page.ts'),
  async start({ pageUrl, certificate }) {
    const page = await openPage(pageUrl, [certificate])
    return {
      async run(...args) {
        return String(await page.evaluate(`run(...${JSON.stringify(args)})`, CASE_LIMIT))
      },
      [Symbol.asyncDispose]: () => page[Symbol.asyncDispose](),
    }
  },
}))
