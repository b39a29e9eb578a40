/**
 * `devicehub publish TOPIC JSON`: publishes one message through a configured broker.
 *
 * @module
 */
import { InvalidTopicError } from '../../src/base/errors.ts'
import { printable, quote } from '../../src/base/quote.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { naming, openBroker, unknownBroker } from './broker.ts'
import { CommandFailure, exitCode } from './failure.ts'
import { print } from './output.ts'
import { requireSettings, type Settings } from './settings/load.ts'

/** The options of the verb. */
export interface PublishOptions {
  readonly config?: string
  /** Default: the broker of the device type whose topic it is, or else the only one there is. */
  readonly broker?: string
  /** Default: 1. */
  readonly qos?: 0 | 1 | 2
  readonly retain?: boolean
}

/**
 * Runs the verb: with the login that the configuration gives the broker. Settles when the broker has
 * taken the message, which with QoS 0 it does not tell.
 *
 * @throws {CommandFailure} If an argument or the configuration is wrong, or the broker cannot be used or
 * refuses.
 */
export async function publish(topic: string, json: string, options: PublishOptions): Promise<void> {
  const { qos = 1, retain = false } = options
  checkJson(json, retain)
  const settings = await requireSettings(options.config)
  const owner = findOwner(settings.fleet, topic)
  const name = chooseBroker(settings, owner, options.broker)
  const broker = openBroker(settings, name, false)
  try {
    await naming(name, broker.connect({ onMessage: async () => {} }))
    const payload = new TextEncoder().encode(json)
    await naming(name, broker.publish({ topic, payload, qos, retain }))
  } finally {
    await broker.close()
  }
  const how = `QoS ${qos}${retain ? ', retained' : ''}`
  await print(printable(`${name} published ${quote(topic)} (${how})`))
}

/** An empty text is no JSON, but it is what ends a retained message (MQTT 5, section 3.3.1.3). */
function checkJson(text: string, retain: boolean): void {
  if (text === '' && retain) return
  try {
    JSON.parse(text)
  } catch (cause) {
    // The text is not repeated: it may be a password. A shell may have taken its double quotes.
    const hint = `in a shell it stands in single quotes, such as '{"rpm":1450}' or '"on"'`
    throw new CommandFailure(exitCode.misused, `the payload is no JSON: ${hint}`, { cause })
  }
}

/** The device type whose topic it is, if any. */
function findOwner(fleet: Fleet, topic: string): ReturnType<Fleet['route']> {
  try {
    return fleet.route(topic)
  } catch (error) {
    if (!(error instanceof InvalidTopicError)) throw error
    throw new CommandFailure(exitCode.misused, error.message, { cause: error })
  }
}

function chooseBroker(
  settings: Settings,
  owner: ReturnType<Fleet['route']>,
  asked: string | undefined,
): string {
  const names = Object.keys(settings.brokers)
  const name = asked ?? owner?.type.broker ?? (names.length === 1 ? names[0] : undefined)
  if (name === undefined) {
    const problem = `the topic is of no device type: say by --broker where to (${names.join(', ')})`
    throw new CommandFailure(exitCode.misused, problem)
  }
  if (Object.hasOwn(settings.brokers, name)) return name
  const user = asked === undefined ? `, which the device type "${owner!.type.name}" uses` : ''
  throw unknownBroker(settings, name, user)
}
