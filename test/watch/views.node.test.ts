/**
 * Stores of watched devices in the views that they are made for, in a page of a real browser: React 18 and
 * later under StrictMode, Svelte 5 and Vue 3.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { compile, VERSION as SVELTE } from 'svelte/compiler'
import type { Options } from 'tsup'
import { browserBundle } from '../support/browser-bundle.ts'
import { chromiumMissing, openPage, type Page } from '../support/chromium.ts'
import { DATA, STATUS } from './fixture.ts'
import type { Outcome } from './page/scenario.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const REACT_18 = here('react-18')
const INSTALL = ['ci', '--prefix', REACT_18, '--ignore-scripts', '--no-audit', '--no-fund']

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

const svelte: Plugin = {
  name: 'svelte',
  setup(build) {
    build.onLoad({ filter: /\.svelte$/ }, ({ path }) => {
      const { js } = compile(readFileSync(path, 'utf8'), { filename: path, dev: true })
      return { contents: js.code, loader: 'js' }
    })
  },
}

/** Finds packages in another folder first. */
function packagesOf(folder: string): Plugin {
  return {
    name: 'packages',
    setup(build) {
      build.onResolve({ filter: /^react(-dom)?(\/|$)/ }, ({ path, pluginData, kind }) => {
        if (pluginData === folder) return undefined
        return build.resolve(path, { resolveDir: folder, pluginData: folder, kind })
      })
    },
  }
}

/** @param file Relative to this one. */
function bundle(file: string, plugins: Plugin[]): Promise<string> {
  const options: Options = {
    esbuildPlugins: plugins,
    // The development builds complain of what is wrong.
    define: {
      'process.env.NODE_ENV': '"development"',
      __VUE_OPTIONS_API__: 'false',
      __VUE_PROD_DEVTOOLS__: 'false',
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    },
    esbuildOptions: (esbuild) => {
      esbuild.conditions = ['browser', 'development']
    },
  }
  return browserBundle(here(file), options, (folder) =>
    readFileSync(join(folder, 'program.js'), 'utf8'),
  )
}

const views: [name: string, file: string, plugins: Plugin[], rendersForOne: number][] = [
  // StrictMode renders each time twice.
  ['React 18', 'page/react.ts', [packagesOf(REACT_18)], 2],
  ['React 19', 'page/react.ts', [], 2],
  ['Svelte 5', 'page/svelte.ts', [svelte], 1],
  ['Vue 3', 'page/vue.ts', [], 1],
]

describe('a watched device', { skip: chromiumMissing }, () => {
  let script = ''
  let page: Page
  const server = createServer((request, response) => {
    const isScript = request.url?.startsWith('/page.js')
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? script : '<!doctype html><title>views</title>')
  })
  before(async () => {
    if (!existsSync(join(REACT_18, 'node_modules'))) {
      const { status } = spawnSync('npm', INSTALL, { stdio: 'inherit', timeout: 120_000 })
      assert.equal(status, 0, 'React 18 could not be installed')
    }
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    page = await openPage(`http://127.0.0.1:${(server.address() as { port: number }).port}/`)
  })
  after(async () => {
    await page?.[Symbol.asyncDispose]()
    server.close()
    server.closeAllConnections()
  })

  for (const [name, file, plugins, rendersForOne] of views) {
    test(`in ${name}: is shown, renders for what changes alone, and is left`, async () => {
      script = await bundle(file, plugins)
      const path = JSON.stringify(`/page.js?${encodeURIComponent(name)}`)
      const outcome = (await page.evaluate(`import(${path}).then(() => run())`, 45_000)) as Outcome
      assert.equal((outcome.version || SVELTE).split('.')[0], name.split(' ')[1])
      assert.deepEqual(outcome, {
        texts: ['', '1', '2'],
        needless: 0,
        forOne: rendersForOne,
        asked: [`+ ${DATA}`, `+ ${STATUS}`],
        askedAtEnd: [`+ ${DATA}`, `+ ${STATUS}`, `- ${DATA}`, `- ${STATUS}`],
        complaints: [],
        version: name.startsWith('Svelte') ? '' : outcome.version,
      } satisfies Outcome)
    })
  }
})
