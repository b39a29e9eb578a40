/**
 * A broker that reuses its connections is let in after every pause there may be: the servers of the
 * routes keep an idle connection for longer than brokers do.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { serveRoutes } from '../../adapters/cli/dev/routes.ts'
import { head, RawConnection } from '../hono/fuzz/http.ts'
import { fleet, SECRET, STATION_PASSWORD } from '../hono/site.ts'
import { type Host, hosts } from './server.ts'

const DEVICE = 'weatherstation/STATION-001'
/** In seconds: VerneMQ keeps a connection for 60 by default. */
const PAUSES = Array.from({ length: 70 }, (_, i) => i + 1)
const ANSWER_LIMIT = 60_000

const BODY = JSON.stringify({
  peer_addr: '10.0.0.9',
  peer_port: 51_234,
  mountpoint: '',
  client_id: DEVICE,
  username: DEVICE,
  password: STATION_PASSWORD,
  clean_session: true,
})
const LOGIN =
  head('POST', `/iot/broker/vernemq/${SECRET}`, {
    'content-type': 'application/json',
    'content-length': `${BODY.length}`,
    'vernemq-hook': 'auth_on_register',
  }) + BODY

/** Whether a login with the right password is granted, on a connection that stays. */
async function isLetIn(connection: RawConnection): Promise<boolean> {
  await connection.send(LOGIN)
  const answer = await connection.answer(ANSWER_LIMIT)
  return answer?.status === 200 && JSON.parse(answer.body).result === 'ok'
}

/** The pauses after which it is not, each on a connection of its own, side by side. */
async function findRefused(port: number): Promise<readonly number[]> {
  const refused = await Promise.all(
    PAUSES.map(async (seconds) => {
      const connection = new RawConnection(port)
      try {
        assert.ok(await isLetIn(connection), 'the first login')
        await pause(seconds * 1000)
        return (await isLetIn(connection)) ? [] : [seconds]
      } finally {
        connection.close()
      }
    }),
  )
  return refused.flat()
}

const devicehub: Host = {
  name: 'devicehub dev',
  missing: false,
  async start() {
    const logger = { info() {}, warn() {}, error() {} }
    const { url, close } = await serveRoutes(fleet, { onVisit() {}, secret: SECRET, logger })
    return { port: Number(new URL(url).port), stop: close }
  },
}

describe('let in after every pause from 1 to 70 seconds', { concurrency: true }, () => {
  // workerd stands behind its platform's proxies.
  for (const host of [devicehub, ...hosts.filter(({ name }) => name !== 'workerd')]) {
    test(host.name, { skip: host.missing }, async () => {
      const { port, stop } = await host.start()
      try {
        assert.deepEqual(await findRefused(port), [])
      } finally {
        await stop()
      }
    })
  }
})
