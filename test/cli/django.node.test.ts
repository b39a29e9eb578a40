/**
 * Devices of the real Django, exported and imported by the commands of docs/from-django-devicehub.md: every
 * one of them logs in with the password that it had.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { djangoMissing, djangoProject } from '../support/django.ts'
import { newestNode, run, running } from './command.ts'
import { assertFails, devices, ENV, fleetFolder, resultsIn } from './devices.ts'

const COUNT = 1_000
const page = readFileSync(new URL('../../docs/from-django-devicehub.md', import.meta.url), 'utf8')

/** The first block of a language below the heading. */
function documented(language: string, from = page.indexOf('### Import')): string {
  const text = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(
    page.slice(from),
  )?.[1]
  assert.ok(text)
  return text
}

/**
 * Most have hashes of few rounds, so that a thousand logins take seconds; ten have as many as Django makes.
 * Every tenth is not active, and every third has the user name of django-devicehub.
 */
const PROVISION = `
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from myapp.models import WeatherStationDevice

hasher = PBKDF2PasswordHasher()
made = []
for i in range(${COUNT}):
    salt = hasher.salt()
    password = "pässword %d" % i
    few = hasher.encode(password, salt, iterations=10)
    device = WeatherStationDevice(
        device_id="STATION-%04d" % i,
        mqtt_username="myapp-weatherstationdevice-%04d" % i if i % 3 == 0 else None,
        mqtt_password_hash=make_password(password) if i % 100 == 0 else few,
        is_active=i % 10 != 9)
    made.append(device)

made.append(WeatherStationDevice(device_id="ROOF/3", mqtt_password_hash=few))
made.append(WeatherStationDevice(device_id="NEW", mqtt_password_hash=""))
made.append(WeatherStationDevice(device_id="OTHER", mqtt_password_hash="bcrypt$$2b$12$x"))
_ = WeatherStationDevice.objects.bulk_create(made)
`

const LOG_IN = `import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { createFleet } from 'devicehub'
import { sqlite, sqlStore } from 'devicehub/sql'
import { station } from './devicehub.config.ts'

const store = sqlStore(sqlite(new DatabaseSync('fleet.db')))
const fleet = createFleet({ types: [station], store, pepper: process.env.DEVICEHUB_PEPPER })
let entered = 0
for (let i = 0; i < ${COUNT}; i++) {
  const id = \`STATION-\${String(i).padStart(4, '0')}\`
  const username = i % 3 === 0 ? \`myapp-weatherstationdevice-\${id.slice(8)}\` : \`weatherstation/\${id}\`
  const enter = async (password) =>
    (await fleet.authenticate({ username, password, clientId: username })).effect
  if (i % 10 === 9) {
    assert.equal(await enter(\`pässword \${i}\`), 'deny', 'is not active')
    await fleet.restore(station, id)
  }
  assert.equal(await enter(\`pässword \${i}\`), 'allow', id)
  if (i < 5) assert.equal(await enter('pässword'), 'deny', id)
  entered += 1
}
console.log(entered)
`

test(`${COUNT} devices of Django log in with the password that they had`, {
  skip: djangoMissing || newestNode.missing,
  timeout: 300_000,
}, async () => {
  using django = djangoProject()
  django.shell(PROVISION)
  using folder = await fleetFolder(newestNode)
  folder.write('stations.jsonl', django.shell(documented('python')))
  const commands = documented('sh', page.indexOf('And here, where')).trimEnd().split('\n')
  const verbs = commands.map((line) => line.replace(/^devicehub devices /, '').split(' '))
  assert.deepEqual(
    verbs.map(([verb, file]) => `${verb} ${file}`),
    Array(2).fill('import stations.jsonl'),
  )

  const [rehearsed, done] = [
    await devices(newestNode, folder, ...verbs[0]!),
    await devices(newestNode, folder, ...verbs[1]!),
  ]
  assert.equal(rehearsed.stdout, '1,001 would be added, 2 refused\n')
  assert.equal(done.stdout, '1,001 added, 2 refused: stations.jsonl.result.jsonl\n')
  for (const { stderr, code } of [rehearsed, done]) {
    const [roof, other, ...more] = stderr.trimEnd().split('\n')
    assert.match(
      roof!,
      /^devicehub: line 1001: weatherstation\/ROOF\/3: ERR_NAME_INVALID: .*holds "\/"$/,
    )
    assert.match(
      other!,
      /^devicehub: line 1003: weatherstation\/OTHER: ERR_CONFIG: passwordHash: must be/,
    )
    assert.deepEqual([more, code], [[], 1])
  }
  const made = resultsIn(folder, 'stations.jsonl.result.jsonl').filter(({ password }) => password)
  assert.deepEqual(
    made.map(({ id }) => id),
    ['NEW'],
  )

  folder.write('log-in.ts', LOG_IN)
  const { stdout, stderr } = await run(running(newestNode, 'log-in.ts'), folder, [], ENV)
  assert.equal(stdout, `${COUNT}\n`, stderr)
})

test('a file of all devices in one list, as json.dumps makes it, is told what to be', {
  skip: newestNode.missing,
}, async () => {
  using folder = await fleetFolder(newestNode)
  folder.write('stations.json', '[{"device_id": "STATION-001"}]\n')
  const outcome = await devices(
    newestNode,
    folder,
    'import',
    'stations.json',
    '--type',
    'weatherstation',
  )
  assertFails(outcome, /stations\.json: is a JSON array: write an object for each device/, 2)
})
