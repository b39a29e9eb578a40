/**
 * Commands and their answers, where Mosquitto does not answer as it should: over a broker in memory
 * whose other end the test holds.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { type Answer, ControlLink } from '../../adapters/mosquitto/control.ts'
import { type Broker, memoryBroker, memoryServer } from '../../src/index.ts'
import { Collector } from '../support/wait.ts'

const RESPONSE = '$CONTROL/dynamic-security/v1/response'
const COMMANDS = [{ command: 'getClient', username: 'a' }, { command: 'listRoles' }] as const

interface Sent {
  readonly commands: readonly { command: string; correlationData: string }[]
}

/** A link, what it sends, and how to answer. */
async function start() {
  const server = memoryServer()
  const [broker, plugin]: Broker[] = [memoryBroker(server), memoryBroker(server)]
  const requests = new Collector<Sent>()
  await plugin!.connect({
    onMessage: async ({ payload }) => requests.push(JSON.parse(new TextDecoder().decode(payload))),
  })
  await plugin!.subscribe([{ filter: '$CONTROL/dynamic-security/v1' }])
  const link = new ControlLink(broker!)
  await link.open()
  const send = (text: string) =>
    plugin!.publish({ topic: RESPONSE, payload: new TextEncoder().encode(text) })
  return {
    link,
    requests,
    send,
    answer: (responses: readonly unknown[]) => send(JSON.stringify({ responses })),
  }
}

describe('an answer', () => {
  test('is matched to its commands, in order, with what was refused', async () => {
    const { link, requests, answer } = await start()
    const running = link.run(COMMANDS)
    const [{ commands } = { commands: [] }] = await requests.reach(1, 'requests')
    assert.deepEqual(
      commands.map(({ correlationData: _, ...command }) => command),
      COMMANDS,
    )
    const [{ correlationData } = { correlationData: '' }] = commands
    assert.match(correlationData, /^[0-9a-f-]{36}$/)
    await answer([
      { command: 'getClient', error: 'Client not found', correlationData },
      { command: 'listRoles', data: { roles: [] }, correlationData },
    ])
    assert.deepEqual(await running, [
      { command: 'getClient', error: 'Client not found', data: {} },
      { command: 'listRoles', error: undefined, data: { roles: [] } },
    ] satisfies Answer[])
  })

  test('of others, or one that cannot be read, is passed over', async () => {
    const { link, requests, send, answer } = await start()
    const [first, second] = [link.run([COMMANDS[0]]), link.run([COMMANDS[1]])]
    const sent = await requests.reach(2, 'requests')
    for (const text of ['', '{', 'null', '[]', '{"responses":1}', '{"responses":[null]}']) {
      await send(text)
    }
    await answer([])
    await answer([{ command: 'getClient' }])
    await answer([{ command: 'getClient', correlationData: 7 }])
    await answer([{ command: 'getClient', correlationData: 'of another administrator' }])
    // And the later one is answered first.
    for (const { commands } of sent.toReversed()) await answer(commands)
    assert.equal((await first)[0]?.command, 'getClient')
    assert.equal((await second)[0]?.command, 'listRoles')
  })

  for (const [what, change] of [
    ['too few', (answers: readonly object[]) => answers.slice(1)],
    ['too many', (answers: readonly object[]) => [...answers, ...answers]],
    ['other commands', (answers: readonly object[]) => answers.toReversed()],
  ] as const) {
    test(`to ${what} is an error`, async () => {
      const { link, requests, answer } = await start()
      const running = link.run(COMMANDS)
      const [sent] = await requests.reach(1, 'requests')
      await answer(change(sent!.commands))
      await assert.rejects(running, { code: 'ERR_DYNAMIC_SECURITY' })
    })
  }
})

describe('without an answer', () => {
  test('it is given up after 30 seconds', async () => {
    const { link, requests } = await start()
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const running = link.run(COMMANDS)
      const rejected = assert.rejects(running, {
        code: 'ERR_BROKER_TIMEOUT',
        message: /did not answer 2 commands in 30000 ms/,
      })
      while (requests.items.length === 0) await Promise.resolve()
      mock.timers.tick(30_000)
      await rejected
    } finally {
      mock.timers.reset()
    }
  })

  test('it is given up when the connection is lost', async () => {
    const { link, requests } = await start()
    const running = [link.run(COMMANDS), link.run(COMMANDS)]
    const rejected = running.map((one) =>
      assert.rejects(one, { code: 'ERR_BROKER_CONNECTION_LOST' }),
    )
    await requests.reach(2, 'requests')
    link.lose(new Error('cut'))
    await Promise.all(rejected)
  })

  test('it fails at once where nothing can be sent', async () => {
    const server = memoryServer()
    const broker = memoryBroker(server)
    const link = new ControlLink(broker)
    await link.open()
    await broker.close()
    await assert.rejects(link.run(COMMANDS), { code: 'ERR_BROKER_CLOSED' })
  })
})
