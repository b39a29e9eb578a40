/**
 * The broker that docs/custom-broker.md shows keeps the contract, but for what it says it has not.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Broker } from '../../src/broker/broker.ts'
import { conforms } from './run.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/custom-broker.md'), 'utf8')
const [, program = ''] = page.match(/^```ts\n([\s\S]*?)^```$/m) ?? []
const [broker = ''] = program.split('\nconst pump = ')

// Below the tests, so that the entry point is found by its name.
const folder = mkdtempSync(join(root, 'test', '.programs-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'channel-broker.ts')
writeFileSync(file, broker)
const { ChannelBroker } = (await import(pathToFileURL(file).href)) as {
  ChannelBroker: new (name: string, options?: { readonly receiveMaximum?: number }) => Broker
}

// Deno 2.9: a channel that is opened in the turn in which the last one was closed cannot send.
const kept = new BroadcastChannel('kept')
after(() => kept.close())

const noWill = 'it has no wills, and says so'
const noShare = 'it has no shared subscriptions, and says so'
conforms(
  'a BroadcastChannel',
  { open: (options) => new ChannelBroker('conformance', options) },
  {
    'subscriptions: members of a share group get each message once among them': noShare,
    'subscriptions: a subscription that is not shared gets every message beside a share group':
      noShare,
    'delivery: a retained message reaches a later subscriber, marked':
      'it has no retained messages',
    'wills: a will is sent each time the connection is lost': noWill,
    'wills: a will is not sent after close': noWill,
    'wills: a wrong will rejects, and a right one connects after that': noWill,
  },
)
