/**
 * The configurations there are, by the names of their products: the one list of them. They are apart
 * from the products, since whoever answers a broker writes no file for it: a worker need not carry them.
 *
 * @module
 */
import { configuration as authPlug } from './auth-plug/configuration.ts'
import type { BrokerConfiguration } from './configuration/generated.ts'
import { configuration as emqx } from './emqx/configuration.ts'
import { configuration as emqx4 } from './emqx4/configuration.ts'
import { configuration as goAuth } from './go-auth/configuration.ts'
import { dynsecConfiguration, filesConfiguration } from './mosquitto/configuration.ts'
import { configuration as nanomq } from './nanomq/configuration.ts'
import { configuration as rabbitmq } from './rabbitmq/configuration.ts'
import { configuration as vernemq } from './vernemq/configuration.ts'

/** The name of a product with a configuration. */
export type ConfiguredProduct =
  | 'auth-plug'
  | 'emqx'
  | 'emqx4'
  | 'go-auth'
  | 'mosquitto'
  | 'mosquitto-files'
  | 'nanomq'
  | 'rabbitmq'
  | 'vernemq'

/** See the module. */
export const CONFIGURATIONS: Readonly<Record<ConfiguredProduct, BrokerConfiguration>> = {
  'auth-plug': authPlug,
  emqx,
  emqx4,
  'go-auth': goAuth,
  mosquitto: dynsecConfiguration,
  'mosquitto-files': filesConfiguration,
  nanomq,
  rabbitmq,
  vernemq,
}

/** Whether there is a configuration for a product. */
export function isConfigured(name: unknown): name is ConfiguredProduct {
  return typeof name === 'string' && Object.hasOwn(CONFIGURATIONS, name)
}
