/**
 * The page with React, at the server of the example without: `node --import tsx examples/react/main.ts`
 *
 * @module
 */
import { buildPage } from '../browser/build.ts'
import { runSite } from '../browser/site.ts'

await using page = await buildPage(new URL('.', import.meta.url))
await runSite(page.folder, process.env)
