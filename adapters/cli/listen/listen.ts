/**
 * `devicehub listen`: prints what devices say, until it is told to stop.
 *
 * @module
 */
import type { Broker } from '../../../src/broker/broker.ts'
import { createHub } from '../../../src/hub/create.ts'
import { requireSettings } from '../settings/load.ts'
import { stopSignal, whenAborted } from '../signals.ts'
import { chooseBrokers, withTypesOf } from './choose.ts'
import { toJson, toText } from './event-line.ts'
import { teller } from './tell.ts'
import { brokerFailure, openBroker, watchedBroker } from './watched-broker.ts'

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
  const fleet = withTypesOf(settings.fleet, names)
  const tell = teller(fleet, options.json ? toJson : toText)
  const shared = options.shared ?? false

  const brokers: Record<string, Broker> = {}
  const ends: Promise<Error | undefined>[] = []
  for (const name of names) {
    const broker = openBroker(settings, name, shared)
    ends.push(tell.life(name, broker.status()))
    brokers[name] = watchedBroker(broker, {
      name,
      shared,
      onMessage: (message) => tell.reply(name, message),
      onSubscribed: (results) => tell.subscribed(name, results),
    })
  }
  const hub = createHub(fleet, { brokers, logger: silent })
  tell.messages(hub)

  const stopped = whenAborted(stop)
  const started = hub.start()
  try {
    await Promise.race([started, stopped])
    // A broker that ends by itself has failed, as with a login that is refused by now.
    await Promise.race([stopped, ...ends])
  } finally {
    await hub.close()
    await started.catch(() => {}) // It was thrown above, or is the outcome of closing.
  }
  const outcomes = await Promise.all(ends)
  const failed = outcomes.findIndex((error) => error !== undefined)
  if (failed >= 0) throw brokerFailure(names[failed]!, outcomes[failed])
}
