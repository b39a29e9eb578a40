/**
 * Configuration files for brokers that are guarded by a fleet: closed where nobody answers, nobody
 * matches or nobody is asked.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'
import { readAddress, SECRET_PLACEHOLDER } from './address.ts'
import { emqx } from './emqx.ts'
import { emqx4 } from './emqx4.ts'
import type { GeneratedConfig, Generator } from './generated.ts'
import { mosquittoDynsec, mosquittoFiles } from './mosquitto.ts'
import { authPlug, goAuth } from './mosquitto-http.ts'
import { nanomq } from './nanomq.ts'
import { rabbitmq } from './rabbitmq.ts'
import { vernemq } from './vernemq.ts'

export type { ConfigFile, GeneratedConfig } from './generated.ts'
export { SECRET_PLACEHOLDER }

/** One line for each broker. */
const generators: Readonly<Record<string, Generator>> = {
  emqx,
  emqx4,
  mosquitto: mosquittoDynsec,
  'mosquitto-files': mosquittoFiles,
  'mosquitto-go-auth': goAuth,
  'mosquitto-auth-plug': authPlug,
  rabbitmq,
  vernemq,
  nanomq,
}

/** The brokers there are configurations for. */
export const brokerNames: readonly string[] = Object.keys(generators)

/** What {@link brokerConfig} takes beside the broker. */
export interface BrokerConfigOptions {
  /**
   * Where `brokerAuth` is mounted, as the broker reaches it. Default:
   * `http://auth.internal:8000/iot/broker`. `https:` for EMQX 5 and 6, VerneMQ and
   * mosquitto-go-auth only. Without effect for `mosquitto` and `mosquitto-files`, which ask nobody.
   */
  readonly routes?: string
}

/**
 * Writes the configuration of a broker, and a docker compose file that runs it. Nothing is read or
 * written but the texts that are returned.
 *
 * Where the broker has to know the secret of the routes, {@link SECRET_PLACEHOLDER} stands in its
 * place. It opens nothing: until it is replaced, every question of the broker is denied.
 *
 * @param broker One of {@link brokerNames}.
 * @throws {ConfigError} If there is no such broker (key `broker`), or `routes` is not a URL that the
 * broker can be given.
 *
 * @example
 * ```ts
 * import { brokerConfig } from 'devicehub/config'
 *
 * const { files, notes } = brokerConfig('vernemq', { routes: 'http://10.0.0.5:8000/iot/broker' })
 * for (const { path, text } of files) console.log(path, text.length)
 * console.log(notes.join('\n'))
 * ```
 */
export function brokerConfig(broker: string, options: BrokerConfigOptions = {}): GeneratedConfig {
  const { routes = 'http://auth.internal:8000/iot/broker' } = options
  const generate = Object.hasOwn(generators, broker) ? generators[broker] : undefined
  if (!generate) throw new ConfigError('broker', `must be one of ${brokerNames.join(', ')}`)
  return generate(readAddress(routes))
}
