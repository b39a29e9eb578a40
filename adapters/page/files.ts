/**
 * What a browser loads: the page itself, and its scripts and styles.
 *
 * @module
 */
import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import { describeError } from '../../src/base/log.ts'
import type { QuietLog } from '../../src/base/quiet-log.ts'
import type { Guard } from '../admin/guard.ts'
import { ProblemError } from '../admin/problem.ts'
import { PATHS } from './wire.ts'

const SHELL = 'index.html'
/** A name that changes with what is in the file. */
const HASHED = /-[0-9A-Z]{8}\.\w+$/

const POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"],
  ...["img-src 'self' data:", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'none'"],
].join('; ')
/** For whatever is served here. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
}

/** A file of the page. */
type Asset = typeof import('./assets.ts').ASSETS[string]

/** Makes the routes. Who may see the page is asked; its scripts and styles are the same for everybody. */
export function pageFiles(guard: Guard, log: QuietLog): Hono {
  async function shell(context: Context): Promise<Response> {
    const assets = await loadAssets()
    try {
      await guard(context)
    } catch (error) {
      return refusal(error, assets, log)
    }
    return send(context, assets[SHELL]!, 'private, no-cache')
  }

  return new Hono()
    .get(`/${PATHS.assets}/:name`, async (context) => {
      const name = context.req.param('name')
      const assets = await loadAssets()
      const asset = Object.hasOwn(assets, name) && name !== SHELL ? assets[name] : undefined
      if (!asset) return new Response('Not found', { status: 404, headers: HEADERS })
      const isHashed = HASHED.test(name)
      return send(context, asset, isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    })
    .get('/', async (context) => {
      // What it loads is beside its own address, which therefore has to end in a slash.
      const { pathname, search } = new URL(context.req.url)
      if (pathname.endsWith('/')) return shell(context)
      const location = `./${pathname.slice(pathname.lastIndexOf('/') + 1)}/${search}`
      return new Response(null, { status: 302, headers: { ...HEADERS, location } })
    })
    .get('/*', async (context, next) => {
      // Where it is mounted, with a slash behind it, which is another path to Hono.
      const mounted = context.req.routePath.split('/').length
      const { pathname } = new URL(context.req.url)
      const isPage = pathname.endsWith('/') && context.req.path.split('/').length === mounted
      return isPage ? shell(context) : next()
    })
}

/** Loaded with the first page. */
async function loadAssets(): Promise<Readonly<Record<string, Asset>>> {
  const { ASSETS } = await import('./assets.ts')
  return ASSETS
}

function send({ req }: Context, asset: Asset, caching: string): Response {
  const { contentType, text, etag } = asset
  const headers = { ...HEADERS, etag, 'cache-control': caching }
  const known = req.header('if-none-match')?.split(',') ?? []
  // Compared weakly (RFC 9110, section 13.1.2): a proxy that compresses makes it a weak one.
  const isKnown = known.some((tag) => tag.trim().replace(/^W\//, '') === etag)
  if (isKnown) return new Response(null, { status: 304, headers })
  return new Response(text, { headers: { ...headers, 'content-type': contentType } })
}

/** A page for whoever is not let in, or cannot be told from others now. */
function refusal(error: unknown, assets: Readonly<Record<string, Asset>>, log: QuietLog): Response {
  const isStranger = error instanceof ProblemError && error.problem.status === 401
  if (!isStranger) log.write('error', 'authorize', `authorize failed: ${describeError(error)}`)
  const style = Object.keys(assets).find((name) => name.endsWith('.css'))
  const [title, text] = isStranger
    ? ['Not signed in', 'This page is for the operators of the fleet. Sign in, and try again.']
    : [
        'Not there at the moment',
        'Who you are could not be found out. The log of the server says why.',
      ]
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="${PATHS.assets}/${style}">
<main class="refusal">
<h1>${title}</h1>
<p>${text}</p>
<p><a href="./">Try again</a></p>
</main>
</html>
`
  const headers = {
    ...HEADERS,
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
  }
  return new Response(page, { status: isStranger ? 401 : 503, headers })
}
