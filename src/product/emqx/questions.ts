/**
 * EMQX 5 and 6: HTTP authentication and authorization.
 *
 * Every answer is status 200 with an explicit result: EMQX takes any other status, and an answer it
 * cannot read, for "ask the next one", which may end in a grant. An optional field that has nothing
 * to say is left out: EMQX turns an allow with a `null` or a malformed one into a refused login.
 *
 * @module
 */
import type { AccessAction } from '../../rule/rule.ts'
import { json } from '../http/answer.ts'
import {
  type Fields,
  MalformedRequest,
  needText,
  readFlag,
  readQos,
  readText,
} from '../http/fields.ts'
import type { AskedAccess, AskedLogin, Question } from '../http/question.ts'
import { loginAnswer } from './login-answer.ts'

const ALLOW = /* @__PURE__ */ json({ result: 'allow' })
const DENY = /* @__PURE__ */ json({ result: 'deny' })

const ACTIONS: Readonly<Record<string, AccessAction>> = {
  publish: 'publish',
  pub: 'publish',
  subscribe: 'subscribe',
  sub: 'subscribe',
}

/** The same in `${access}` (5.7.1 and later), as EMQX 4 numbers them. */
const NUMBERED: Readonly<Record<string, AccessAction>> = { 1: 'subscribe', 2: 'publish' }

const auth: Question<AskedLogin> = {
  path: 'auth',
  read: readLogin,
  write: ({ principal }) => (principal ? loginAnswer(principal) : DENY),
}

const acl: Question<AskedAccess> = {
  path: 'acl',
  read(fields) {
    const topic = needText(fields, 'topic')
    const qos = readQos(fields, 'qos')
    const retain = readFlag(fields, 'retain')
    return {
      kind: 'access',
      username: readText(fields, 'username'),
      clientId: readText(fields, 'clientid'),
      action: readAction(fields),
      topic,
      qos,
      retain,
    }
  },
  write: ({ effect }) => (effect === 'allow' ? ALLOW : DENY),
}

/** See `Product`. */
export const questions: readonly Question[] = [auth, acl]

function readLogin(fields: Fields): AskedLogin {
  return {
    kind: 'login',
    username: readText(fields, 'username'),
    password: readText(fields, 'password'),
    clientId: readText(fields, 'clientid'),
    peer: readText(fields, 'peerhost'),
  }
}

/** By name, by number, or both where they agree. */
function readAction(fields: Fields): AccessAction {
  const named = readOneOf(fields, 'action', ACTIONS)
  const numbered = readOneOf(fields, 'access', NUMBERED)
  const action = named ?? numbered
  if (!action) throw new MalformedRequest('"action" is missing, and "access" too')
  if (numbered && numbered !== action) {
    throw new MalformedRequest('"action" and "access" contradict each other')
  }
  return action
}

function readOneOf(
  fields: Fields,
  name: 'action' | 'access',
  words: Readonly<Record<string, AccessAction>>,
): AccessAction | undefined {
  const word = readText(fields, name)
  if (word === undefined) return undefined
  const action = Object.hasOwn(words, word) ? words[word] : undefined
  if (action) return action
  throw new MalformedRequest(`"${name}" is not ${Object.keys(words).join(', ')}`)
}
