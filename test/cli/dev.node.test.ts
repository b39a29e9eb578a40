/**
 * `devicehub dev` with a configuration: the user's types on an embedded broker. Without one it is
 * what `npm start` runs: see test/acceptance/start.node.test.ts.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Host, hosts, run, userFolder } from './command.ts'
import { configModule, TYPES } from './site.ts'

// Nothing listens there: dev connects to no configured broker.
const configuration = configModule('station, node, riddle', {
  default: { host: '127.0.0.1', port: 1, username: 'hub', password: 'never to be seen' },
}).replace(
  TYPES,
  `${TYPES}
const riddle = defineDeviceType('riddle', { data: v.object({ answer: v.picklist(['the wind']) }) })
`,
)

async function showsOwnTypes(host: Host): Promise<void> {
  using folder = userFolder({ 'devicehub.config.ts': configuration })
  const { code, stdout, stderr } = await run(host, folder, ['dev', '--seconds', '4'])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.match(stdout, /broker +mqtt:\/\/127\.0\.0\.1:\d+/)
  assert.match(stdout, /device type "riddle": found no sample of data/)
  assert.match(stdout, /24 simulated devices/)
  assert.match(stdout, /command ping to weatherstation\/WEATHERSTATION-001, reply \{\} in \d+ ms/)
  assert.match(stdout, /denied: .*"things\/weatherstation\/\+\/cmd"/)
  assert.match(stdout, /rejected \(payload-malformed\): data of weatherstation/)
  assert.match(stdout, /POST \/acl .*"things\/node\/NODE-024\/data".* → \{"result":"deny"\}/)
  assert.match(stdout, /24 devices, \d+ messages handled/)
  const summary = /Summary after .*: (\d+) messages handled, 1 rejected, 2 denied, 1 command/
  assert.ok(Number(summary.exec(stdout)?.[1]) >= 48, stdout)
  assert.doesNotMatch(stdout, /never to be seen|dhs_/)
}

for (const host of hosts.filter(({ name }) => name !== 'Deno')) {
  test(
    `the types of a configuration are simulated, on ${host.name}`,
    {
      skip: host.missing,
    },
    () => showsOwnTypes(host),
  )
}

describe('where it cannot run, it says so in one line', () => {
  const [, , deno] = hosts
  test('on Deno, which the embedded broker does not run on', { skip: deno!.missing }, async () => {
    using folder = userFolder()
    const { code, stdout, stderr } = await run(deno!, folder, ['dev'])
    assert.match(stderr, /^devicehub: The embedded broker does not run on Deno: [^\n]+\n$/)
    assert.deepEqual([code, stdout], [1, ''])
  })
})
