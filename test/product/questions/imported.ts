/**
 * Logins with passwords that other programs hashed, as EMQX 5 asks for them. They come after the
 * other rows: once a slow hash was met, an unknown user costs one too.
 *
 * @module
 */
import { IMPORTED, SECRET } from '../../hono/site.ts'
import type { Row } from './row.ts'

const headers = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' }

function login(title: string, id: string, password: string, allowed: boolean): Row {
  const body = `{"clientid":"pump/${id}","password":"${password}","username":"pump/${id}"}`
  const answer = allowed
    ? `{"result":"allow","client_attrs":{"type":"pump","id":"${id}"}}`
    : '{"result":"deny"}'
  return { title, path: '/emqx/auth', headers, body, answer: { status: 200, body: answer } }
}

export const rows: readonly Row[] = Object.values(IMPORTED).flatMap(({ id, password, hash }) => [
  login(`${id}: a wrong password`, id, 'wrong', false),
  login(`${id}: the beginning of the right one`, id, password.slice(0, -1), false),
  login(`${id}: the right one`, id, password, true),
  login(`${id}: the right one, remembered`, id, password, true),
  login(`${id}: a wrong one behind it`, id, `${password} `, false),
  login(`${id}: the stored hash`, id, hash, false),
])
