/**
 * The exchanges of a product: all cases of the matrix in its words, and its oddities.
 *
 * @module
 */
import type { Asked, Cast, Dialect, Exchanges } from './dialect.ts'
import {
  accesses,
  accessOf,
  LOGINS,
  type LoginCase,
  loginOf,
  PUMP,
  STATION,
  SUPERUSERS,
} from './matrix.ts'
import { mistakes } from './mistakes.ts'
import type { Row } from './row.ts'

const CAST: Cast = { device: STATION, pump: PUMP }

/** All exchanges of a product. */
export function rowsOf({ dialects, oddities }: Exchanges): readonly Row[] {
  return [...dialects.flatMap(matrixRows), ...oddities]
}

/** All cases in one dialect. @throws {Error} If an exception is none of them. */
export function matrixRows(dialect: Dialect): readonly Row[] {
  const { variant, except = {} } = dialect
  const rows = [
    ...logins(dialect),
    ...superusers(dialect),
    ...access(dialect),
    ...around(dialect, 'login'),
    ...around(dialect, 'access'),
  ]
  const titles = new Set(rows.map(({ title }) => title))
  const unused = Object.keys(except).filter((title) => !titles.has(title))
  if (unused.length) throw new Error(`there is no case ${unused.join(', ')}`)
  return variant === undefined
    ? rows
    : rows.map((row) => ({ ...row, title: `${row.title}, ${variant}` }))
}

function row({ except }: Dialect, title: string, asked: Asked, answer: Row['answer']): Row {
  return { title, ...asked, answer: except?.[title]?.answer ?? answer }
}

function logins(dialect: Dialect): readonly Row[] {
  return LOGINS.map((one) => {
    const [title, effect] = one
    const login = loginOf(one)
    const answer = {
      allow: dialect.allowLogin(login),
      foreign: dialect.foreignClientId?.(login) ?? dialect.deny,
      deny: dialect.deny,
    }[effect]
    return row(dialect, title, dialect.login(login), answer)
  })
}

function superusers(dialect: Dialect): readonly Row[] {
  const ask = dialect.superuser
  if (!ask) return []
  return SUPERUSERS.map((one) => row(dialect, one[0], ask(loginOf(one)), dialect.deny))
}

function access(dialect: Dialect): readonly Row[] {
  const { cast = CAST, asksAbout = [], tells, deny } = dialect
  const asked: readonly string[] = ['publish', 'subscribe', ...asksAbout]
  return accesses(cast)
    .filter(([, , action]) => asked.includes(action))
    .map((one) => {
      const [title, effect, , , { needs } = {}] = one
      const wish = accessOf(one, cast)
      const isKnown = needs === undefined || tells.includes(needs)
      const answer = effect === 'allow' && isKnown ? dialect.allowAccess(wish) : deny
      return row(dialect, title, dialect.access(wish), answer)
    })
}

/** What is wrong around a login or a publish that is granted, and what may be there. */
function around(dialect: Dialect, kind: 'login' | 'access'): readonly Row[] {
  const { cast = CAST, fields, deny } = dialect
  const login = loginOf(LOGINS[0] as LoginCase)
  const wish = accessOf(accesses(cast)[0]!, cast)
  const isLogin = kind === 'login'
  const good = isLogin ? dialect.login(login) : dialect.access(wish)
  const names = isLogin ? [fields.username] : [fields.username, fields.topic]
  const granted = isLogin ? dialect.allowLogin(login) : dialect.allowAccess(wish)
  const titled = (title: string) => `${isLogin ? 'a login' : 'a publish'}: ${title}`
  return [
    ...mistakes(dialect, good, names).map(([title, change, answer = deny]) => ({
      ...row(dialect, titled(title), good, answer),
      ...change,
    })),
    row(dialect, titled('a slash at the end'), { ...good, path: `${good.path}/` }, granted),
  ]
}
