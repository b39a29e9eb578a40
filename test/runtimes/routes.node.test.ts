/**
 * The recorded exchanges over HTTP on every runtime: one file of routes, mounted unchanged.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { after, describe, test } from 'node:test'
import { checkAnswer, type Received } from '../product/questions/check.ts'
import { within } from '../support/wait.ts'
import { type Exchange, exchanges, slow } from './exchanges.ts'
import { cloudflareHost, type Host, hosts } from './server.ts'

const ANSWER_LIMIT = 10_000

/** Sends a request as it is recorded: only the length and the host are added. */
function send(agent: Agent, port: number, exchange: Exchange): Promise<Received> {
  const { title, path, method = 'POST', headers, body } = exchange
  const options = { agent, host: '127.0.0.1', port, path, method, headers }
  const answer = new Promise<Received>((resolve, reject) => {
    const sent = request(options, (response) => {
      const header = (name: string) => response.headers[name]?.toString() ?? null
      const status = response.statusCode ?? 0
      text(response).then((body) => resolve({ status, body, header }), reject)
    })
    sent.once('error', reject).end(body)
  })
  return within(answer, `answer to ${title}`, ANSWER_LIMIT)
}

/** Replays tables of exchanges against one process, then asks it what else is to be asked. */
function replay(
  { name, missing, start }: Host,
  tables: Readonly<Record<string, readonly Exchange[]>>,
  more?: (ask: (exchange: Exchange) => Promise<Received>) => void,
): void {
  describe(name, { skip: missing }, async () => {
    if (missing) return
    const agent = new Agent({ keepAlive: true })
    const { port, stop } = await start()
    after(async () => {
      agent.destroy()
      await stop()
    })
    const ask = (exchange: Exchange) => send(agent, port, exchange)
    for (const [table, rows] of Object.entries(tables)) {
      describe(table, () => {
        for (const exchange of rows) {
          const { title, answer } = exchange
          test(`${title}: ${answer.status} ${answer.body.slice(0, 60)}`, async () => {
            checkAnswer(await ask(exchange), answer)
          })
        }
      })
    }
    more?.(ask)
  })
}

for (const host of hosts) replay(host, exchanges)

replay(cloudflareHost, slow, (ask) => {
  test('the bound was met: the rounds were run without the runtime', async () => {
    const answer = { status: 200, body: '' }
    const { body } = await ask({ title: 'refusals', path: '/refusals', headers: {}, answer })
    assert.ok(Number(body) > 0, body)
  })
})
