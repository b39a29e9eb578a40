/**
 * `devicehub doctor`: each set-up that is wrong is named in one line with its mend, and one that is not is
 * silent. Everything is real: brokers, routes, a SQLite file.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { createAuthority } from '../../examples/certificates/certificate.ts'
import { servers } from '../support/certificates.ts'
import { freePort, type Mosquitto, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { type Host, newestNode, type Outcome, run, sqliteHosts, start } from './command.ts'
import {
  type DoctorSite,
  doctorConfig,
  doctorSite,
  fleetFolder,
  HUB_PASSWORD,
  recorded,
  SECRET,
  type Wrong,
} from './doctor-site.ts'

const missing = newestNode.missing
const ENV = { DEVICEHUB_ROUTES_SECRET: SECRET }

const examine = (site: DoctorSite, args: readonly string[] = [], host: Host = newestNode) =>
  run(host, site.folder, ['doctor', '--routes', site.routes, ...args], ENV)

/** A line for each finding, and nothing else. */
function assertFound({ code, stdout, stderr }: Outcome, ...expected: RegExp[]): void {
  assert.equal(stderr, '')
  const lines = stdout.split('\n').slice(0, -1)
  assert.equal(lines.length, expected.length, stdout)
  for (const [i, line] of lines.entries()) assert.match(line, expected[i]!)
  assert.equal(code, 1)
  assert.doesNotMatch(stdout, /password-0123|secret-0123|pepper-0123|dhs_/)
}

describe('a set-up that is as it should be', { skip: missing }, () => {
  let site: DoctorSite
  before(async () => {
    site = await doctorSite({ hubs: ['hub//one', 'hub//two'] })
  })
  after(() => site[Symbol.asyncDispose]())

  for (const host of sqliteHosts) {
    test(`is silent, and nothing is left of it, on ${host.name}`, {
      skip: host.missing,
    }, async () => {
      const { code, stdout, stderr } = await examine(site, ['--hub', site.status], host)
      assert.deepEqual([code, stdout, stderr], [0, '', ''])
      assert.deepEqual(await recorded(site.folder), [])
    })
  }

  test('--json says what was looked at, and the offset of the clock', async () => {
    const { code, stdout } = await examine(site, ['--json', '--hub', site.status])
    const { findings, made, notMade, clockOffset } = JSON.parse(stdout)
    assert.deepEqual([code, findings, notMade], [0, [], []])
    assert.deepEqual(
      made.map(({ check }: { check: string }) => check),
      [
        ...['versions', 'store', 'compatibility', 'routes', 'connection', 'strangers'],
        ...['hub-rights', 'device', 'delivery', 'grants', 'client-ids', 'clock', 'running-hub'],
      ],
    )
    assert.ok(Math.abs(clockOffset) < 60)
  })

  test('--verbose names what was not looked at, and why', async () => {
    const { code, stdout } = await run(newestNode, site.folder, ['doctor', '--verbose'])
    assert.equal(code, 0)
    assert.match(stdout, /^broker "default": delivery: looked at$/m)
    assert.match(stdout, /^broker "default": routes: not looked at: --routes URL says/m)
    assert.match(stdout, /^clock: clock: not looked at: nothing told the time/m)
    assert.match(stdout, /^hub: running-hub: not looked at: --hub URL/m)
  })
})

const GRANTS = /: grants-more: it lets a device .*; deny at the broker whatever no rule grants/
const cases: readonly {
  readonly title: string
  readonly wrong: Wrong
  readonly args?: (site: DoctorSite) => readonly string[]
  readonly lines: readonly RegExp[]
}[] = [
  {
    title: 'routes with another secret',
    wrong: { secret: 'another-secret-0123456789' },
    lines: [/^routes http.*\/emqx: secret-wrong: they refuse every login.*; give the broker and/],
  },
  {
    title: 'a broker that grants what no rule does',
    wrong: { grants: 'everything' },
    lines: [GRANTS, GRANTS],
  },
  {
    title: 'routes that let in under any client id',
    wrong: { clientIds: 'any' },
    lines: [/^routes .*: client-ids-unbound: .*; say clientIds: 'own' at brokerAuth$/],
  },
  {
    title: 'a clock an hour ahead',
    wrong: { ahead: 3600 },
    lines: [
      /^clock: clock-off: that of the routes is 3[56]\d\d s ahead of the one here.*; set both by NTP/,
    ],
  },
  {
    title: 'a clock an hour behind',
    wrong: { ahead: -3600 },
    lines: [/^clock: clock-off: that of the routes is 3[56]\d\d s behind the one here/],
  },
  {
    title: 'another prefix',
    wrong: { prefix: 'iot' },
    lines: [
      /^routes .*: prefix-wrong: they grant a device none of its topics, such as things\/pump/,
      /^routes .*: hub-denied: they deny the login of the hub to subscribe to things\/pump/,
      /^broker "default": hub-denied: .*things\/pump\/\+\/data/,
      /^broker "default": prefix-wrong: it denies a device its own things\/pump\/.*\/cmd/,
    ],
  },
  {
    title: 'another pepper',
    wrong: { pepper: 'another-pepper-0123456789' },
    lines: [
      /^routes .*: device-refused: they refuse the login of a device that is on record here; give/,
      /^broker "default": device-refused: .*pepper and the store of this configuration/,
    ],
  },
  {
    title: 'a hub without rules',
    wrong: { hubRules: [] },
    lines: [
      /^routes .*: hub-denied: .*; give its service account rules: 'hub'$/,
      /^broker "default": hub-denied: it denies the login of the hub to subscribe to things\/pump\/\+\/data; give its service account rules: 'hub'$/,
      /^broker "default": hub-denied: it denies the login of the hub to publish to things\/pump/,
    ],
  },
  {
    title: 'two hubs with one client id',
    wrong: { hubs: ['hub//same', 'hub//same'] },
    args: ({ status }) => ['--hub', status],
    lines: [
      /^hub .*: hub-taken-over: another client took its client id at broker "default".*; give each hub a clientId/,
    ],
  },
]

describe('names in one line, with its mend,', { skip: missing }, () => {
  for (const { title, wrong, args, lines } of cases) {
    test(title, async () => {
      await using site = await doctorSite(wrong)
      assertFound(await examine(site, args?.(site)), ...lines)
      assert.deepEqual(await recorded(site.folder), [])
    })
  }

  test('routes that are down, and an address where something else answers', async () => {
    await using site = await doctorSite()
    const at = (routes: string) => examine({ ...site, routes })
    const down = await at(`http://127.0.0.1:${await freePort()}/iot/broker`)
    assertFound(
      down,
      /^routes .*: routes-down: they do not answer: .*; start them, or mend the URL/,
    )
    const odd = await at(site.routes.replace('/iot/', '/api/'))
    assertFound(
      odd,
      /^routes .*: routes-odd: something else answers there: status 404 .*; mount brokerAuth/,
    )
  })

  test('a broker that refuses what the routes grant', async () => {
    await using site = await doctorSite()
    await using other = await doctorSite({ hubPassword: 'another-password-0123' })
    const login = { username: 'hub', password: HUB_PASSWORD }
    const brokers = { default: { url: other.broker, product: 'emqx', ...login } }
    site.folder.write('devicehub.config.ts', doctorConfig(brokers))
    assertFound(
      await examine(site),
      /^broker "default": broker-asks-elsewhere: it refuses the login "hub" of the hub, which the routes grant; give the broker the secret and the address of the routes/,
    )
  })

  test('a login of the hub that the fleet does not know', async () => {
    await using site = await doctorSite()
    const outcome = await run(newestNode, site.folder, ['doctor'], {
      DEVICEHUB_BROKERS_DEFAULT_PASSWORD: 'another-password-0123',
    })
    assertFound(
      outcome,
      /^broker "default": hub-refused: it refuses the login "hub" of the hub; give/,
    )
  })

  test('tables of another version', async () => {
    using folder = fleetFolder()
    folder.write('devicehub.config.ts', doctorConfig({ default: {} }))
    const port = await freePort()
    const { stdout, code } = await run(newestNode, folder, ['doctor'], {
      DEVICEHUB_BROKERS_DEFAULT_PORT: `${port}`,
    })
    assert.equal(code, 1)
    assert.match(
      stdout,
      /^store: store-schema: its tables are of version 0, and this program works with \d+; run devicehub store migrate$/m,
    )
    assert.match(
      stdout,
      /^broker "default": broker-unreachable: .*ECONNREFUSED.*; start the broker/m,
    )
  })

  test('no shared subscriptions', async () => {
    await using site = await doctorSite()
    const { code, stdout } = await run(newestNode, site.folder, ['doctor'], {
      DEVICEHUB_BROKERS_DEFAULT_PROTOCOL_VERSION: '4',
    })
    assert.match(
      stdout,
      /^broker "default": no-shared-subscriptions: it has no shared subscriptions: MQTT 3\.1\.1 has none.*; leave protocolVersion out/,
    )
    assert.equal(code, 1)
    const alone = await run(newestNode, site.folder, ['doctor'], {
      DEVICEHUB_BROKERS_DEFAULT_PROTOCOL_VERSION: '4',
      DEVICEHUB_BROKERS_DEFAULT_SHARED_SUBSCRIPTIONS: 'false',
    })
    assert.deepEqual([alone.code, alone.stdout], [0, ''])
  })
})

const DEVICE = { username: 'pump/P-1', password: 'device-password-0123456789' }
const GIVEN = { DEVICEHUB_DEVICE_PASSWORD: DEVICE.password }
const LOGINS = { [DEVICE.username]: DEVICE.password, hub: HUB_PASSWORD }
const ACL = [
  ...['user hub', 'topic read things/pump/+/data', 'topic read things/pump/+/status'],
  ...['topic read things/pump/+/reply', 'topic write things/pump/+/cmd'],
  ...['user pump/P-1', 'topic write things/pump/P-1/#', 'topic read things/pump/P-1/cmd'],
]

describe('a real Mosquitto', { skip: missing || mosquittoMissing }, () => {
  async function examineAt(broker: Mosquitto, config: object = {}, device = true) {
    using folder = fleetFolder()
    const login = { username: 'hub', password: HUB_PASSWORD }
    const brokers = { default: { url: broker.url, ...login, ...config } }
    folder.write(
      'devicehub.config.ts',
      `import { pump } from './fleet.ts'
import { defineConfig } from 'devicehub/cli'
export default defineConfig({ types: [pump], brokers: ${JSON.stringify(brokers)} })`,
    )
    const args = ['doctor', ...(device ? ['--device', DEVICE.username] : [])]
    return await run(newestNode, folder, args, GIVEN)
  }

  test('without an access list grants more, and knows sessions by client id alone', async () => {
    const broker = await startMosquitto({ logins: LOGINS })
    try {
      const { code, stdout } = await examineAt(broker)
      assert.match(
        stdout,
        /^broker "default": grants-more: it lets a device publish to a topic that no rule/m,
      )
      assert.match(
        stdout,
        /^broker "default": grants-more: it lets a device hear the commands of others/m,
      )
      assert.match(
        stdout,
        /^broker "default": client-ids-unbound: .*; bind client ids to user names/m,
      )
      assert.equal(stdout.split('\n').length, 4)
      assert.equal(code, 1)
    } finally {
      await broker.stop()
    }
  })

  test('with one grants no more, although it grants each subscription', async () => {
    const broker = await startMosquitto({ logins: LOGINS, acl: ACL })
    try {
      assertFound(await examineAt(broker), /^broker "default": client-ids-unbound/)
    } finally {
      await broker.stop()
    }
  })

  test('whose list has no hub delivers nothing', async () => {
    const broker = await startMosquitto({ logins: LOGINS, acl: ACL.slice(5) })
    try {
      assertFound(
        await examineAt(broker),
        /^broker "default": hub-denied: it denies the login of the hub to publish to things\/pump\/P-1\/cmd/,
      )
    } finally {
      await broker.stop()
    }
  })

  test('whose list lets the hub write and not read', async () => {
    const acl = ACL.filter((line) => !line.startsWith('topic read things/pump/+'))
    const broker = await startMosquitto({ logins: LOGINS, acl })
    try {
      assertFound(
        await examineAt(broker),
        /^broker "default": nothing-delivered: what a device says on things\/pump\/P-1\/reply does not reach the hub/,
      )
    } finally {
      await broker.stop()
    }
  })

  test('that lets anybody in', async () => {
    const broker = await startMosquitto({ acl: ACL })
    try {
      const { code, stdout } = await examineAt(broker, {}, false)
      assert.match(
        stdout,
        /^broker "default": anonymous-open: it lets clients in that give no login; turn anonymous logins off at the broker \(Mosquitto: allow_anonymous false\)$/m,
      )
      assert.equal(code, 1)
    } finally {
      await broker.stop()
    }
  })

  for (const [title, until, line] of [
    [
      'has expired',
      -1,
      /certificate-expired: an authority of caCerts expired on \d{4}-\d\d-\d\d; put the new/,
    ],
    [
      'ends soon',
      3,
      /certificate-ends: an authority of caCerts ends on \d{4}-\d\d-\d\d; put the new/,
    ],
  ] as const) {
    test(`whose authority ${title}`, async () => {
      const days = (n: number) => new Date(Date.now() + n * 86_400_000)
      const authority = await createAuthority('Old', { from: days(-30), until: days(until) })
      const hosts = ['localhost', '127.0.0.1']
      const tls = until < 0 ? servers.good : await authority.issue({ name: 'localhost', hosts })
      const broker = await startMosquitto({ logins: LOGINS, acl: ACL, listeners: { tls: { tls } } })
      try {
        const url = `mqtts://127.0.0.1:${broker.ports.get('tls')}`
        const { code, stdout } = await examineAt(broker, { url, caCerts: authority.cert }, false)
        assert.match(stdout, line)
        assert.equal(code, 1)
        assert.ok(stdout.trim().split('\n').length <= 2, stdout)
      } finally {
        await broker.stop()
      }
    })
  }
})

test('Ctrl-C in the middle leaves nothing behind, with 130', { skip: missing }, async () => {
  await using site = await doctorSite()
  // It takes connections, and never says anything.
  const sockets = new Set<{ destroy(): void }>()
  const silent = createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  try {
    const login = { username: 'hub', password: HUB_PASSWORD }
    const { port } = silent.address() as { port: number }
    const brokers = {
      default: { url: site.broker, ...login },
      later: { url: `mqtt://127.0.0.1:${port}`, connectTimeout: 600 },
    }
    site.folder.write('devicehub.config.ts', doctorConfig(brokers))
    const reached = once(silent, 'connection')
    const running = start(newestNode, site.folder, ['doctor'])
    await reached
    assert.equal((await recorded(site.folder)).length, 2)
    running.process.kill('SIGINT')
    assert.equal(await running.exit(), 130)
    assert.equal(running.stderr(), 'devicehub: stopped before everything was looked at\n')
    assert.deepEqual(running.lines(), [])
    assert.deepEqual(await recorded(site.folder), [])
  } finally {
    for (const socket of sockets) socket.destroy()
    silent.close()
  }
})

describe('the command line', { skip: missing }, () => {
  for (const [title, args, env, line] of [
    [
      'routes that are no URL',
      ['--routes', 'auth:8000'],
      ENV,
      /--routes: must be the URL that brokers ask/,
    ],
    [
      'routes that no broker asks',
      ['--routes', 'http://a/b'],
      ENV,
      /--routes: the configuration names no product that asks there: brokers\.default\.product$/m,
    ],
    ['no secret', ['--routes', 'http://a/b'], {}, /DEVICEHUB_ROUTES_SECRET is missing/],
    ['no password', ['--device', 'pump/P-1'], {}, /DEVICEHUB_DEVICE_PASSWORD is missing/],
    [
      'a type that there is not',
      ['--device', 'fan/1'],
      GIVEN,
      /--device: must be TYPE\/ID .*: pump$/m,
    ],
  ] as const) {
    test(`${title}: one line, code 2`, async () => {
      using folder = fleetFolder()
      folder.write('devicehub.config.ts', doctorConfig({ default: {} }))
      const { code, stdout, stderr } = await run(newestNode, folder, ['doctor', ...args], env)
      assert.match(stderr, line)
      assert.match(stderr, /^devicehub: [^\n]+\n$/)
      assert.deepEqual([code, stdout], [2, ''])
    })
  }
})
