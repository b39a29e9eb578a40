/**
 * The answer of EMQX's question who somebody is: the client's rules, where they can be said exactly,
 * the end of the login, if it has one, and what is known of a device.
 *
 * Thousands of devices of one type differ in a few words of it, so it is worked out once for all of
 * them with stand-ins for those words.
 *
 * @module
 */
import { namesClientId, type Principal } from '../../rule/principal.ts'
import type { AccessRule, Attributes } from '../../rule/rule.ts'
import { type Answer, jsonText } from '../http/answer.ts'
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

/** What EMQX takes for the name of an attribute. */
const ATTRIBUTE_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]*$/

/** Values that are no attributes of a device, and `tns`, which EMQX takes for the client's tenant. */
const NO_ATTRIBUTES = ['prefix', 'deviceId', 'username', 'clientId', 'tns']

/** See {@link LoginAnswer}. */
export function loginAnswer(principal: Principal): Answer {
  return jsonText(fromTemplate(principal) ?? JSON.stringify(allowLogin(principal)))
}

/**
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

/** What devices have in common that have a template in common, beside their rules. */
interface Kind {
  readonly type: string
  readonly prefix: string
  /** Whether the user name is `{type}/{deviceId}`. */
  readonly isUsual: boolean
  /** The names of their attributes, in their order. */
  readonly names: readonly string[]
  /** `undefined` where there can be none. */
  readonly template: Template | undefined
}

/** The answer to devices that differ in the values of some attributes alone. */
interface Template {
  /** The attributes in which they differ. */
  readonly variables: readonly string[]
  /** What no value may be, since it would meet another rule then. */
  readonly taken: ReadonlySet<string>
  /** The text in front of each value and behind the last. */
  readonly texts: readonly string[]
  /** The attribute that stands between two of them. */
  readonly between: readonly string[]
}

/** A device whose attributes are those that a fleet gives it. */
interface PlainDevice extends Principal {
  readonly attributes: Attributes & {
    readonly type: string
    readonly prefix: string
    readonly deviceId: string
  }
}

/** By the rules of a type. */
const kinds = new WeakMap<readonly AccessRule[], Kind[]>()
/** How many kinds there are of one type: one for each set of attributes that its devices have. */
const MAX_KINDS = 64

/**
 * A value that is one level and means the same to EMQX as any other (see `steps.ts` for what does
 * not), and stands in JSON as it is. Others are good too, and worked out each time.
 */
const PLAIN = /^[\w.:~@=\u00a1-\ud7ff-]+$/

function fromTemplate(principal: Principal): string | undefined {
  if (!isPlainDevice(principal)) return undefined
  const { rules, attributes } = principal
  const known = kinds.get(rules)
  if (!known) {
    // Rules of one device alone are never seen again, so a template is made at the second time.
    kinds.set(rules, [])
    return undefined
  }
  let kind = known.find((kind) => isOfKind(principal, kind))
  if (!kind) {
    kind = makeKind(principal)
    if (known.length === MAX_KINDS) known.shift()
    known.push(kind)
  }
  const { template } = kind
  return template && isFit(template, attributes) ? fill(template, attributes) : undefined
}

function isPlainDevice(principal: Principal): principal is PlainDevice {
  const { device, username, attributes, expiresAt } = principal
  return (
    device !== undefined &&
    expiresAt === undefined &&
    attributes.type === device.type &&
    attributes.deviceId === device.id &&
    attributes.username === username &&
    attributes.prefix !== undefined
  )
}

function isOfKind({ username, attributes }: PlainDevice, kind: Kind): boolean {
  const { type, prefix, names } = kind
  if (attributes.type !== type || attributes.prefix !== prefix) return false
  let count = 0
  for (const name in attributes) if (names[count++] !== name) return false
  return count === names.length && kind.isUsual === hasUsualName(username, attributes)
}

/** Whether a user name is `{type}/{deviceId}`: to make that text takes longer than to compare. */
function hasUsualName(username: string, { type, deviceId }: PlainDevice['attributes']): boolean {
  const { length } = type
  return (
    username.length === length + 1 + deviceId.length &&
    username.startsWith(type) &&
    username[length] === '/' &&
    username.endsWith(deviceId)
  )
}

function makeKind(principal: PlainDevice): Kind {
  const { type, prefix } = principal.attributes
  const isUsual = hasUsualName(principal.username, principal.attributes)
  const names = Object.keys(principal.attributes)
  return { type, prefix, isUsual, names, template: makeTemplate(principal, isUsual) }
}

function makeTemplate(principal: PlainDevice, isUsual: boolean): Template | undefined {
  const { rules, attributes } = principal
  const { prefix, type } = attributes
  const variables = Object.keys(attributes).filter((name) => {
    if (name === 'username') return !isUsual
    return name !== 'prefix' && name !== 'type' && name !== 'clientId'
  })
  const filters = rules.map(({ filter }) => filter)
  // It has one level or several, and is another one at each login.
  if (namesClientId(rules)) return undefined
  const taken = new Set([prefix, type, ...filters.flatMap((filter) => filter.split('/'))])
  const standIns = new Map(variables.map((name, i) => [name, `\ue000${i}\ue001`]))
  if ([...taken].some((level) => level.includes('\ue000'))) return undefined
  const id = standIns.get('deviceId')!
  const own = { ...attributes, ...Object.fromEntries(standIns) }
  const login = isUsual ? `${type}/${id}` : standIns.get('username')!
  const answer = allowLogin({
    ...principal,
    username: login,
    device: { type, id },
    attributes: { ...own, username: login },
  })
  const [first, ...rest] = JSON.stringify(answer).split('\ue000')
  const pieces = rest.map((piece) => piece.split('\ue001') as [number: string, text: string])
  return {
    variables,
    taken,
    texts: [first!, ...pieces.map(([, text]) => text)],
    between: pieces.map(([number]) => variables[Number(number)]!),
  }
}

/** Whether values are told from each other and from all else, as their stand-ins were. */
function isFit({ variables, taken }: Template, attributes: Attributes): boolean {
  return variables.every((name, i) => {
    const value = attributes[name]!
    if (!PLAIN.test(value) || taken.has(value)) return false
    for (let before = 0; before < i; before++) {
      if (attributes[variables[before]!] === value) return false
    }
    return true
  })
}

function fill({ texts, between }: Template, attributes: Attributes): string {
  let text = texts[0]!
  for (let i = 0; i < between.length; i++) text += attributes[between[i]!]! + texts[i + 1]!
  return text
}
