/**
 * Reads the JUnit reports of Node, Bun and Deno. They agree on the elements and on little else, so
 * what differs is settled here: afterwards every test is there once.
 *
 * @module
 */

/** How one test ended on one runtime. */
export interface TestOutcome {
  /** Suites and test, joined by ` > `. */
  readonly name: string
  readonly result: 'passed' | 'failed' | 'skipped'
  /** Why it was skipped, where the runtime says so. */
  readonly reason: string | undefined
}

interface OpenCase {
  name: string
  result: TestOutcome['result']
  reason: string | undefined
}

const TAG =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<(\/?)([\w-]+)((?:\s+[\w-]+="[^"]*")*)\s*(\/?)>/g
const ATTRIBUTE = /([\w-]+)="([^"]*)"/g
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'" }

/** Every test of a report, once. Suites are no tests. */
export function readJunit(xml: string): readonly TestOutcome[] {
  const suites: string[] = []
  const found: OpenCase[] = []
  let open: OpenCase | undefined
  for (const [, slash, element, attributeText, selfClosing] of xml.matchAll(TAG)) {
    if (element === undefined) continue
    const attributes = readAttributes(attributeText ?? '')
    const starts = slash !== '/'
    const ends = slash === '/' || selfClosing === '/'
    if (element === 'testsuite') {
      if (starts) suites.push(suiteName(attributes))
      if (ends) suites.pop()
    } else if (element === 'testcase') {
      if (starts) {
        const name = [...suites, attributes.get('name')].filter(Boolean).join(' > ')
        open = { name, result: 'passed', reason: undefined }
        found.push(open)
      }
      if (ends) open = undefined
    } else if (open && starts) {
      if (element === 'failure' || element === 'error') {
        open.result = 'failed'
        open.reason = attributes.get('message')
      } else if (element === 'skipped') {
        open.result = 'skipped'
        open.reason = skipReason(attributes)
      }
    }
  }
  return withoutContainers(found)
}

/**
 * Deno lists a suite, or a test with subtests, beside what is in it. Such an entry is left out,
 * unless it failed by itself, as with a hook that throws.
 */
function withoutContainers(found: readonly OpenCase[]): readonly TestOutcome[] {
  const containers = new Set<string>()
  for (const { name } of found) {
    for (let at = name.indexOf(' > '); at >= 0; at = name.indexOf(' > ', at + 1)) {
      containers.add(name.slice(0, at))
    }
  }
  return found.filter(({ name, result, reason }) => {
    if (!containers.has(name)) return true
    return result === 'failed' && !/^\d+ test steps? failed$/.test(reason ?? '')
  })
}

/** A suite's name; nothing for the suites that stand for a file. */
function suiteName(attributes: ReadonlyMap<string, string>): string {
  const name = attributes.get('name') ?? ''
  const isFile = /\.ts$/.test(name) || name.startsWith('ext:')
  return isFile ? '' : name
}

function skipReason(attributes: ReadonlyMap<string, string>): string | undefined {
  const message = attributes.get('message')
  const given = message === 'true' ? undefined : message
  return attributes.get('type') === 'todo' ? `todo${given ? `: ${given}` : ''}` : given
}

function readAttributes(text: string): ReadonlyMap<string, string> {
  const read = [...text.matchAll(ATTRIBUTE)]
  return new Map(read.map(([, name, value]) => [name!, decode(value!)]))
}

function decode(text: string): string {
  return text
    .replaceAll('&amp;', '&') // First, because Node escapes quotes twice.
    .replace(/&(lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name]!)
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
}
