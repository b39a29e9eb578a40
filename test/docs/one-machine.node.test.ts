/**
 * The set-up of docs/one-machine.md: its files as they stand, with other ports and folders, on a real
 * Mosquitto with dynamic security.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
import { authority, servers } from '../support/certificates.ts'
import { dynsecSiteMissing } from '../support/dynsec-site.ts'
import { freePort, type Mosquitto, startMosquitto } from '../support/mosquitto.ts'
import { plugin } from '../support/mosquitto-export.ts'
import { filesOf, findUnitProblems, systemdMissing } from './set-up.ts'

const files = filesOf('one-machine.md')
const secret = () => crypto.randomUUID()
const missing = newestNode.missing || dynsecSiteMissing

describe('the one machine', { skip: missing }, () => {
  const place = mkdtempSync(join(tmpdir(), 'devicehub-one-machine-'))
  const env: Record<string, string> = {
    FLEET_DB: join(place, 'fleet.db'),
    ...{
      PEPPER: secret(),
      SEALING_KEY: secret(),
      HUB_PASSWORD: secret(),
      ADMIN_PASSWORD: secret(),
    },
  }
  let folder: Folder
  let broker: Mosquitto
  let site: Run
  let devices: number
  let http: number

  before(async () => {
    const document = join(place, 'dynamic-security.json')
    const init = ['dynsec', 'init', document, 'admin', env.ADMIN_PASSWORD!]
    assert.equal(spawnSync('mosquitto_ctrl', init, { timeout: 30_000 }).status, 0)
    writeFileSync(join(place, 'cert.pem'), servers.good.cert)
    writeFileSync(join(place, 'key.pem'), servers.good.key, { mode: 0o600 })
    devices = await freePort()
    http = await freePort()
    const changed: Readonly<Record<string, string>> = {
      'listener 8883': `listener ${devices} 127.0.0.1`,
      certfile: `certfile ${join(place, 'cert.pem')}`,
      keyfile: `keyfile ${join(place, 'key.pem')}`,
      persistence_location: `persistence_location ${place}/`,
      pid_file: `pid_file ${join(place, 'pid')}`,
      plugin: `plugin ${plugin}`,
      plugin_opt_config_file: `plugin_opt_config_file ${document}`,
    }
    const lines = files.get('mosquitto.conf')!.trimEnd().split('\n').slice(1)
    assert.ok(lines.includes('listener 1884 127.0.0.1')) // The test's own, on a free port.
    const config = lines
      .filter((line) => line !== 'listener 1884 127.0.0.1')
      .map((line) => changed[line] ?? changed[line.split(' ')[0]!] ?? line)
    for (const key of Object.keys(changed))
      assert.ok(
        lines.some((line) => line.startsWith(key)),
        key,
      )
    broker = await startMosquitto({ config })
    folder = userFolder()
    for (const name of ['fleet.ts', 'site.ts', 'devicehub.config.ts']) {
      const text = files.get(name)!
      folder.write(name, text.replace('1884', `${broker.port}`).replace('8080', `${http}`))
    }
    env.NODE_EXTRA_CA_CERTS = join(place, 'ca.pem')
    writeFileSync(env.NODE_EXTRA_CA_CERTS, authority.cert)
  })
  after(async () => {
    site?.process.kill('SIGKILL')
    await broker?.stop()
    folder?.[Symbol.dispose]()
    rmSync(place, { recursive: true, force: true })
  })

  const command = (...args: string[]) => run(newestNode, folder, args, env)
  const at = () => ['--device-url', `mqtts://localhost:${devices}`]

  test('the tables are made, and the site runs', async () => {
    const made = await command('store', 'migrate')
    assert.match(made.stdout, /^tables of version \d+, from none\n$/)
    site = start(running(newestNode, 'site.ts'), folder, [], env)
    for (const limit = Date.now() + 60_000; ; ) {
      const response = await fetch(`http://127.0.0.1:${http}/`).catch(() => undefined)
      if (response?.status === 200) break
      assert.ok(Date.now() < limit, `it is not ready: ${site.stderr()}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })

  test('devices that the command puts on record are heard', async () => {
    const args = ['simulate', 'pump', '--devices', '2', '--rate', '10', '--duration', '2', ...at()]
    const { code, stdout, stderr } = await command(...args)
    assert.equal(stderr, '')
    assert.match(stdout, /^\d+ messages of 2 devices in .*, 0 failed/)
    assert.equal(code, 0)
    await site.until(/^simulated-00001: 20 rpm$/)
    await site.until(/^simulated-00002: 20 rpm$/)
  })

  test('doctor is silent', async () => {
    const status = ['--hub', `http://127.0.0.1:${http}/status`]
    const { code, stdout, stderr } = await command('doctor', ...at(), ...status)
    assert.deepEqual([code, stdout, stderr], [0, '', ''])
  })

  test('the backup is a database of the same devices, and can take its place', async () => {
    folder.write(
      'make.ts',
      `import { fleet, pump } from './fleet.ts'
await fleet.provision(pump, 'P-1')
process.exit(0)`,
    )
    assert.equal(await start(running(newestNode, 'make.ts'), folder, [], env).exit(), 0)
    const unit = files.get('pumps-backup.service')!
    const exec = /^ExecStart=\/bin\/sh -c '(.*)'$/m.exec(unit)![1]!
    const line = exec.replaceAll('/var/lib/pumps-backup', place).replace('%%u', '%u')
    const copied = spawnSync('/bin/sh', ['-c', line], {
      env: { ...process.env, ...env },
      timeout: 60_000,
    })
    assert.equal(copied.status, 0, String(copied.stderr))
    const day = spawnSync('date', ['+%u'], { encoding: 'utf8' }).stdout.trim()
    copyFileSync(join(place, `fleet-${day}.db`), join(place, 'restored.db'))
    const restored = { ...env, FLEET_DB: join(place, 'restored.db') }
    const args = ['explain', 'pump/P-1', 'publish', 'things/pump/P-1/data']
    assert.equal((await run(newestNode, folder, args, restored)).code, 0)
  })

  test('SIGTERM ends the site, with 0', async () => {
    site.process.kill('SIGTERM')
    assert.equal(await site.exit(), 0)
    assert.equal(site.stderr().replace(/^.*ExperimentalWarning.*\n.*\n/m, ''), '')
  })
})

test('systemd takes the units', { skip: systemdMissing }, () => {
  const names = ['pumps.service', 'pumps-backup.service', 'pumps-backup.timer']
  const units = Object.fromEntries(names.map((name) => [name, files.get(name)!]))
  assert.deepEqual(findUnitProblems(units), [])
  const typo = { 'pumps.service': units['pumps.service']!.replace('RestartSec', 'RestartSecs') }
  assert.match(findUnitProblems(typo).join(), /RestartSecs/)
})
