/**
 * A worker that mounts one product, as a user's bundler makes it of the installed package, and the
 * words by which each product is known in it.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { browserBundle } from '../support/browser-bundle.ts'

/** Words that only one product has: of its questions, its events and its configuration. */
export const WORDS: Readonly<Record<string, readonly string[]>> = {
  'auth-plug': ['/mosquitto/auth-plug.so'],
  emqx: ['peerhost', 'client_attrs', '"client."', 'clientid_override', '$file-async/#'],
  emqx4: ['try again', '"client_"', 'allow_anonymous:'],
  'go-auth': ['/mosquitto/go-auth.so', '"text/"'],
  mosquitto: ['mosquitto_dynamic_security.so'],
  'mosquitto-files': ['password_file /mosquitto/auth/passwords'],
  nanomq: ['NANOMQ_BROKER_URL', 'the content type is not application/json'],
  rabbitmq: ['variable_map.client_id', 'mqtt-subscription-', 'ignore_colons_in_username'],
  vernemq: ['auth_on_register', 'on_client_wakeup', 'max_connection_lifetime', 'vmq_webhooks.'],
}

/**
 * Bundles and minifies a worker that mounts one product.
 *
 * @param folder Where the package and Hono are installed.
 * @param product What it is called in code.
 */
export async function workerBundle(folder: string, product: string): Promise<string> {
  const source = join(folder, 'worker')
  mkdirSync(source, { recursive: true })
  // Else the one of this repository would lead to the sources.
  const tsconfig = join(source, 'tsconfig.json')
  writeFileSync(tsconfig, '{}')
  const file = join(source, `${product}.js`)
  writeFileSync(
    file,
    `import { createFleet, memoryStore } from 'devicehub'
    import { brokerAuth } from 'devicehub/hono'
    import { ${product} } from 'devicehub/products'
    import { Hono } from 'hono'
    const fleet = createFleet({ types: [], store: memoryStore() })
    const auth = brokerAuth(fleet, { secret: 'broker-secret-0123456789', products: [${product}] })
    export default new Hono().route('/iot/broker', auth)`,
  )
  return browserBundle(file, { minify: true, tsconfig }, (out) =>
    readFileSync(join(out, 'program.js'), 'utf8'),
  )
}
