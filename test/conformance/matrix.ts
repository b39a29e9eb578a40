/**
 * Runs the contract against one broker over every transport, on whatever runtime this is.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type BrokerConfig, mqtt } from '../../adapters/mqtt/index.ts'
import type { Broker } from '../../src/index.ts'
import type { LosableBroker } from '../../src/testing/index.ts'
import { tcpRelay } from '../mqtt/relay.ts'
import { within } from '../support/wait.ts'
import { exceptions, type NetworkBroker, TRANSPORTS, type Transport } from './cells.ts'
import { conforms } from './run.ts'
import type { Configs } from './site.ts'

const START_LIMIT = 30_000
const root = fileURLToPath(new URL('../..', import.meta.url))
const isNode = process.versions.bun === undefined && process.versions.deno === undefined

/** What a client is configured with while the tests of this file run. */
export type ConfigOf = (transport: Transport) => BrokerConfig

/** Starts the broker, and declares one suite for each transport. */
export function conformsOverAll(broker: NetworkBroker): ConfigOf {
  const configOf = startedFor(broker)
  for (const transport of TRANSPORTS) {
    conforms(
      `${broker} and ${transport}`,
      {
        open: (options) => mqtt({ ...configOf(transport), ...options }),
        openLosable: () => losable(configOf(transport), mqtt),
      },
      exceptions[broker],
    )
  }
  return configOf
}

/** A client behind a relay that can be cut. What goes through it may be TLS, or WebSocket. */
export async function losable<Config extends { readonly url?: string }>(
  config: Config,
  open: (config: Config) => Broker,
): Promise<LosableBroker> {
  const url = new URL(config.url!)
  const relay = await tcpRelay(Number(url.port))
  url.port = new URL(relay.url).port
  return {
    broker: open({ ...config, url: url.href }),
    lose: () => relay.cut(),
    end: async () => relay[Symbol.asyncDispose](),
  }
}

/** Starts the broker for the tests of the file that calls. */
export function startedFor(broker: NetworkBroker): ConfigOf {
  let site: Awaited<ReturnType<typeof start>> | undefined
  before(async () => {
    site = await start(broker)
  })
  after(() => site?.stop())
  return (transport) => site!.configs[transport]
}

async function start(broker: NetworkBroker) {
  const command = isNode ? process.execPath : (process.env.npm_node_execpath ?? 'node')
  const child = spawn(command, ['--import=tsx', 'test/conformance/site.ts', broker], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const stop = async () => {
    child.stdin.end()
    try {
      await within(exited, `end of ${broker}`)
    } finally {
      child.kill('SIGKILL')
    }
  }
  try {
    const told = once(createInterface(child.stdout), 'line')
    const failed = exited.then(() => Promise.reject(new Error(`${broker} did not start`)))
    const [line] = await within(Promise.race([told, failed]), broker, START_LIMIT)
    return { configs: JSON.parse(line) as Configs, stop }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}
