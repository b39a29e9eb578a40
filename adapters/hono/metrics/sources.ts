/**
 * What is read at the moment somebody asks: hubs, the embedded broker, presence, the routes' counters.
 *
 * @module
 */
import type { Hub } from '../../../src/hub/hub.ts'
import type { PresenceTracker } from '../../../src/presence/presence.ts'
import type { ServerCounters } from '../../../src/server/events.ts'
import type { OutcomeCounters } from '../counters.ts'
import type { Labels, MetricFamily, MetricSample } from './family.ts'

type Suffix = '' | '_total'

function samplesOf(suffix: Suffix, values: readonly (readonly [Labels, number])[]): MetricSample[] {
  return values.map(([labels, value]) => ({ suffix, labels, value }))
}

function gauge(name: string, help: string, ...values: readonly (readonly [Labels, number])[]) {
  const family: MetricFamily = { name, type: 'gauge', help, samples: samplesOf('', values) }
  return family
}

function counter(name: string, help: string, ...values: readonly (readonly [Labels, number])[]) {
  const family: MetricFamily = { name, type: 'counter', help, samples: samplesOf('_total', values) }
  return family
}

/** A hub and its brokers. */
export function hubFamilies(hub: Pick<Hub, 'status'>): readonly MetricFamily[] {
  const { ready, messages, commands, brokers } = hub.status()
  const each = Object.entries(brokers).map(([broker, state]) => ({ labels: { broker }, ...state }))
  return [
    gauge('devicehub_hub_ready', 'Whether the hub is at work (1).', [{}, Number(ready)]),
    gauge('devicehub_hub_messages', 'Messages that came and are not dealt with.', [{}, messages]),
    gauge('devicehub_hub_commands', 'Commands that wait for a reply.', [{}, commands]),
    gauge(
      'devicehub_hub_broker_connected',
      'Whether a broker is connected (1).',
      ...each.map(({ labels, state }) => [labels, Number(state === 'connected')] as const),
    ),
    gauge(
      'devicehub_hub_broker_subscribed',
      'Whether every subscription at a broker is in place (1).',
      ...each.map(({ labels, subscribed }) => [labels, Number(subscribed)] as const),
    ),
    gauge(
      'devicehub_hub_broker_failed_attempts',
      'Attempts to connect that failed since there last was a connection.',
      ...each.map(({ labels, attempts }) => [labels, attempts] as const),
    ),
  ]
}

/** What the brokers asked of the routes and told them. */
export function requestFamilies(counters: Pick<OutcomeCounters, 'list'>): readonly MetricFamily[] {
  const values = counters.list().map(({ count, ...labels }) => [labels, count] as const)
  const help = 'Questions and events of brokers by outcome.'
  return [counter('devicehub_broker_requests', help, ...values)]
}

/** The devices that a tracker remembers. */
export function presenceFamilies(presence: Pick<PresenceTracker, 'list'>): readonly MetricFamily[] {
  const connected = new Map<string, [Labels, number]>()
  const fresh = new Map<string, [Labels, number]>()
  for (const { type, connected: state, fresh: isFresh } of presence.list()) {
    const key = `${type}\n${state}`
    const count = connected.get(key) ?? [{ type, connected: `${state}` }, 0]
    count[1]++
    connected.set(key, count)
    const heard = fresh.get(type) ?? [{ type }, 0]
    heard[1] += Number(isFresh)
    fresh.set(type, heard)
  }
  return [
    gauge(
      'devicehub_devices',
      'Devices that presence remembers, by whether they are connected.',
      ...connected.values(),
    ),
    gauge('devicehub_devices_fresh', 'Devices that were heard from of late.', ...fresh.values()),
  ]
}

/** The embedded broker. */
export function embeddedFamilies(broker: { readonly counters: ServerCounters }): MetricFamily[] {
  const all = broker.counters
  const { dropped, refused, storedBytes, retainedBytes, bytesReceived, bytesSent } = all
  const now = ['connections', 'clients', 'sessions', 'subscriptions', 'retained'] as const
  const bytes = (family: MetricFamily): MetricFamily => ({ ...family, unit: 'bytes' })
  return [
    ...now.map((name) => {
      return gauge(`devicehub_embedded_${name}`, `What the embedded broker has of ${name}.`, [
        {},
        all[name],
      ])
    }),
    bytes(
      gauge(
        'devicehub_embedded_stored_bytes',
        'What its sessions hold, messages that wait included.',
        [{}, storedBytes],
      ),
    ),
    bytes(
      gauge('devicehub_embedded_retained_bytes', 'What its retained messages take.', [
        {},
        retainedBytes,
      ]),
    ),
    counter('devicehub_embedded_messages_received', 'PUBLISH packets that came.', [
      {},
      all.messagesReceived,
    ]),
    counter('devicehub_embedded_messages_sent', 'PUBLISH packets that were sent.', [
      {},
      all.messagesSent,
    ]),
    bytes(counter('devicehub_embedded_received_bytes', 'Bytes that came.', [{}, bytesReceived])),
    bytes(counter('devicehub_embedded_sent_bytes', 'Bytes that were sent.', [{}, bytesSent])),
    counter(
      'devicehub_embedded_dropped',
      'Messages that did not reach a client, by the reason.',
      ...Object.entries(dropped).map(([code, count]) => [{ code }, count] as const),
    ),
    counter(
      'devicehub_embedded_refused',
      'Connections and logins for which there was no room, by the reason.',
      ...Object.entries(refused).map(([code, count]) => [{ code }, count] as const),
    ),
  ]
}
