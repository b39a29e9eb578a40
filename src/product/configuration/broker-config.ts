/**
 * Configuration files for brokers that are guarded by a fleet: closed where nobody answers, nobody
 * matches or nobody is asked.
 *
 * @module
 */
import { ConfigError } from '../../base/errors.ts'
import { checkOptions } from '../../base/options.ts'
import { CONFIGURATIONS, type ConfiguredProduct, isConfigured } from '../configurations.ts'
import { readAddress } from './address.ts'
import type { BrokerConfiguration, GeneratedConfig } from './generated.ts'

/** What {@link brokerConfig} takes beside the product. */
export interface BrokerConfigOptions {
  /**
   * Where `brokerAuth` is mounted, as the broker reaches it. Default:
   * `http://auth.internal:8000/iot/broker`. `https:` only where the generated files have the broker
   * check the certificate. Without effect for a product that asks nobody.
   */
  readonly routes?: string
}

const OPTIONS: Readonly<Record<keyof BrokerConfigOptions, true>> = { routes: true }

/**
 * Writes the configuration of a broker, and a docker compose file that runs it. Nothing is read or
 * written but the texts that are returned.
 *
 * Where the broker has to know the secret of the routes, `SECRET_PLACEHOLDER` stands in its place. It
 * opens nothing: until it is replaced, every question of the broker is denied.
 *
 * @param product The name of a product, or what writes the configuration of one of your own.
 * @throws {ConfigError} If there is no such product (key `product`), `routes` is not a URL that the broker
 * can be given, or there is another option.
 *
 * @example
 * ```ts
 * import { brokerConfig } from 'devicehub/products'
 *
 * const { files, notes } = brokerConfig('vernemq', { routes: 'http://10.0.0.5:8000/iot/broker' })
 * for (const { path, text } of files) console.log(path, text.length)
 * console.log(notes.join('\n'))
 * ```
 */
export function brokerConfig(
  product: ConfiguredProduct | BrokerConfiguration,
  options: BrokerConfigOptions = {},
): GeneratedConfig {
  checkOptions(options, OPTIONS)
  const { routes = 'http://auth.internal:8000/iot/broker' } = options
  return configurationOf(product)(readAddress(routes))
}

function configurationOf(product: ConfiguredProduct | BrokerConfiguration): BrokerConfiguration {
  if (typeof product === 'function') return product
  if (isConfigured(product)) return CONFIGURATIONS[product]
  const known = Object.keys(CONFIGURATIONS).join(', ')
  throw new ConfigError('product', `must be one of ${known}, or a function`)
}
