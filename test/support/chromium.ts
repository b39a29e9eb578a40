/**
 * A headless Chromium for as long as a test needs it, driven over the pipe of its DevTools protocol:
 * no port is opened, and no name but 127.0.0.1 is resolved.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { type Deferred, deferred, within } from './wait.ts'

const START_LIMIT = 30_000
const command = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version'], { timeout: START_LIMIT }).status === 0,
)

/** Why tests that need Chromium are skipped, or `false`. Where `CI` is `true` it must be there. */
export const chromiumMissing: string | false = command
  ? false
  : 'Chromium is not installed: apt-get install -y --no-install-recommends chromium'
if (chromiumMissing && process.env.CI === 'true') throw new Error(chromiumMissing)

const ARGUMENTS = [
  '--headless=new',
  '--remote-debugging-pipe',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-extensions',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  // The sandbox cannot be set up by root. Only our own pages are opened.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
]

/** An open page. */
export interface Page extends AsyncDisposable {
  /** Evaluates an expression there; a promise is waited for. Rejects with what it threw. */
  evaluate(expression: string, ms?: number): Promise<unknown>
  /** Calls a method of the page's DevTools protocol, such as `Page.captureScreenshot`. */
  call(method: string, params?: object): Promise<Answer>
  /** Calls a listener for each event of the protocol, whose domain has to be enabled. */
  on(event: string, listener: (params: Answer) => void): void
}

/**
 * Starts Chromium and opens a page. Settles when it is loaded.
 *
 * @param trusted Certificates of servers to trust, as PEM text.
 */
export async function openPage(url: string, trusted: readonly string[] = []): Promise<Page> {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-chromium-'))
  const args = [
    ...ARGUMENTS,
    `--user-data-dir=${folder}`,
    `--ignore-certificate-errors-spki-list=${trusted.map(keyHash).join(',')}`,
    'about:blank',
  ]
  const child = spawn(command!, args, {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  })
  // Not to be left behind by a test process that crashes.
  const killAtExit = () => child.kill('SIGKILL')
  process.once('exit', killAtExit)
  const exited = once(child, 'exit')
  const tools = new DevTools(child, exited)
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      tools.send('Browser.close').catch(() => {})
      const timer = setTimeout(killAtExit, 3_000)
      await exited
      clearTimeout(timer)
    }
    process.removeListener('exit', killAtExit)
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  }
  try {
    const opening = open(tools, url)
    const session = await within(opening, 'page of Chromium', START_LIMIT)
    return {
      async evaluate(expression, ms = 30_000) {
        const options = { expression, awaitPromise: true, returnByValue: true }
        const evaluated = tools.send('Runtime.evaluate', options, session)
        return unwrapped(await within(evaluated, `value of ${expression}`, ms))
      },
      call: (method, params) =>
        within(tools.send(method, params, session), `answer to ${method}`, START_LIMIT),
      on: (event, listener) => tools.on(event, listener),
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function keyHash(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64')
}

async function open(tools: DevTools, url: string): Promise<string> {
  const { targetId } = await tools.send('Target.createTarget', { url: 'about:blank' })
  const attached = await tools.send('Target.attachToTarget', { targetId, flatten: true })
  const session = String(attached.sessionId)
  await tools.send('Page.enable', {}, session)
  const loaded = tools.next('Page.loadEventFired')
  const { errorText } = await tools.send('Page.navigate', { url }, session)
  if (errorText) throw new Error(`Chromium cannot open ${url}: ${errorText}`)
  await loaded
  return session
}

function unwrapped({ result, exceptionDetails }: Answer): unknown {
  if (!exceptionDetails) return (result as { value?: unknown }).value
  const { text, exception } = exceptionDetails as {
    text: string
    exception?: { description?: string }
  }
  throw new Error(exception?.description ?? text)
}

/** What the protocol tells. */
export type Answer = Readonly<Record<string, unknown>>

/** JSON between NUL characters, out on one pipe and in on another. */
class DevTools {
  readonly #out: Writable
  readonly #calls = new Map<number, Deferred<Answer>>()
  readonly #events = new Map<string, Deferred<Answer>>()
  readonly #listeners = new Map<string, (params: Answer) => void>()
  #count = 0

  constructor(child: ChildProcess, exited: Promise<unknown>) {
    this.#out = child.stdio[3] as Writable
    this.#out.on('error', () => {}) // It has ended, which its calls are told.
    let rest = ''
    const input = child.stdio[4] as Readable
    input.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\0')
      rest = lines.pop()!
      for (const line of lines) this.#receive(JSON.parse(line))
    })
    input.on('error', () => {})
    void exited.then(() => {
      const error = new Error('Chromium has ended')
      for (const call of [...this.#calls.values(), ...this.#events.values()]) call.reject(error)
    })
  }

  send(method: string, params: object = {}, sessionId?: string): Promise<Answer> {
    const call = deferred<Answer>()
    const id = ++this.#count
    this.#calls.set(id, call)
    this.#out.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    return call.promise
  }

  next(event: string): Promise<Answer> {
    const found = deferred<Answer>()
    this.#events.set(event, found)
    return found.promise
  }

  on(event: string, listener: (params: Answer) => void): void {
    this.#listeners.set(event, listener)
  }

  #receive(message: {
    id?: number
    method?: string
    params?: Answer
    result?: Answer
    error?: { message: string }
  }): void {
    const { id, method, params = {}, result = {}, error } = message
    if (id === undefined) {
      this.#events.get(method!)?.resolve(params)
      this.#listeners.get(method!)?.(params)
      return
    }
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    if (error) call?.reject(new Error(error.message))
    else call?.resolve(result)
  }
}
