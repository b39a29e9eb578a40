/**
 * `devicehub dev` with a configuration: the user's types on an embedded broker. Without one it is
 * what `npm start` runs: see test/acceptance/start.node.test.ts.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { describe, test } from 'node:test'
import { mosquittoClientsMissing } from '../support/mosquitto-clients.ts'
import { within } from '../support/wait.ts'
import { type Host, hosts, node, run, start, userFolder } from './command.ts'
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
  assert.match(stdout, /hubs +2, which share the work/)
  assert.match(stdout, /24 simulated devices/)
  assert.doesNotMatch(stdout, /shared subscriptions/)
  assert.match(stdout, /command ping to weatherstation\/WEATHERSTATION-001, reply \{\} in \d+ ms/)
  assert.match(stdout, /denied: .*"things\/weatherstation\/\+\/cmd"/)
  assert.match(stdout, /rejected \(payload-malformed\): data of weatherstation/)
  assert.match(stdout, /POST \/acl .*"things\/node\/NODE-024\/data".* → \{"result":"deny"\}/)
  assert.match(stdout, /↓ node\/NODE-024 disconnected\n.*↑ node\/NODE-024 connected/)
  assert.match(stdout, /24 devices connected, \d+ messages handled/)
  const summary = /Summary after .*: (\d+) messages handled, 1 rejected, 2 denied, 1 command/
  assert.ok(Number(summary.exec(stdout)?.[1]) >= 48, stdout)
  assert.doesNotMatch(stdout, /never to be seen/)
  // The password of the user's own device, beside its name and in the line to try, and no other.
  const [password, again, ...others] = stdout.match(/dhs_\w+/g) ?? []
  assert.ok(password)
  assert.deepEqual([again, others], [password, []])
}

for (const host of hosts) {
  test(`the types of a configuration are simulated, on ${host.name}`, { skip: host.missing }, () =>
    showsOwnTypes(host),
  )
}

/** What is printed of each device of the user's own. */
function readOwn(lines: readonly string[]): readonly Readonly<Record<string, string>>[] {
  const own: Record<string, string>[] = []
  for (const line of lines) {
    if (/^ {2}a device of your own/.test(line)) own.push({})
    const [, key, value] = /^ {4}(\w+(?: \w+)?) {2,}(.+)$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) own.at(-1)![key] = value
  }
  return own
}

/** Runs a line as a user does who pasted it into a shell. Settles with its exit code. */
async function paste(line: string): Promise<number | null> {
  const shell = spawn('sh', ['-c', line], { stdio: 'ignore' })
  return within(new Promise((resolve) => shell.once('close', resolve)), 'end of the line', 15_000)
}

describe('a device of the user’s own', () => {
  const skip = mosquittoClientsMissing

  test('logs in with what is printed, by the line that is printed', { skip }, async () => {
    using folder = userFolder({ 'devicehub.config.ts': configuration })
    const running = start(node, folder, ['dev'])
    await running.until(/devices connected/)
    const [own, ...others] = readOwn(running.lines())
    assert.deepEqual(others, [])
    assert.equal(own!['user name'], 'weatherstation/MY-DEVICE')
    assert.equal(own!['client id'], 'weatherstation/MY-DEVICE')
    assert.equal(own!.commands, 'things/weatherstation/MY-DEVICE/cmd')
    assert.equal(await paste(own!.try!), 0)
    await running.until(/↑ weatherstation\/MY-DEVICE connected$/)
    await running.until(/← weatherstation\/MY-DEVICE data \{"temperature":20\}$/)
    await running.until(/↓ weatherstation\/MY-DEVICE disconnected$/)
    running.process.kill('SIGTERM')
    assert.equal(await running.exit(), 0)
    assert.equal(running.stderr(), '')
  })

  test('each that is named, whatever the names hold for a shell', { skip }, async () => {
    using folder = userFolder({ 'devicehub.config.ts': configuration })
    // The second is called as one that would be simulated, the last has no sample of data.
    const asked = ["weatherstation/it's $HOME", 'node/NODE-002', 'riddle/R 1']
    const running = start(node, folder, [
      'dev',
      '--device',
      ...asked.slice(0, 2),
      '--device',
      asked[2]!,
    ])
    await running.until(/24 simulated devices/)
    await running.until(/devices connected/)
    const own = readOwn(running.lines())
    assert.deepEqual(
      own.map((one) => one['user name']),
      asked,
    )
    for (const { try: line } of own) assert.equal(await paste(line!), 0)
    await running.until(/← weatherstation\/it's \$HOME data \{"temperature":20\}$/)
    await running.until(/← node\/NODE-002 data \{"rssi":20\}$/)
    await running.until(/rejected \(payload-malformed\): data of riddle\/R 1/)
    running.process.kill('SIGTERM')
    assert.equal(await running.exit(), 0)
  })

  for (const [args, problem] of [
    [
      ['mast/M-1'],
      /^devicehub: --device mast\/M-1: there is no device type "mast": there is weatherstation, pump\n$/,
    ],
    [['pump/P+1'], /^devicehub: --device pump\/P\+1: The device id holds "\+"\n$/],
    [['pump/P-1', 'pump/P-1'], /^devicehub: --device pump\/P-1: is given twice\n$/],
    [['pump'], /argument 'pump' is invalid\. It must be TYPE\/ID/],
    [['pump/'], /argument 'pump\/' is invalid/],
    [['pump/P/1'], /argument 'pump\/P\/1' is invalid/],
    [[], /argument missing/],
  ] as const) {
    test(`--device ${args.join(' ')}: code 2`, async () => {
      using folder = userFolder()
      const { code, stderr, stdout } = await run(node, folder, ['dev', '--device', ...args])
      assert.match(stderr, problem)
      assert.deepEqual([code, /dhs_/.test(stdout)], [2, false])
    })
  }
})
