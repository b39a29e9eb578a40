/**
 * `devicehub listen`: prints what devices say, until it is told to stop.
 *
 * @module
 */
import type { Broker, Subscription } from '../../../src/broker/broker.ts'
import { readStatuses } from '../../../src/broker/statuses.ts'
import type { Fleet } from '../../../src/fleet/fleet.ts'
import { createHub } from '../../../src/hub/create.ts'
import { subscriptionsTo } from '../../../src/hub/subscriptions.ts'
import { openBroker } from '../broker.ts'
import { jsonLine } from '../json-line.ts'
import { openFleet, requireSettings } from '../settings/load.ts'
import { stopSignal } from '../signals.ts'
import { chooseBrokers, withTypesOf } from './choose.ts'
import { toText } from './event-line.ts'
import { teller } from './tell.ts'
import { watchedBroker } from './watched-broker.ts'

/** The options of the verb. */
export interface ListenOptions {
  readonly config?: string
  readonly broker?: readonly string[]
  readonly json?: boolean
  readonly shared?: boolean
}

/** What a hub would log is told by the lines of `listen`. */
const silent = { info() {}, warn() {}, error() {} }

/**
 * Runs the verb. Settles when it was told to stop, and all that was received by then is printed
 * and acknowledged.
 *
 * @throws {CommandFailure} If the configuration is wrong, or a broker cannot be used.
 */
export async function listen(options: ListenOptions): Promise<void> {
  const stop = stopSignal()
  const settings = await requireSettings(options.config)
  const names = chooseBrokers(settings, options.broker)
  const fleet = withTypesOf(await openFleet(settings), names)
  const tell = teller(fleet, options.json ? jsonLine : toText)
  const shared = options.shared ?? false

  const brokers: Record<string, Broker> = {}
  const lives: Promise<void>[] = []
  for (const name of names) {
    const broker = openBroker(settings, name, shared)
    lives.push(tell.life(name, readStatuses(broker)))
    brokers[name] = watchedBroker(broker, {
      name,
      shared,
      beside: shared ? [] : strangersOn(settings.fleet, name),
      onMessage: (message) => tell.reply(name, message),
      onSubscribed: (results) => tell.subscribed(name, results),
      onDenied: (error) => tell.unheard(name, error),
    })
  }
  const hub = createHub(fleet, { brokers, logger: silent })
  tell.messages(hub)
  try {
    await hub.run({ signal: stop })
  } finally {
    await Promise.all(lives)
  }
}

/** What devices that belong to other brokers would send here, which the hub then rejects. */
function strangersOn(fleet: Fleet, broker: string): readonly Subscription[] {
  return subscriptionsTo(
    fleet,
    fleet.types.filter((type) => type.broker !== broker),
  )
}
