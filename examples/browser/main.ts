/**
 * Builds the page and serves it: `node --import tsx examples/browser/main.ts`
 *
 * @module
 */
import { buildPage } from './build.ts'
import { runSite } from './site.ts'

await using page = await buildPage(new URL('.', import.meta.url))
await runSite(page.folder, process.env)
