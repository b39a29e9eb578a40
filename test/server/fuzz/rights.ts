/**
 * Who may do what: answers that depend on nothing but an owner, a topic and the day, so that whoever
 * looks on can tell what a server should have done.
 *
 * @module
 */
import type { ClientRights, Login, LoginRequest, ServerGuard } from '../../../src/server/guard.ts'

/** Those who log in. The first one receives everything. */
export const OWNERS = ['o0', 'o1', 'o2', 'o3', 'o4'] as const
/** May do everything, but for what nobody may. */
export const WATCHER = 'watcher'
/** Nobody publishes to a topic that has it as a level. */
export const SECRET = 'secret'
/** User names that come to another end. What follows `deny-` is a reason code. */
export const REFUSED = ['deny-134', 'deny-135', 'deny-137', 'deny-138', 'throw', 'reject'] as const
/** Before the name of an owner whose login takes a while. */
export const LATER = 'later-'

const NOT_AUTHORIZED = 0x87
const BAD_LOGIN = 0x86

/** The oracle. */
export class Oracle implements ServerGuard {
  /** Rights change with it. */
  day = 0
  /** Of each connection that was let in, by its peer. */
  readonly owners = new Map<string, string>()
  /** Logins that take a while, since the last look. */
  later = 0

  mayPublish(owner: string, topic: string, qos: number, retain: boolean): boolean {
    if (topic.split('/').includes(SECRET)) return false
    if (owner === WATCHER) return true
    return mix(`${owner} ${this.day} ${topic} ${qos} ${retain}`) % 4 > 0
  }

  /** Whether somebody may. */
  mayAnybodyPublish(topic: string, qos: number, retain: boolean): boolean {
    return OWNERS.some((owner) => this.mayPublish(owner, topic, qos, retain))
  }

  mayReceive(owner: string, topic: string): boolean {
    return owner === WATCHER || owner === OWNERS[0] || !this.#isDenied(owner, firstLevel(topic))
  }

  maySubscribe(owner: string, filter: string): boolean {
    if (owner === WATCHER || owner === OWNERS[0]) return true
    const first = firstLevel(filter.startsWith('$share/') ? afterShare(filter) : filter)
    // A filter that reaches all first levels reaches one that is denied.
    return first !== '+' && first !== '#' && !this.#isDenied(owner, first)
  }

  login({ username = '', peer }: LoginRequest): Login | Promise<Login> {
    if (username === 'throw') throw new Error('the guard failed, as it was to')
    if (username === 'reject') {
      this.later++
      return Promise.reject(new Error('the guard failed, as it was to'))
    }
    if (username.startsWith(LATER)) {
      this.later++
      return Promise.resolve(this.#answer(username.slice(LATER.length), peer))
    }
    return this.#answer(username, peer)
  }

  #answer(username: string, peer: string | undefined): Login {
    if (username !== WATCHER && !(OWNERS as readonly string[]).includes(username)) {
      const code = Number(/^deny-(13[4578])$/.exec(username)?.[1] ?? BAD_LOGIN)
      return { effect: 'deny', reasonCode: code }
    }
    this.owners.set(peer!, username)
    return { effect: 'allow', owner: username, rights: this.#rightsOf(username) }
  }

  #rightsOf(owner: string): ClientRights {
    const refusal = { reasonCode: NOT_AUTHORIZED, explain: () => `${owner} may not` }
    return {
      refusePublish: (topic, qos, retain) =>
        this.mayPublish(owner, topic, qos, retain) ? undefined : refusal,
      refuseSubscribe: (filter) => (this.maySubscribe(owner, filter) ? undefined : refusal),
      holdsSubscription: (filter) => this.maySubscribe(owner, filter),
      mayReceive: (topic) => this.mayReceive(owner, topic),
    }
  }

  #isDenied(owner: string, first: string): boolean {
    return mix(`${owner} ${this.day} ${first}`) % 3 === 0
  }
}

function firstLevel(topic: string): string {
  const end = topic.indexOf('/')
  return end < 0 ? topic : topic.slice(0, end)
}

function afterShare(filter: string): string {
  return filter.slice(filter.indexOf('/', '$share/'.length) + 1)
}

/** A number that depends on each character. */
function mix(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash ^= hash >>> 15
  return Math.imul(hash, 0x2c1b3c6d) >>> 8
}
