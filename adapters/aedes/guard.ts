/**
 * The fleet's decisions as hooks of the broker, and the sessions they are about.
 *
 * @module
 */
import type { AedesOptions, Client, Subscription } from 'aedes'
import { type CompiledAccess, compileAccess } from '../../src/access/compile.ts'
import type { AccessRequest } from '../../src/access/decide.ts'
import { explainDecision } from '../../src/access/explain.ts'
import type { Principal } from '../../src/access/principal.ts'
import { withinDeadline } from '../../src/deadline.ts'
import type { DeviceRef, Fleet } from '../../src/fleet/fleet.ts'
import { describeError } from '../../src/log.ts'
import { lowerQos } from './delivery.ts'
import { type Denial, type DenialReason, describeLogin } from './denial.ts'
import { expiryWatch, isExpired } from './expiry.ts'
import type { BoundedLog } from './log.ts'
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
  /** Stops listening for revocations, and waiting for logins to expire. */
  close(): void
}

/** What a guard tells the broker. */
export interface GuardEvents {
  readonly onDenied: ((denial: Denial) => void) | undefined
  /** Nobody will resume this session any more. */
  readonly onSessionEnd: (key: string) => void
  /** A session was resumed with a subscription that is not granted any more. */
  readonly onFilterDropped: (key: string, filter: string) => void
  /** A user name is revoked or has expired, and its connections are gone. */
  readonly onUserEnd: (username: string) => void
}

/** An answer to a client. It says no more than that it was refused. */
export class Refusal extends Error {
  /** MQTT 3.1.1, section 3.2.2.3; in MQTT 5 it becomes 0x88, 0x86 or 0x87. */
  readonly returnCode: 3 | 4 | 5

  constructor(message: string, returnCode: 3 | 4 | 5) {
    super(message)
    this.returnCode = returnCode
  }
}

/** Who is connected, as it was found when it logged in. */
interface Session {
  readonly principal: Principal
  readonly access: CompiledAccess
  readonly clientId: string
  /** How many revocations there had been when the login began. */
  readonly since: number
}

/**
 * MQTT 5, section 3.14.2.1. The second is "The maximum connect time authorized for this connection
 * has been exceeded", which is what a login with an end authorizes.
 */
const ADMINISTRATIVE_ACTION = 0x98
const MAXIMUM_CONNECT_TIME = 0xa0
const LOGIN_LIMIT_MS = 10_000
/** How long a client whose rights ended has to take its DISCONNECT. */
const GOODBYE_MS = 1_000

/** Makes a guard. */
export function guard(fleet: Fleet, log: BoundedLog, events: GuardEvents): Guard {
  const sessions = new WeakMap<Client, Session>()
  /** The latest client of each session. */
  const live = new Map<string, Client>()
  const revocations = new Map<string, number>()
  let revoked = 0
  const expiries = expiryWatch((username) => void endExpired(username))

  /** The session of a client whose rights still hold. */
  function find(client: Client | null): Session | undefined {
    const session = client ? sessions.get(client) : undefined
    if (!session || isExpired(session.principal)) return undefined
    const { device } = session.principal
    // A login that was under way when its device was revoked counts as one of before.
    if (device && (revocations.get(deviceKey(device)) ?? 0) > session.since) return undefined
    return session
  }

  /** Why a client may not do something, or `undefined` if it may. */
  function findDenial(
    client: Client | null,
    request: AccessRequest,
  ): { reason: DenialReason; text: string } | undefined {
    const session = find(client)
    if (!session) {
      const username = client ? sessions.get(client)?.principal.username : undefined
      const { text } = explainDecision(undefined, request, username ?? '')
      return { reason: 'principal-unknown', text }
    }
    const { username } = session.principal
    const topic = JSON.stringify(request.topic.slice(0, 200))
    if (request.action === 'publish' && request.topic.startsWith('$SYS/')) {
      const text = `${username} may not publish to ${topic}: what is below "$SYS/" only the broker publishes.`
      return { reason: 'topic-reserved', text }
    }
    if (request.action === 'subscribe' && request.topic.startsWith('$share/')) {
      const text = `${username} may not subscribe to ${topic}: this broker has no shared subscriptions.`
      return { reason: 'shared-subscriptions-unavailable', text }
    }
    const { effect, reason } = session.access.decide(request)
    if (effect === 'allow' || reason === 'allowed-by-rule') return undefined
    return { reason, text: explainDecision(session.principal, request).text }
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
    const { username, action, topic, text } = denial
    log.add('warn', JSON.stringify([username, action, topic]), text)
    try {
      events.onDenied?.(denial)
    } catch (error) {
      log.error(`onDenied failed: ${describeError(error)}`)
    }
  }

  function enter(client: Client, { principal, clientId }: Session): void {
    const key = sessionKey(principal.username, clientId)
    // The broker keeps connections and sessions by client id, which is the client's own word. With
    // the user name in it, nobody reaches those of somebody else. What the client itself is told
    // of an id that the broker made up for it was noted before.
    client.id = key
    live.set(key, client)
    expiries.add(principal)
    client.conn.once('close', () => {
      if (live.get(key) !== client) return
      live.delete(key)
      if (client.clean) events.onSessionEnd(key)
    })
  }

  async function endExpired(username: string): Promise<void> {
    const clients = [...live.values()].filter(
      (client) => sessions.get(client)!.principal.username === username,
    )
    await Promise.all(clients.map((client) => disconnect(client, MAXIMUM_CONNECT_TIME)))
    events.onUserEnd(username)
  }

  async function endRevoked(device: DeviceRef): Promise<void> {
    revocations.set(deviceKey(device), ++revoked)
    const ended = new Set([`${device.type}/${device.id}`])
    const clients = [...live.values()].filter((client) => {
      const { principal } = sessions.get(client)!
      const same = principal.device && deviceKey(principal.device) === deviceKey(device)
      if (same) ended.add(principal.username)
      return same
    })
    await Promise.all(clients.map((client) => disconnect(client, ADMINISTRATIVE_ACTION)))
    for (const username of ended) events.onUserEnd(username)
  }

  const stopWatching = fleet.onRevoked('embedded broker', endRevoked)

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

    close() {
      stopWatching()
      expiries.close()
    },

    hooks: {
      authenticate(client, username, password, done) {
        const clientId = client.id
        const since = revoked
        const refuse = (reason: Parameters<typeof describeLogin>[1]) => {
          const text = describeLogin(username, reason)
          deny({ action: 'connect', username, clientId, reason, text })
          // One answer for all: which part of the login was wrong is not the client's to know.
          done(new Refusal('Bad user name or password', 4), false)
        }
        const secret = decodePassword(password)
        if (secret === null) {
          refuse('secret-malformed')
          return
        }
        const { remoteAddress } = client.conn as { readonly remoteAddress?: string }
        const request = { username, password: secret, clientId, peer: remoteAddress }
        withinDeadline(LOGIN_LIMIT_MS, () => fleet.authenticate(request)).then(
          (login) => {
            if (login.effect === 'deny') {
              refuse(login.reason)
              return
            }
            const { principal } = login
            const session = { principal, access: compileAccess(principal), clientId, since }
            sessions.set(client, session)
            if (!find(client)) {
              refuse(isExpired(principal) ? 'token-expired' : 'revoked')
              return
            }
            if (!client.closed) enter(client, session)
            done(null, true)
          },
          (error: unknown) => {
            log.error(`A login could not be decided: ${describeError(error)}`)
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

function deviceKey({ type, id }: DeviceRef): string {
  return `${type}/${id}`
}

function disconnect(client: Client, reasonCode: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      client.conn.destroy()
      resolve()
    }
    const timer = setTimeout(end, GOODBYE_MS)
    client.disconnect({ reasonCode }, end)
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
