/**
 * Bodies that are deep, long or many, some around a question that would be granted.
 *
 * @module
 */
import type { Call } from './language.ts'

const MANY = 100_000

const numbered = (write: (i: number) => string, between: string) =>
  Array.from({ length: MANY }, (_, i) => write(i)).join(between)

/** Puts another field into a question. */
function beside({ body, encoding }: Call, json: string, form: string): string {
  return encoding === 'json' ? `${body.slice(0, -1)},${json}}` : `${body}&${form}`
}

type Make = (call: Call) => string

/** No questions, up to 3 MB of them. */
export const HUGE: Readonly<Record<string, Make>> = {
  'open lists': () => '['.repeat(MANY),
  'deep lists': () => '['.repeat(MANY) + ']'.repeat(MANY),
  'deep objects': () => `${'{"a":'.repeat(MANY)}1${'}'.repeat(MANY)}`,
  'deep prototypes': () => `${'{"__proto__":'.repeat(MANY)}{}${'}'.repeat(MANY)}`,
  'a form of lists': () => numbered(() => 'username[]=a', '&'),
  'one name many times': (call) =>
    beside(
      call,
      numbered(() => '"x":1', ','),
      numbered(() => 'x=1', '&'),
    ),
  'a list after a list': (call) => call.body.repeat(1_000),
  'a topic of many levels': ({ encoding }) => {
    const topic = 'a/'.repeat(MANY)
    return encoding === 'json'
      ? `{"username":"pump/P-1","access":"2","acc":2,"action":"publish","topic":"${topic}"}`
      : `username=pump%2FP-1&access=2&acc=2&action=publish&topic=${topic}`
  },
  'many filters': ({ encoding }) => {
    const topic = 'both/a,'.repeat(MANY)
    const entries = numbered(() => '{"topic":"both/secret/a","qos":0}', ',')
    return encoding === 'json'
      ? `{"username":"pump/P-1","access":"1","topic":"${topic}","topics":[${entries}]}`
      : `username=pump%2FP-1&access=1&topic=${topic}`
  },
}

/** Questions with something beside them that nobody asked for: denied, or answered like the question. */
export const HUGE_BESIDE: Readonly<Record<string, Make>> = {
  'deep lists': (call) =>
    beside(call, `"x":${'['.repeat(MANY)}${']'.repeat(MANY)}`, `x${'[x]'.repeat(MANY)}=1`),
  'many names': (call) =>
    beside(
      call,
      numbered((i) => `"x${i}":${i}`, ','),
      numbered((i) => `x${i}=${i}`, '&'),
    ),
  'many objects': (call) => beside(call, `"x":[${numbered(() => '{}', ',')}]`, 'x='.repeat(MANY)),
  'a long number': (call) => beside(call, `"x":${'9'.repeat(MANY)}`, `x=${'9'.repeat(MANY)}`),
  'a large exponent': (call) =>
    beside(call, `"x":1e${'9'.repeat(MANY)}`, `x=1e${'9'.repeat(MANY)}`),
  'a long text': (call) =>
    beside(call, `"x":"${'x'.repeat(MANY * 10)}"`, `x=${'x'.repeat(MANY * 10)}`),
  'escapes and quotes': (call) =>
    beside(call, `"x":"${'\\"\\\\:'.repeat(MANY)}"`, `x=${'%22%3a%5C'.repeat(MANY)}`),
}
