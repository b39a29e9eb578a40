/**
 * The fleet's decisions as hooks of the broker.
 *
 * @module
 */
import type { Aedes, AedesOptions, Client } from 'aedes'
import { decide } from '../../src/access/decide.ts'
import { explainDecision } from '../../src/access/explain.ts'
import type { Principal } from '../../src/access/principal.ts'
import type { DeviceRef, Fleet } from '../../src/fleet.ts'
import type { Logger } from '../../src/log.ts'
import { parseTopicFilter } from '../../src/topic/filter.ts'
import { type Denial, denialLog } from './denial.ts'

/** What keeps a broker within a fleet's rules. */
export interface Guard {
  readonly hooks: Required<
    Pick<
      AedesOptions,
      'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'
    >
  >
  /** Begins to watch a broker's connections. */
  attach(aedes: Aedes): void
  /** Ends what `attach` began. */
  detach(): void
}

/** What is known of a connected client. */
interface Session {
  readonly clientId: string
  principal?: Principal
}

/** MQTT 5, section 3.14.2.1. */
const ADMINISTRATIVE_ACTION = 0x98

/** Makes the hooks. */
export function guard(
  fleet: Fleet,
  logger: Logger,
  onDenied: ((denial: Denial) => void) | undefined,
): Guard {
  const sessions = new Map<Client, Session>()
  const log = denialLog(logger)
  let stopWatching = () => {}

  function deny(denial: Denial): void {
    log(denial)
    try {
      onDenied?.(denial)
    } catch (error) {
      logger.error(`onDenied failed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  /** Decides, and reports a denial. */
  function mayDo(
    client: Client,
    action: 'publish' | 'subscribe',
    topic: string,
    qos: 0 | 1 | 2,
    retain?: boolean,
  ): boolean {
    const session = sessions.get(client)
    const principal = session?.principal
    const request = { action, topic, qos, ...(retain !== undefined && { retain }) }
    if (principal && decide(principal, request).effect === 'allow') return true
    const { reason, text } = explainDecision(principal, request)
    const clientId = session?.clientId ?? client.id
    deny({ action, username: principal?.username, clientId, topic, reason, text })
    return false
  }

  return {
    hooks: {
      preConnect(client, packet, done) {
        sessions.set(client, { clientId: packet.clientId })
        // The broker keeps sessions by client id, which is the client's own word. With the user
        // name in it nobody reaches a session of somebody else; an empty one the broker makes up.
        if (packet.clientId !== '') {
          packet.clientId = JSON.stringify([packet.username ?? '', packet.clientId])
        }
        done(null, true)
      },

      authenticate(client, username, password, done) {
        const session = sessions.get(client)
        const clientId = session?.clientId ?? client.id
        fleet.authenticate({ username, password: decode(password), clientId }).then(
          (login) => {
            if (login.effect === 'allow') {
              if (session) session.principal = login.principal
              done(null, true)
              return
            }
            const who = JSON.stringify((username ?? '').slice(0, 200))
            const text = `The login of ${who} was refused: ${login.reason}.`
            deny({ action: 'connect', username, clientId, reason: login.reason, text })
            done(null, false)
          },
          (error: unknown) => {
            const problem = error instanceof Error ? error.message : String(error)
            logger.error(`A login could not be decided: ${problem}`)
            done(Object.assign(new Error('Server unavailable'), { returnCode: 3 }), false)
          },
        )
      },

      authorizePublish(client, { topic, qos, retain }, done) {
        // Without a client it is the broker's own, such as $SYS.
        if (!client || mayDo(client, 'publish', topic, qos as 0 | 1 | 2, retain)) done()
        else done(new Error('Not authorized'))
      },

      authorizeSubscribe(client, subscription, done) {
        const { topic, qos } = subscription
        const allowed = mayDo(client, 'subscribe', topic, qos as 0 | 1 | 2)
        // The broker would take a share prefix of MQTT 3.1.1 for a part of the filter.
        done(null, allowed && !isShared(topic) ? subscription : null)
      },

      authorizeForward(client, packet) {
        // Each delivery once more: a session that was resumed may hold more than the rules now do.
        const principal = sessions.get(client)?.principal
        const request = { action: 'subscribe', topic: packet.topic, qos: 0 } as const
        return principal && decide(principal, request).effect === 'allow' ? packet : null
      },
    },

    attach(aedes) {
      aedes.on('clientDisconnect', (client) => sessions.delete(client))
      aedes.on('connectionError', (client) => sessions.delete(client))
      // A client's own fault ends its connection, and is nobody else's business.
      aedes.on('clientError', () => {})
      stopWatching = fleet.onRevoked((device) => disconnect(device))
    },

    detach() {
      stopWatching()
    },
  }

  async function disconnect({ type, id }: DeviceRef): Promise<void> {
    const revoked = [...sessions].filter(
      ([, { principal }]) => principal?.device?.type === type && principal.device.id === id,
    )
    await Promise.all(
      revoked.map(
        ([client]) =>
          new Promise<void>((resolve) => {
            sessions.delete(client)
            client.disconnect({ reasonCode: ADMINISTRATIVE_ACTION }, () => resolve())
          }),
      ),
    )
  }
}

/** A password as text; bytes that are none are a wrong password. */
function decode(password: Uint8Array | undefined): string | undefined {
  if (!password) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(password)
  } catch {
    return ''
  }
}

function isShared(filter: string): boolean {
  return parseTopicFilter(filter).share !== undefined
}
