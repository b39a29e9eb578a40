/**
 * What Cloudflare does and workerd alone does not, put in front of it.
 *
 * - WebCrypto runs at most 100,000 rounds of PBKDF2.
 * - Clocks stand still while code runs: they tell when it began to, after an input or output. Where that
 *   was a timer they tell when it was due, however late it came, so that no timer measures what was
 *   computed before it.
 *
 * @module
 */

const MAX_ROUNDS = 100_000
const deriveBits = crypto.subtle.deriveBits.bind(crypto.subtle)
let refusals = 0

/** How often the bound was met. */
export function countRefusals(): number {
  return refusals
}

crypto.subtle.deriveBits = (algorithm, key, length) => {
  if (typeof algorithm === 'object' && Number(Reflect.get(algorithm, 'iterations')) > MAX_ROUNDS) {
    refusals++
    return Promise.reject(new DOMException('too many iterations', 'NotSupportedError'))
  }
  return deriveBits(algorithm, key, length)
}

const readClock = Date.now
const startTimer = setTimeout
let time = 0

function syncClock(): void {
  time = readClock()
}

/** Answers requests, each of which is an input. */
export function onCloudflare(
  answer: (request: Request) => Response | Promise<Response>,
): (request: Request) => Response | Promise<Response> {
  return (request) => {
    syncClock()
    return answer(request)
  }
}

Date.now = () => time
performance.now = () => time

globalThis.setTimeout = ((run: () => void, wait: number) => {
  const due = time + Math.max(0, Math.trunc(wait))
  return startTimer(() => {
    time = due
    run()
  }, wait)
}) as typeof setTimeout

for (const { prototype } of [Request, Response]) {
  const { text } = prototype
  prototype.text = async function (this: Request & Response) {
    const reading = text.call(this)
    const isInput = await isPending(reading)
    const body = await reading
    if (isInput) syncClock()
    return body
  }
}

/** Whether a promise waits for more than the code that runs now. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let isThere = false
  const settle = () => {
    isThere = true
  }
  promise.then(settle, settle)
  for (let i = 0; i < 1_000; i++) await null
  return !isThere
}
