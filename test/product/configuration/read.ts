/**
 * Reads the configuration files that are generated, as far as their brokers' formats are used in them.
 *
 * @module
 */

/** Settings by their path, such as `authorization.no_match`; a list's entries have numbers. */
export type Settings = ReadonlyMap<string, string>

/** `key = value` or `key value` in each line, as RabbitMQ, VerneMQ, EMQX 4 and Mosquitto have it. */
export function readLines(text: string): Settings {
  const settings = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, key, value] = /^([^\s=#]+)(?:\s*=\s*|\s+)(.*)$/.exec(line.trim()) ?? []
    if (key === undefined || value === undefined) continue
    if (settings.has(key)) throw new Error(`${key} stands there twice`)
    settings.set(key, value)
  }
  return settings
}

/** The lines of Mosquitto, which has several listeners: each is a setting of its own. */
export function readMosquitto(text: string): Settings {
  return readLines(text.replaceAll(/^listener (\d+)$/gm, 'listener.$1 on'))
}

const TOKEN = /"(?:[^"\\]|\\.)*"|#.*|[{}[\]=,]|[^\s{}[\]=,"]+|\n/g

/** HOCON, as EMQX 5 and NanoMQ have it: objects, lists, plain or quoted values, and comments. */
export function readHocon(text: string): Settings {
  const tokens = text.match(TOKEN)!.filter((token) => !/^(\n|,|#.*)$/.test(token))
  const settings = new Map<string, string>()
  let at = 0
  const unquote = (token: string) => token.replace(/^"(.*)"$/, '$1')
  function set(path: string, value: string) {
    if (settings.has(path)) throw new Error(`${path} stands there twice`)
    settings.set(path, value)
  }
  function value(path: string): void {
    const token = tokens[at++]
    if (token === '{') object(path, '}')
    else if (token === '[') {
      for (let i = 0; tokens[at] !== ']'; i++) value(`${path}.${i}`)
      at++
    } else if (token === undefined || /^[}\]=]$/.test(token)) throw new Error(`${path}: no value`)
    else set(path, unquote(token))
  }
  function object(path: string, end: string | undefined): void {
    while (tokens[at] !== end) {
      if (at >= tokens.length) throw new Error(`${path} is not closed`)
      const key = unquote(tokens[at++]!)
      if (tokens[at] === '=') at++
      value(path === '' ? key : `${path}.${key}`)
    }
    at++
  }
  object('', undefined)
  return settings
}

/** The one word of a file, such as `acl.conf` of EMQX 4. */
export const readWhole = (text: string): Settings => new Map([['', text.trim()]])

/** Plain, without a colon before a blank, or in single quotes without one inside. */
const SCALAR = /^(?:'([^']*)'|([\w./@-](?:[\w./@-]|:(?=\S))*))$/

/**
 * The part of YAML that a compose file needs: mappings and lists of texts, indented by two, with
 * comments. Anything else throws. A key without anything has an empty text.
 */
export function readCompose(text: string): Settings {
  const settings = new Map<string, string>()
  const lines = text.split('\n').flatMap((line) => {
    const [, blanks = '', rest = ''] = /^( *)(.*?)(?: #.*)?$/.exec(line)!
    return rest === '' ? [] : [{ depth: blanks.length / 2, rest }]
  })
  const keys: string[] = []
  let items = 0
  const set = (path: string, value: string) => {
    if (settings.has(path)) throw new Error(`${path} stands there twice`)
    settings.set(path, value)
  }
  const scalar = (token: string) => {
    const [, quoted, plain] = SCALAR.exec(token) ?? []
    if (quoted === undefined && plain === undefined) throw new Error(`no text: ${token}`)
    return quoted ?? plain!
  }
  for (const [i, { depth, rest }] of lines.entries()) {
    if (depth > keys.length || !Number.isInteger(depth)) throw new Error(`indented: ${rest}`)
    keys.length = depth
    const item = /^- (.+)$/.exec(rest)?.[1]
    if (item !== undefined) {
      set([...keys, items++].join('.'), scalar(item))
      continue
    }
    items = 0
    const [, key, value] = /^(\w+):(?: (.+))?$/.exec(rest) ?? []
    if (key === undefined) throw new Error(`no key: ${rest}`)
    const path = [...keys, key].join('.')
    if (value !== undefined) set(path, scalar(value))
    else if ((lines[i + 1]?.depth ?? 0) > depth) keys.push(key)
    else set(path, '')
  }
  return settings
}
