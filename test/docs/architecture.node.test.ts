/**
 * The rooms in `docs/architecture.md` are those that there are, with the arrows that there are between
 * them, and the ways through the code that it lists are those that are gone.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { brokerAuth } from '../../adapters/hono/index.ts'
import {
  command,
  createFleet,
  createHub,
  defineDeviceType,
  type Message,
  memoryBroker,
  memoryServer,
  memoryStore,
} from '../../src/index.ts'
import { emqx } from '../../src/product/index.ts'
import { drawnArrows, FLOORS, readSources } from '../package/rooms.ts'
import { deferred, within } from '../support/wait.ts'
import { filesPassed } from './trace.ts'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/architecture.md', root), 'utf8')

/** The files of a way, as listed. */
function listed(title: string): readonly string[] {
  const section = page.split(/^### /m).find((part) => part.startsWith(`${title}\n`)) ?? ''
  return [...section.matchAll(/^\d+\. `([^`]+)`/gm)].map(([, file]) => file!)
}

const level = v.object({ rpm: v.number() })
const pump = defineDeviceType('pump', {
  data: level,
  commands: { set: command({ payload: level, reply: level }) },
})
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

/** A fleet with the routes of EMQX, and a hub beside a device that answers commands. */
async function site() {
  const fleet = createFleet({ types: [pump], store: memoryStore(), pepper: 'a pepper of 16 bytes' })
  const secret = 'a secret of the routes'
  const app = brokerAuth(fleet, { secret, products: [emqx] })
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
  const ask = async (path: string, body: object) => {
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    return (await (await app.request(path, init)).json()) as { result: string }
  }
  const { username, topics } = await fleet.provision(pump, 'P-1')
  const server = memoryServer()
  const hub = createHub(fleet, { brokers: { default: memoryBroker(server) } })
  const handled = deferred()
  hub.onData(pump, () => handled.resolve())
  await hub.start()
  const device = memoryBroker(server)
  const answer = ({ correlationData }: Message) =>
    device.publish({
      topic: topics.reply,
      payload: json({ payload: { rpm: 1 } }),
      ...(correlationData && { correlationData }),
    })
  await device.connect({ onMessage: answer })
  await device.subscribe([{ filter: topics.cmd }])
  return {
    fleet,
    ask,
    username,
    topics,
    hub,
    device,
    handled: handled.promise,
    async [Symbol.asyncDispose]() {
      await hub.close()
      await device.close()
    },
  }
}
type Site = Awaited<ReturnType<typeof site>>

const ways: readonly [title: string, go: (site: Site) => Promise<unknown>][] = [
  [
    '`POST /emqx/acl`',
    async ({ ask, username, topics }) => {
      const question = { username, clientid: username, action: 'publish', topic: topics.data }
      const { result } = await ask('/emqx/acl', { ...question, qos: 1, retain: false })
      assert.equal(result, 'allow')
    },
  ],
  [
    'A packet to its handler',
    async ({ device, topics, handled }) => {
      await device.publish({ topic: topics.data, payload: json({ rpm: 1 }) })
      await within(handled, 'handler')
    },
  ],
  [
    '`send()` to its reply',
    async ({ hub }) =>
      assert.deepEqual(await hub.device(pump, 'P-1').send('set', { rpm: 1 }), { rpm: 1 }),
  ],
  [
    'Provision to login',
    async ({ fleet, ask }) => {
      const { username, password } = await fleet.provision(pump, 'P-2')
      const { result } = await ask('/emqx/auth', { username, password, clientid: username })
      assert.equal(result, 'allow')
    },
  ],
]

describe('the rooms in docs/architecture.md', () => {
  test('stand in the table as they stand on each other', () => {
    const [, table = ''] = page.match(/^\| Folder \|.*\n\|.*\n((?:\|.*\n)+)/m) ?? []
    assert.deepEqual(
      [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, room]) => room),
      FLOORS,
    )
  })

  test('are drawn with the arrows of their imports', () => {
    const drawn = page.match(/^```mermaid\n([\s\S]*?)^```$/m)?.[1] ?? ''
    const arrows = [...drawn.matchAll(/^ *(\w+ --> \w+)$/gm)].map(([, arrow]) => arrow!)
    assert.equal(drawn.match(/-/g)?.length, arrows.length * 2, 'an arrow of another form')
    assert.deepEqual(arrows.sort(), drawnArrows(readSources('src', 'adapters')))
  })
})

describe('the ways in docs/architecture.md', () => {
  for (const [title, go] of ways) {
    test(title, async () => {
      await using there = await site()
      const passed = await filesPassed(() => go(there))
      const files = listed(title)
      assert.equal(new Set(files).size, files.length, 'a file is listed twice')
      for (const file of files) assert.ok(existsSync(new URL(file, root)), `no ${file}`)
      assert.deepEqual(
        [...files].sort(),
        // What serves all of them, and what this test waits with.
        passed.filter((file) => !/^src\/(base|testing)\//.test(file)),
      )
    })
  }
})
