/**
 * A worker that mounts one product, as a user's bundler makes it of the installed package, and the
 * words by which each product is known in it.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { browserBundle } from '../support/browser-bundle.ts'

/** Words that only one product has beside its name: of its questions and its events. */
export const WORDS: Readonly<Record<string, readonly string[]>> = {
  'auth-plug': [],
  emqx: ['peerhost', 'client_attrs', '"client."', '$file-async/#'],
  emqx4: ['try again', '"client_"'],
  'go-auth': ['"text/"'],
  mosquitto: [],
  'mosquitto-files': [],
  nanomq: ['the content type is not application/json'],
  rabbitmq: ['variable_map.client_id', 'mqtt-subscription-'],
  vernemq: ['auth_on_register', 'on_client_wakeup', 'max_connection_lifetime'],
}

/** Words of what no worker needs: configurations, and what listens to other processes. */
export const LEFT_OUT: readonly string[] = [
  '/mosquitto/auth-plug.so',
  'clientid_override',
  'allow_anonymous',
  '/mosquitto/go-auth.so',
  'mosquitto_dynamic_security.so',
  'password_file /mosquitto/auth/passwords',
  'NANOMQ_BROKER_URL',
  'ignore_colons_in_username',
  'vmq_webhooks.',
  'text of its own heard',
]

/** Most KiB, gzip, of a whole worker with Hono that EMQX asks, by where its devices are. */
export const WORKER_LIMITS = { 'a store of its own': 54, D1: 60 } as const

/**
 * Bundles and minifies such a worker.
 *
 * @param folder Where the package and Hono are installed.
 */
export async function wholeWorkerBundle(
  folder: string,
  devices: keyof typeof WORKER_LIMITS,
): Promise<string> {
  const [imported, made, keys] =
    devices === 'D1'
      ? [`import { d1, sqlStore } from 'devicehub/sql'`, 'sqlStore(d1(DB))', 'store.keys']
      : ['', 'DB', 'undefined']
  return bundled(
    folder,
    devices.replaceAll(' ', '-'),
    `${imported}
    import { createFleet, defineDeviceType } from 'devicehub'
    import { brokerAuth } from 'devicehub/hono'
    import { emqx } from 'devicehub/products'
    import { Hono } from 'hono/tiny'
    const data = { '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) } }
    const pump = defineDeviceType('pump', { data })
    let app
    function makeApp({ DB, PEPPER, BROKER_SECRET }) {
      const store = ${made}
      const fleet = createFleet({ types: [pump], store, keys: ${keys}, pepper: PEPPER })
      const auth = brokerAuth(fleet, { secret: BROKER_SECRET, products: [emqx] })
      return new Hono().route('/iot/broker', auth)
    }
    export default { fetch: (request, env) => (app ??= makeApp(env)).fetch(request, env) }`,
  )
}

/**
 * Bundles and minifies a worker that mounts one product.
 *
 * @param folder Where the package and Hono are installed.
 * @param product What it is called in code.
 */
export async function workerBundle(folder: string, product: string): Promise<string> {
  return bundled(
    folder,
    product,
    `import { createFleet, memoryStore } from 'devicehub'
    import { brokerAuth } from 'devicehub/hono'
    import { ${product} } from 'devicehub/products'
    import { Hono } from 'hono'
    const fleet = createFleet({ types: [], store: memoryStore() })
    const auth = brokerAuth(fleet, { secret: 'broker-secret-0123456789', products: [${product}] })
    export default new Hono().route('/iot/broker', auth)`,
  )
}

function bundled(folder: string, name: string, program: string): Promise<string> {
  const source = join(folder, 'worker')
  mkdirSync(source, { recursive: true })
  // Else the one of this repository would lead to the sources.
  const tsconfig = join(source, 'tsconfig.json')
  writeFileSync(tsconfig, '{}')
  const file = join(source, `${name}.js`)
  writeFileSync(file, program)
  return browserBundle(file, { minify: true, tsconfig }, (out) =>
    readFileSync(join(out, 'program.js'), 'utf8'),
  )
}
