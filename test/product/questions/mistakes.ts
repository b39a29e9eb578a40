/**
 * Good questions with something wrong around them: whatever a product asks, they are denied.
 *
 * @module
 */
import { SECRET } from '../../hono/site.ts'
import { type Asked, type Dialect, NO_ROUTE } from './dialect.ts'
import type { Row } from './row.ts'

type Mistake = readonly [title: string, change: Partial<Row>, answer?: Row['answer']]

const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'

/**
 * All of them.
 *
 * @param good A question that is granted.
 * @param fields The names of its fields, each of which is given twice.
 */
export function mistakes(
  { encoding, secretIn }: Dialect,
  good: Asked,
  fields: readonly string[],
): readonly Mistake[] {
  const { body } = good
  const typed = (type: string) => ({ headers: { ...good.headers, 'content-type': type } })
  return [
    ['an empty body', { body: '' }],
    ...(encoding === 'json' ? jsonMistakes(body, fields) : formMistakes(body, fields)),
    encoding === 'json'
      ? ['JSON that calls itself a form', typed(FORM_TYPE)]
      : ['a form that calls itself JSON', typed(JSON_TYPE)],
    ['GET', { method: 'GET' }],
    ['PUT', { method: 'PUT' }],
    ...(secretIn === 'header' ? secretsInHeader(good) : secretsInPath(good)),
  ]
}

function jsonMistakes(body: string, fields: readonly string[]): readonly Mistake[] {
  const values: Readonly<Record<string, unknown>> = JSON.parse(body)
  const replaced = (field: string, value: unknown) => JSON.stringify({ ...values, [field]: value })
  return [
    ['half a body', { body: body.slice(0, -1) }],
    ['a body and a half', { body: `${body}{` }],
    ['a list of questions', { body: `[${body}]` }],
    ['null for a body', { body: 'null' }],
    ['a text for a body', { body: JSON.stringify(body) }],
    ['more than the bound', { body: body.padEnd(16_385) }],
    ['a form that calls itself JSON', { body: formOf(values) }],
    // With the right value, so that it is granted by whoever reads one of the two, or what is in it.
    ...fields.flatMap((field): Mistake[] => {
      const value = values[field]
      return [
        [`${field} twice`, { body: body.replace('{', `{"${field}":${JSON.stringify(value)},`) }],
        [`another ${field} before it`, { body: body.replace('{', `{"${field}":"hub",`) }],
        [`a list for ${field}`, { body: replaced(field, [value]) }],
        [`an object for ${field}`, { body: replaced(field, { value }) }],
        [`a number for ${field}`, { body: replaced(field, 1) }],
        [`null for ${field}`, { body: replaced(field, null) }],
      ]
    }),
  ]
}

function formOf(values: Readonly<Record<string, unknown>>): string {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) form.set(name, String(value))
  return form.toString()
}

function formMistakes(body: string, fields: readonly string[]): readonly Mistake[] {
  const values = new URLSearchParams(body)
  return [
    ['half an escape', { body: `${body}%` }],
    ['an escape of no digits', { body: `${body}%zz` }],
    ['an escape that is no UTF-8', { body: `${body}%ff` }],
    ['more than the bound', { body: `${body}&x=`.padEnd(16_385, 'x') }],
    ['JSON that calls itself a form', { body: JSON.stringify(Object.fromEntries(values)) }],
    ...fields.flatMap((field): Mistake[] => {
      const value = encodeURIComponent(values.get(field) ?? '')
      return [
        [`${field} twice`, { body: `${body}&${field}=${value}` }],
        [`${field} twice, its name escaped`, { body: `${body}&${escaped(field)}=${value}` }],
        [`another ${field} before it`, { body: `${field}=hub&${body}` }],
        [`another ${field} behind it`, { body: `${body}&${field}=hub` }],
      ]
    }),
  ]
}

/** A name with its first letter written in digits. */
function escaped(name: string): string {
  return `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`
}

function secretsInHeader({ headers, path }: Asked): readonly Mistake[] {
  const { authorization: _, ...without } = headers
  const sent = (authorization: string) => ({ headers: { ...headers, authorization } })
  const inPath = { headers: without, path: path.replace(/(.*)\//, `$1/${SECRET}/`) }
  return [
    ['no secret', { headers: without }],
    ['a wrong secret', sent(`Bearer ${SECRET}0`)],
    ['half the secret', sent(`Bearer ${SECRET.slice(0, 12)}`)],
    ['the secret without its scheme', sent(SECRET)],
    ['the secret in the path', inPath, NO_ROUTE],
  ]
}

function secretsInPath({ headers, path }: Asked): readonly Mistake[] {
  const sent = (secret: string) => ({ path: path.replace(`/${SECRET}`, secret) })
  const authorization = `Bearer ${SECRET}`
  return [
    ['no secret', sent(''), NO_ROUTE],
    ['a wrong secret', sent(`/${SECRET}0`)],
    ['half the secret', sent(`/${SECRET.slice(0, 12)}`)],
    ['the secret in a header', { ...sent(''), headers: { ...headers, authorization } }, NO_ROUTE],
  ]
}
