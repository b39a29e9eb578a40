/**
 * The fleet's decisions as hooks of the broker, and the sessions they are about.
 *
 * @module
 */
import type { AedesOptions, Client, Subscription } from 'aedes'
import { withinDeadline } from '../../src/base/deadline.ts'
import { describeError } from '../../src/base/log.ts'
import type { QuietLog } from '../../src/base/quiet-log.ts'
import { quote } from '../../src/base/quote.ts'
import type { DeviceChange } from '../../src/fleet/changes.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { type CompiledAccess, compileAccess } from '../../src/rule/compile.ts'
import { type AccessRequest, UNKNOWN_PRINCIPAL } from '../../src/rule/decision.ts'
import { explainDecision } from '../../src/rule/explain.ts'
import type { Principal } from '../../src/rule/principal.ts'
import { lowerQos } from './delivery.ts'
import { type Denial, type DenialCode, describeLogin } from './denial.ts'
import { expiryWatch, isExpired } from './expiry.ts'
import { liveClients } from './live.ts'
import type { PresenceFeed } from './presence.ts'
import { Refusal, refuseLogin } from './refusal.ts'
import { standingUsers } from './standing.ts'
import { sessionKey } from './state.ts'

/** The hooks that ask a guard. */
export type GuardHooks = Required<
  Pick<
    AedesOptions,
    'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'
  >
>

/** What keeps a broker within a fleet's rules. */
export interface Guard {
  readonly hooks: GuardHooks
  /** How many clients are logged in. */
  readonly connections: number
  /** Whether a client may have a subscription. Reports nothing. */
  isGranted(client: Client, subscription: Subscription): boolean
  /** Who a client is, for a log. */
  describe(client: Client): string
  /**
   * Ends every connection and session of a user name. Settles when they are gone, with how many
   * sessions it ended.
   */
  disconnect(username: string): Promise<number>
  /** Stops following what becomes of those who are connected. */
  close(): void
}

/** What a guard tells the broker. */
export interface GuardEvents {
  readonly onDenied: ((denial: Denial) => void) | undefined
  /** A device logged in. What is returned is called when that connection ends. */
  readonly onConnected: PresenceFeed | undefined
  /** Nobody will resume this session any more. */
  readonly onSessionEnd: (key: string) => void
  /** A session was resumed with a subscription that is not granted any more. */
  readonly onFilterDropped: (key: string, filter: string) => void
  /** The sessions of a user name are to end. Returns the keys of those there were. */
  readonly onUserEnd: (username: string) => readonly string[]
}

/** Who is connected, as it was found when it logged in, or when it was asked about last. */
interface Session {
  readonly principal: Principal
  readonly access: CompiledAccess
  readonly clientId: string
  /** How many revocations there had been when the login began. */
  readonly since: number
  /** The number of the latest question that was answered about it; 0 is the login. */
  readonly question: number
}

/**
 * MQTT 5, section 3.14.2.1. The second is "The maximum connect time authorized for this connection
 * has been exceeded", which is what a login with an end authorizes.
 */
const ADMINISTRATIVE_ACTION = 0x98
const MAXIMUM_CONNECT_TIME = 0xa0
const DECISION_LIMIT_MS = 10_000
/** How long a client whose rights ended has to take its DISCONNECT. */
const GOODBYE_MS = 1_000
/** Shortest time between two questions about one user name, in milliseconds. */
const MIN_INTERVAL_MS = 1_000

/** Makes a guard. */
export function guard(fleet: Fleet, log: QuietLog, events: GuardEvents): Guard {
  const sessions = new WeakMap<Client, Session>()
  const live = liveClients()
  /** Clients whose session ends with their connection. */
  const ending = new WeakSet<Client>()
  /** By user name, the number of its latest revocation. */
  const revocations = new Map<string, number>()
  let revoked = 0
  let questions = 0
  const expiries = expiryWatch((username) => void end(username, MAXIMUM_CONNECT_TIME))
  const standing = standingUsers(Math.max(fleet.rulesLifetime * 1_000, MIN_INTERVAL_MS), askAgain)

  /** The session of a client whose rights still hold. */
  function find(client: Client | null): Session | undefined {
    const session = client ? sessions.get(client) : undefined
    if (!session || isExpired(session.principal)) return undefined
    // A login that was under way when its device was revoked counts as one of before.
    const revocation = revocations.get(session.principal.username) ?? 0
    return revocation > session.since ? undefined : session
  }

  /** Why a client may not do something, or `undefined` if it may. */
  function findDenial(
    client: Client | null,
    request: AccessRequest,
  ): { code: DenialCode; text: string } | undefined {
    const session = find(client)
    if (!session) {
      const username = client ? sessions.get(client)?.principal.username : undefined
      const { text } = explainDecision(UNKNOWN_PRINCIPAL, undefined, request, username)
      return { code: 'principal-unknown', text }
    }
    const { username } = session.principal
    const topic = quote(request.topic)
    if (request.action === 'publish' && request.topic.startsWith('$SYS/')) {
      const text = `${username} may not publish to ${topic}: what is below "$SYS/" only the broker publishes.`
      return { code: 'topic-reserved', text }
    }
    if (request.action === 'subscribe' && request.topic.startsWith('$share/')) {
      const text = `${username} may not subscribe to ${topic}: this broker has no shared subscriptions.`
      return { code: 'shared-subscriptions-unavailable', text }
    }
    const decision = session.access.decide(request)
    const { effect, code } = decision
    if (effect === 'allow' || code === 'allowed-by-rule') return undefined
    return { code, text: explainDecision(decision, session.principal, request).text }
  }

  /** Decides, and reports a denial. */
  function mayDo(client: Client | null, request: AccessRequest): boolean {
    const found = findDenial(client, request)
    if (!found) return true
    const session = client ? sessions.get(client) : undefined
    const { action, topic } = request
    const clientId = session?.clientId ?? client?.id ?? ''
    deny({ action, username: session?.principal.username, clientId, topic, ...found })
    return false
  }

  function deny(denial: Denial): void {
    const { action, code, text } = denial
    log.write('warn', `${action} ${code}`, text)
    try {
      events.onDenied?.(denial)
    } catch (error) {
      log.write('error', 'onDenied', `onDenied failed: ${describeError(error)}`)
    }
  }

  function enter(client: Client, { principal, clientId }: Session): void {
    const key = sessionKey(principal.username, clientId)
    // The broker keeps connections and sessions by client id, which is the client's own word. With
    // the user name in it, nobody reaches those of somebody else. What the client itself is told
    // of an id that the broker made up for it was noted before.
    client.id = key
    live.add(principal.username, client)
    expiries.add(principal)
    // No other kind of principal is in the store.
    if (principal.device) standing.add(principal.username)
    const leave = principal.device && events.onConnected?.(principal.device, key)
    client.conn.once('close', () => {
      leave?.()
      if (!live.delete(principal.username, client)) return
      if (client.clean || ending.has(client)) events.onSessionEnd(key)
    })
  }

  async function end(username: string, reasonCode: number): Promise<number> {
    const ended = new Set(events.onUserEnd(username))
    const clients = live.of(username)
    for (const client of clients) {
      ending.add(client)
      ended.add(client.id)
    }
    await Promise.all(clients.map((client) => disconnect(client, reasonCode)))
    return ended.size
  }

  async function endRevoked({ username }: { readonly username: string }): Promise<void> {
    revocations.set(username, ++revoked)
    await end(username, ADMINISTRATIVE_ACTION)
  }

  /** Reads who has a user name, and gives its connections the rights it has now. */
  async function askAgain(username: string): Promise<boolean> {
    const clients = live.of(username)
    if (clients.length === 0) return false
    const question = ++questions
    try {
      const read = () => fleet.findPrincipal(username)
      const principal = await withinDeadline(DECISION_LIMIT_MS, read)
      for (const client of clients) {
        const session = sessions.get(client)!
        if (!principal || !isSameDevice(principal, session.principal)) {
          const problem = 'is revoked or not on record any more: its sessions end.'
          log.write('info', 'gone', `${username} ${problem}`)
          await endRevoked({ username })
          break
        }
        // An answer that took long must not undo a later one.
        if (session.question > question) continue
        sessions.set(client, { ...withRights(session, principal), question })
      }
    } catch (error) {
      // Nobody's connection ends because the store is away. It is asked again.
      const problem = `could not be asked about again: ${describeError(error)}`
      log.write('warn', 'standing', `${username}, which is connected, ${problem}`)
    }
    return live.of(username).length > 0
  }

  async function followChange({ kind, username }: DeviceChange): Promise<void> {
    if (kind === 'revoked') await endRevoked({ username })
    if (kind === 'updated') await askAgain(username)
  }

  const stopFollowing = fleet.onChange('embedded broker', followChange)

  return {
    get connections() {
      return live.size
    },

    isGranted(client, { topic, qos }) {
      return findDenial(client, { action: 'subscribe', topic, qos }) === undefined
    },

    describe(client) {
      const session = sessions.get(client)
      return session ? session.principal.username : 'a client that is not logged in'
    },

    disconnect: (username) => end(username, ADMINISTRATIVE_ACTION),

    close() {
      stopFollowing()
      expiries.close()
      standing.close()
    },

    hooks: {
      authenticate(client, username, password, done) {
        const clientId = client.id
        const since = revoked
        const refuse = (code: Parameters<typeof describeLogin>[1]) => {
          const text = describeLogin(username, code)
          deny({ action: 'connect', username, clientId, code, text })
          refuseLogin(client, code, done)
        }
        const secret = decodePassword(password)
        if (secret === null) {
          refuse('password-malformed')
          return
        }
        const { remoteAddress } = client.conn as { readonly remoteAddress?: string }
        const request = { username, password: secret, clientId, peer: remoteAddress }
        withinDeadline(DECISION_LIMIT_MS, () => fleet.authenticate(request)).then(
          (login) => {
            if (login.effect === 'deny') {
              refuse(login.code)
              return
            }
            const { principal } = login
            const access = compileAccess(principal)
            const session = { principal, access, clientId, since, question: 0 }
            sessions.set(client, session)
            if (!find(client)) {
              refuse(isExpired(principal) ? 'token-expired' : 'revoked')
              return
            }
            if (!client.closed) enter(client, session)
            done(null, true)
          },
          (error: unknown) => {
            const problem = describeError(error)
            log.write('error', 'login', `A login could not be decided: ${problem}`)
            done(new Refusal('Server unavailable', 3), false)
          },
        )
      },

      authorizePublish(client, { topic, qos, retain }, done) {
        if (mayDo(client, { action: 'publish', topic, qos, retain })) done()
        else done(new Refusal('Not authorized', 5))
      },

      authorizeSubscribe(client, subscription, done) {
        const { topic, qos } = subscription
        if (mayDo(client, { action: 'subscribe', topic, qos })) {
          done(null, subscription)
          return
        }
        // Before CONNACK it is the broker that asks, for a session to be resumed.
        if (!client.connected && sessions.has(client)) events.onFilterDropped(client.id, topic)
        // An error in place of `null` would end the connection.
        done(null, null)
      },

      authorizeForward(client, packet) {
        // Of QoS 0, since only the topic is in question: a subscription's own QoS was decided when
        // it was made.
        const request = { action: 'subscribe', topic: packet.topic, qos: 0 } as const
        const session = find(client)
        return session?.access.decide(request).effect === 'allow' ? lowerQos(client, packet) : null
      },
    },
  }
}

function isSameDevice(principal: Principal, other: Principal): boolean {
  return principal.device?.type === other.device?.type && principal.device?.id === other.device?.id
}

/** A session with the rights its principal has now: itself, where they are the same. */
function withRights(session: Session, { rules, attributes: found }: Principal): Session {
  const { clientId } = session.principal.attributes
  const attributes = clientId === undefined ? found : { ...found, clientId }
  const before = session.principal
  const isSame =
    JSON.stringify([rules, attributes]) === JSON.stringify([before.rules, before.attributes])
  if (isSame) return session
  const principal: Principal = { ...before, rules, attributes }
  return { ...session, principal, access: compileAccess(principal) }
}

/** Settles when the connection is gone. */
function disconnect(client: Client, reasonCode: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = () => client.conn.destroy()
    const timer = setTimeout(cut, GOODBYE_MS)
    client.conn.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
    const end = () => client.disconnect({ reasonCode }, cut)
    // Before CONNACK there is nothing that could follow it.
    if (client.connected) end()
    else client.once('connected', end)
  })
}

/** A password as text, or `null` if it is none. */
function decodePassword(password: Uint8Array | undefined): string | undefined | null {
  if (!password) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(password)
  } catch {
    return null
  }
}
