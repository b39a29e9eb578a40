/**
 * Named brokers from plain data, such as a file or the environment gives it: which engine makes
 * each of them, and which product each is.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import type { Broker } from './broker.ts'

/**
 * Makes a broker from the engine's own configuration, which it checks: whatever is wrong is a
 * {@link ConfigError}. Nothing is opened before `connect()`, so that a broker may be made only to
 * check its configuration.
 *
 * @param config The configuration without the keys of {@link NamedBroker}; checked by nobody so far.
 * @param key Where it stands, to name keys in errors, such as `brokers.default`.
 */
export type BrokerEngine = (config: never, key: string) => Broker

/** Engines by the name that a configuration gives as `engine`. */
export type BrokerEngines = Readonly<Record<string, BrokerEngine>>

/** A named broker as plain data. All other keys are the engine's. */
export interface NamedBroker {
  /** Who makes it. Default: the scheme of `url` where an engine is called so, or else `mqtt`. */
  readonly engine?: string
  /**
   * The name of the broker product it is, such as `emqx`, if it asks over HTTP; see {@link productsOf}.
   * Default: it asks nothing.
   */
  readonly product?: string
  readonly [key: string]: unknown
}

/** Brokers by name, each as data or as a URL, which is short for `{ url }`. */
export type NamedBrokers<Name extends string = string> = Readonly<
  Record<Name, NamedBroker | string>
>

const DEFAULT_ENGINE = 'mqtt'

/**
 * Makes brokers by their configuration, for `createHub`. Nothing is connected.
 *
 * @param engines Those that may be named; `mqtt` among them where it is not said otherwise.
 * @throws {ConfigError} If an engine is unknown, with the key `brokers.NAME.engine`; and whatever
 * an engine throws.
 *
 * @example
 * ```ts
 * import { createBrokers } from 'devicehub'
 * import { mqtt } from 'devicehub/mqtt'
 *
 * const brokers = createBrokers(
 *   { default: { host: 'mqtt.internal' }, lorawan: 'mqtt://lora.internal:1883' },
 *   { mqtt },
 * )
 * ```
 */
export function createBrokers<Name extends string>(
  configs: NamedBrokers<Name>,
  engines: BrokerEngines,
): Readonly<Record<Name, Broker>> {
  const entries = Object.entries<unknown>(configs).map(([name, input]) => {
    const key = `brokers.${name}`
    const { engine, config } = readBroker(input, key, engines)
    return [name, engine(config as never, key)]
  })
  return Object.fromEntries(entries)
}

/**
 * Which products the brokers of a configuration are: those that their key `product` names, each once.
 * So only they are opened by `brokerAuth` of `devicehub/hono`, which takes one or more.
 *
 * @param products Those that may be named.
 * @throws {ConfigError} If one is unknown, with the key `brokers.NAME.product`.
 *
 * @example
 * ```ts
 * import { createFleet, memoryStore, productsOf } from 'devicehub'
 * import { brokerAuth } from 'devicehub/hono'
 * import { emqx, goAuth } from 'devicehub/products'
 *
 * const brokers = { default: { host: 'emqx.internal', product: 'emqx' } }
 * const fleet = createFleet({ types: [], store: memoryStore() })
 * const secret = 'take this from the environment'
 * const app = brokerAuth(fleet, { secret, products: productsOf(brokers, [emqx, goAuth]) })
 * ```
 */
export function productsOf<Product extends { readonly name: string }>(
  configs: NamedBrokers,
  products: readonly Product[],
): readonly Product[] {
  const byName = Object.fromEntries(products.map((product) => [product.name, product]))
  const found = Object.entries<unknown>(configs).flatMap(([name, input]) => {
    const key = `brokers.${name}`
    const { product } = readNamed(input, key)
    return product === undefined ? [] : [pick(byName, product, `${key}.product`)]
  })
  return [...new Set(found)]
}

/**
 * Finds the engine of a named broker, and what is left for it to check.
 *
 * @throws {ConfigError} If there is no such engine, or the configuration is no object.
 */
export function readBroker(
  input: unknown,
  key: string,
  engines: BrokerEngines,
): { readonly engine: BrokerEngine; readonly config: Readonly<Record<string, unknown>> } {
  const { engine, product: _, ...config } = readNamed(input, key)
  const name = engine ?? findScheme(config.url, engines) ?? DEFAULT_ENGINE
  return { engine: pick(engines, name, `${key}.engine`), config }
}

function readNamed(input: unknown, key: string): NamedBroker {
  if (typeof input === 'string') return { url: input }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new ConfigError(key, 'must be an object or a URL')
  }
  const named: Readonly<Record<string, unknown>> = { ...input }
  for (const name of ['engine', 'product']) {
    const value = named[name]
    if (value !== undefined && typeof value !== 'string') {
      throw new ConfigError(`${key}.${name}`, 'must be a string')
    }
  }
  return named
}

function findScheme(url: unknown, engines: BrokerEngines): string | undefined {
  const scheme = typeof url === 'string' ? /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1] : undefined
  return scheme !== undefined && Object.hasOwn(engines, scheme) ? scheme : undefined
}

function pick<T>(known: Readonly<Record<string, T>>, name: string, key: string): T {
  if (Object.hasOwn(known, name)) return known[name]!
  const names = Object.keys(known).join(', ') || 'none'
  throw new ConfigError(key, `${JSON.stringify(name)} is not known: there is ${names}`)
}
