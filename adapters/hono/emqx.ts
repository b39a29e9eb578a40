/**
 * EMQX 5 and 6: HTTP authentication and authorization.
 *
 * Every answer is status 200 with an explicit result: EMQX takes any other status, and an answer it
 * cannot read, for "ask the next one", which may end in a grant. An optional field that has nothing
 * to say is left out: EMQX turns an allow with a `null` or a malformed one into a refused login.
 *
 * @module
 */
import { type EmqxAclRule, emqxAclList } from '../../src/product/emqx/rules.ts'
import type { Principal } from '../../src/rule/principal.ts'
import type { AccessAction, Attributes } from '../../src/rule/rule.ts'
import { type Dialect, json } from './dialect.ts'
import { type Fields, MalformedRequest, needText, readFlag, readQos, readText } from './fields.ts'

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

const ALLOW = json({ result: 'allow' })
const DENY = json({ result: 'deny' })

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

/** EMQX 5 and 6. */
export const emqx: Dialect = {
  name: 'emqx',
  secretIn: 'header',
  // `$share/<share name>/` is taken off before the broker asks, and so is what is `stripped`.
  facts: {
    qos: true,
    retain: true,
    share: false,
    clientId: true,
    separators: '',
    stripped: { publish: ['$delayed/+'], subscribe: ['$queue', '$exclusive', '$delayed/+'] },
  },
  routes: [
    {
      path: 'auth',
      deny: DENY,
      async answer({ fields }, ask) {
        const login = await ask.login({
          username: readText(fields, 'username'),
          password: readText(fields, 'password'),
          clientId: readText(fields, 'clientid'),
          peer: readText(fields, 'peerhost'),
        })
        return login.effect === 'allow' ? json(allowLogin(login.principal)) : DENY
      },
    },
    {
      path: 'acl',
      deny: DENY,
      async answer({ fields }, ask) {
        const topic = needText(fields, 'topic')
        const qos = readQos(fields, 'qos')
        const retain = readFlag(fields, 'retain')
        const isAllowed = await ask.access({
          username: readText(fields, 'username'),
          clientId: readText(fields, 'clientid'),
          action: readAction(fields),
          topic,
          qos,
          retain,
        })
        return isAllowed ? ALLOW : DENY
      },
    },
  ],
}

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
