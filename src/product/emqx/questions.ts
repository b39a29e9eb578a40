/**
 * EMQX 5 and 6: HTTP authentication and authorization.
 *
 * Every answer is status 200 with an explicit result: EMQX takes any other status, and an answer it
 * cannot read, for "ask the next one", which may end in a grant. An optional field that has nothing
 * to say is left out: EMQX turns an allow with a `null` or a malformed one into a refused login.
 *
 * @module
 */
import type { Principal } from '../../rule/principal.ts'
import type { AccessAction, Attributes } from '../../rule/rule.ts'
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
import { type EmqxAclRule, emqxAclList } from './rules.ts'

/** The answer to a good login. */
interface LoginAnswer {
  readonly result: 'allow'
  /** Rules the broker applies before it asks anybody (5.8 and later). */
  readonly acl?: readonly EmqxAclRule[]
  /**
   * When the broker ends the connection, in seconds since the epoch (5.8 and later). From then on
   * it denies what `acl` grants.
   */
  readonly expire_at?: number
  /** What the broker may put in templates of its own as `${client_attrs.…}` (5.7 and later). */
  readonly client_attrs?: Readonly<Record<string, string>>
}

const ALLOW = /* @__PURE__ */ json({ result: 'allow' })
const DENY = /* @__PURE__ */ json({ result: 'deny' })

const ACTIONS: Readonly<Record<string, AccessAction>> = {
  publish: 'publish',
  pub: 'publish',
  subscribe: 'subscribe',
  sub: 'subscribe',
}

/** What EMQX takes for the name of an attribute. */
const ATTRIBUTE_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]*$/

/** Values that are no attributes of a device, and `tns`, which EMQX takes for the client's tenant. */
const NO_ATTRIBUTES = ['prefix', 'deviceId', 'username', 'clientId', 'tns']

const auth: Question<AskedLogin> = {
  path: 'auth',
  read: (fields) => ({
    kind: 'login',
    username: readText(fields, 'username'),
    password: readText(fields, 'password'),
    clientId: readText(fields, 'clientid'),
    peer: readText(fields, 'peerhost'),
  }),
  write: ({ principal }) => (principal ? json(allowLogin(principal)) : DENY),
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

/**
 * With the client's rules, where they can be said exactly, the end of the login, if it has one, and
 * what is known of a device.
 *
 * Without `is_superuser`: none is the same to EMQX as `false`, and a superuser would skip all rules,
 * those that deny as well.
 */
function allowLogin(principal: Principal): LoginAnswer {
  const { output, findings } = emqxAclList(principal, { allowNarrower: true })
  const { expiresAt, device } = principal
  return {
    result: 'allow',
    // A list that grants less would end in its closing deny, and nobody would be asked.
    ...(findings.length === 0 && { acl: output }),
    ...(expiresAt !== undefined && { expire_at: Math.floor(expiresAt / 1000) }),
    ...(device && { client_attrs: clientAttributes(device, principal.attributes) }),
  }
}

/** A device's type, id and own attributes, as far as EMQX takes them. */
function clientAttributes(
  { type, id }: NonNullable<Principal['device']>,
  attributes: Attributes,
): Readonly<Record<string, string>> {
  const own = Object.entries(attributes).filter(
    ([name]) => !NO_ATTRIBUTES.includes(name) && ATTRIBUTE_NAME.test(name),
  )
  return { ...Object.fromEntries(own), type, id }
}

function readAction(fields: Fields): AccessAction {
  const name = readText(fields, 'action') ?? ''
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
  if (!action) throw new MalformedRequest('"action" is not publish, subscribe, pub or sub')
  return action
}
