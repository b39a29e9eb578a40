/**
 * The set-up of docs/several-machines.md, as far as it runs here: the tables and the routes over a real
 * PostgreSQL, asked as EMQX asks.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  type Folder,
  newestNode,
  type Run,
  run,
  running,
  start,
  userFolder,
} from '../cli/command.ts'
import { type EmqxServer, KEY, SECRET, startEmqx } from '../emqx/server.ts'
import { freePort } from '../support/mosquitto.ts'
import { type Postgres, postgresMissing, startPostgres } from '../support/postgres.ts'
import { filesOf, findUnitProblems, systemdMissing } from './set-up.ts'

const files = filesOf('several-machines.md')
const secret = () => crypto.randomUUID()

describe('an application machine', { skip: newestNode.missing || postgresMissing }, () => {
  const env: Record<string, string> = {
    ...{ PEPPER: secret(), HUB_PASSWORD: secret(), BROKER_SECRET: secret() },
    ...{ EMQX_API_KEY: KEY, EMQX_API_SECRET: SECRET, HOST: 'app-1' },
  }
  let folder: Folder
  let postgres: Postgres
  let emqx: EmqxServer
  let routes: Run | undefined

  before(async () => {
    postgres = await startPostgres()
    emqx = await startEmqx()
    env.DATABASE_URL = postgres.url
    env.EMQX_URL = emqx.url
    env.PORT = `${await freePort()}`
    env.DEVICEHUB_BROKERS_DEFAULT_URL = `mqtt://127.0.0.1:${await freePort()}`
    env.DEVICEHUB_ROUTES_SECRET = env.BROKER_SECRET!
    folder = userFolder()
    for (const name of ['fleet.ts', 'routes.ts', 'hub.ts', 'devicehub.config.ts']) {
      folder.write(name, files.get(name)!)
    }
  })
  after(async () => {
    routes?.process.kill('SIGKILL')
    await emqx?.[Symbol.asyncDispose]()
    await postgres?.stop()
    folder?.[Symbol.dispose]()
  })

  const command = (...args: string[]) => run(newestNode, folder, args, env)

  test('the tables are made', async () => {
    const { code, stdout, stderr } = await command('store', 'migrate')
    assert.match(stdout, /^tables of version \d+, from none\n$/, stderr)
    assert.equal(code, 0)
  })

  test('the routes answer, and doctor misses EMQX alone', async () => {
    routes = start(running(newestNode, 'routes.ts'), folder, [], env)
    const at = `http://127.0.0.1:${env.PORT}`
    for (const limit = Date.now() + 60_000; ; ) {
      const response = await fetch(`${at}/live`).catch(() => undefined)
      if (response?.status === 200) break
      assert.ok(Date.now() < limit, `it does not answer: ${routes.stderr()}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const { code, stdout, stderr } = await command('doctor', '--routes', `${at}/iot/broker`)
    assert.equal(stderr, '')
    assert.match(stdout, /^broker "default": broker-unreachable: [^\n]*\n$/)
    assert.equal(code, 1)
    const left = await command('doctor', '--routes', `${at}/iot/broker`, '--json')
    const { made } = JSON.parse(left.stdout)
    assert.ok(made.some(({ check }: { check: string }) => check === 'routes'))
  })

  test('SIGTERM ends the routes', async () => {
    routes!.process.kill('SIGTERM')
    assert.equal(await routes!.exit(), 0)
  })
})

test('each command of the compose file is one of the page', () => {
  const compose = files.get('compose.yaml')!
  const commands = [...compose.matchAll(/command: \[node, (\S+)\]/g)].map(([, file]) => file!)
  assert.deepEqual(commands, ['routes.ts', 'hub.ts'])
  for (const file of commands) assert.ok(files.has(file), file)
  // What a program asks for is handed in.
  const needed = [...files.values()].flatMap((text) =>
    [...text.matchAll(/setting\('(\w+)'\)/g)].map(([, name]) => name!),
  )
  for (const name of needed) assert.match(compose, new RegExp(`^ {6}${name}: `, 'm'))
})

test('systemd takes the unit', { skip: systemdMissing }, () => {
  assert.deepEqual(findUnitProblems({ 'pumps.service': files.get('pumps.service')! }), [])
})
