/**
 * The pictures of the page in `docs/images/`: `UPDATE_PICTURES=1` takes them anew.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromiumMissing } from '../support/chromium.ts'
import { postgresMissing, startPostgres } from '../support/postgres.ts'
import { type Driver, type Look, openDriver, SCREENS } from './driver.ts'
import { type Site, startSite } from './site.ts'

const FOLDER = fileURLToPath(new URL('../../docs/images/', import.meta.url))
/** Bytes of one: what a page of documentation may take to load. */
const MAX_SIZE = 150_000
/** Pixels, but for a screen of two to each. */
const HEIGHT = 700
const has = (text: string) => `document.body.innerText.includes(${JSON.stringify(text)})`
const rows = (count: number) => `document.querySelectorAll('tbody tr').length >= ${count}`

const GONE = `${rows(10)} && ${has('The database does not answer')}`

interface Picture {
  readonly name: string
  readonly look: Look
  readonly address: string
  readonly condition: string
  /** Seconds of data before it is taken. */
  readonly data?: number
}

/** Of a fleet with devices, and of one whose database is killed while its table is open. */
const FULL: readonly Picture[] = [
  {
    name: 'fleet',
    look: { screen: 'desktop', scheme: 'light' },
    address: '#/devices',
    condition: `${rows(10)} && ${has('Live')}`,
    data: 5,
  },
  {
    name: 'device',
    look: { screen: 'desktop', scheme: 'dark' },
    address: '#/devices/weatherstation/STATION-LIVE',
    condition: `document.querySelectorAll('.uplot').length === 3 && ${rows(3)}`,
    data: 75,
  },
  {
    name: 'phone-device',
    look: { screen: 'phone', scheme: 'dark' },
    address: '#/devices/weatherstation/STATION-LIVE',
    condition: `document.querySelectorAll('.uplot').length === 3 && ${rows(3)}`,
  },
  {
    name: 'phone',
    look: { screen: 'phone', scheme: 'light' },
    address: '#/devices',
    condition: rows(10),
  },
  {
    name: 'rules',
    look: { screen: 'desktop', scheme: 'light' },
    address:
      '#/rules?username=weatherstation%2FSTATION-0001&action=subscribe&topic=things%2Fweatherstation%2F%2B%2Fcmd',
    condition: has('What would be granted instead'),
  },
]
const KILLED: readonly Picture[] = [
  {
    name: 'database-gone',
    look: { screen: 'desktop', scheme: 'dark' },
    address: '#/devices',
    condition: GONE,
  },
  {
    name: 'phone-database-gone',
    look: { screen: 'phone', scheme: 'light' },
    address: '#/devices',
    condition: GONE,
  },
]
const EMPTY: readonly Picture[] = [
  {
    name: 'empty',
    look: { screen: 'desktop', scheme: 'light' },
    address: '#/devices',
    condition: has('There are no devices yet'),
  },
  {
    name: 'phone-empty',
    look: { screen: 'phone', scheme: 'dark' },
    address: '#/devices',
    condition: has('There are no devices yet'),
  },
]

describe('the pictures of the page', () => {
  const skip =
    chromiumMissing ||
    postgresMissing ||
    (process.env.UPDATE_PICTURES !== '1' && 'UPDATE_PICTURES=1 does')
  test('are taken', { skip }, async () => {
    mkdirSync(FOLDER, { recursive: true })
    const database = await startPostgres()
    try {
      await using site = await startSite({ devices: 200, database: database.url })
      await using driver = await openDriver(site.url)
      const stop = send(site)
      try {
        for (const picture of FULL) await take(driver, picture)
        assert.deepEqual(driver.complaints, [])
        await driver.show('#/devices', `${rows(10)} && ${has('Live')}`)
        await database.kill()
        for (const picture of KILLED) await take(driver, picture)
      } finally {
        stop()
      }
    } finally {
      await database.stop()
    }
    await using site = await startSite({ isEmpty: true })
    await using driver = await openDriver(site.url)
    for (const picture of EMPTY) await take(driver, picture)
    assert.deepEqual(driver.complaints, [])
  })

  test('are these, and none is large', () => {
    const names = readdirSync(FOLDER).sort()
    const expected = [...FULL, ...KILLED, ...EMPTY].map(({ name }) => `${name}.png`)
    assert.deepEqual(names, expected.sort())
    for (const name of names) assert.ok(statSync(FOLDER + name).size <= MAX_SIZE, name)
  })
})

async function take(driver: Driver, { name, look, address, condition, data = 1 }: Picture) {
  await driver.look(look)
  const screen = { ...SCREENS[look.screen], height: HEIGHT }
  await driver.page.call('Emulation.setDeviceMetricsOverride', screen)
  await driver.show(address, condition)
  await new Promise((resolve) => setTimeout(resolve, data * 1_000))
  writeFileSync(`${FOLDER}${name}.png`, await driver.picture())
}

/** A device that sends, once a second, and others that are heard from. Returns how to stop it. */
function send({ device, publish }: Site): () => void {
  let turn = 0
  const timer = setInterval(() => {
    turn++
    const swing = (size: number, length: number) => size * Math.sin(turn / length)
    const rounded = (value: number) => Math.round(value * 10) / 10
    void device.sendData({
      temperature: rounded(21 + swing(2, 14) + swing(0.4, 3)),
      humidity: rounded(56 - swing(7, 18) + swing(1, 4)),
      wind: rounded(4 + swing(2, 7) + swing(1, 2)),
    })
    if (turn % 15 === 1) {
      void device.sendStatus({ status: 'ok', battery_level: 83, firmware_version: '2.4.1' })
    }
    for (const number of [1, 3, 5, 7]) {
      void publish('pump', `PUMP-000${number}`, 'data', { rpm: 1_450 + turn })
    }
  }, 1_000)
  return () => clearInterval(timer)
}
