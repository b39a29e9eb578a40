/**
 * Each view of the page in Chromium: full, empty, and with its PostgreSQL killed; light and dark, on a
 * desktop and on a phone. Nothing keeps anybody out, and the console has nothing to say.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { chromiumMissing } from '../support/chromium.ts'
import { type Postgres, postgresMissing, startPostgres } from '../support/postgres.ts'
import { violationsOf } from './axe.ts'
import { type Driver, type Look, openDriver, SCREENS } from './driver.ts'
import { type Site, startSite } from './site.ts'

const LOOKS: readonly Look[] = (['light', 'dark'] as const).flatMap((scheme) =>
  (['desktop', 'phone'] as const).map((screen) => ({ screen, scheme })),
)
/** Where four would take too long. */
const FEW = LOOKS.filter(({ screen, scheme }) => (screen === 'phone') === (scheme === 'dark'))
const rows = (count: number) => `document.querySelectorAll('tbody tr').length >= ${count}`
const has = (text: string) =>
  `document.querySelector('main')?.innerText.includes(${JSON.stringify(text)})`
const GONE = has('The database does not answer')
/** What stands beside it, where it is connected. */
const LIVE = `document.querySelector('.side footer').innerText.includes('Live')`
const DEVICE = '#/devices/weatherstation/STATION-LIVE'
const QUESTION = new URLSearchParams({
  username: 'weatherstation/STATION-LIVE',
  action: 'subscribe',
  topic: 'things/weatherstation/+/cmd',
})

/** Each view: its address, and what is there where it is full, empty, and where the database is gone. */
const VIEWS: readonly {
  readonly name: string
  readonly address: string
  readonly full: string
  readonly empty: string
  /** Another address where it is empty. */
  readonly emptyAt?: string
  /** What is there for whoever comes while the database is gone. */
  readonly gone: string
  /** Another address then, of what the fleet does not know already; and what is there once it is back. */
  readonly goneAt?: readonly [address: string, back: string]
  readonly hasStates?: true
}[] = [
  {
    name: 'devices',
    address: '#/devices?search=PUMP-000',
    full: `${rows(9)} && ${has('Silent')} && ${has('Never seen')}`,
    empty: has('There are no devices yet'),
    emptyAt: '#/devices',
    gone: has('What it holds cannot be shown'),
    hasStates: true,
  },
  {
    name: 'a device',
    address: DEVICE,
    full: `document.querySelectorAll('.uplot').length === 3 && ${rows(1)} && ${has('Credentials')}`,
    empty: has('There is no such device'),
    gone: has('What it holds cannot be shown'),
    hasStates: true,
  },
  {
    name: 'brokers',
    address: '#/brokers',
    full: `${rows(1)} && ${has('Connected')} && ${has('Messages waiting')}`,
    empty: has('There is no hub here'),
    gone: `${GONE} && ${has('Connected')}`,
  },
  {
    name: 'the live log',
    address: '#/log',
    full: `${rows(2)} && ${has('Message rejected')} && ${has('Login denied')}`,
    empty: has('Nothing was refused since you look'),
    gone: GONE,
  },
  {
    name: 'the audit trail',
    address: '#/trail',
    full: `${rows(1)} && ${has('revoke')} && ${has('Done')}`,
    empty: has('Nothing is on the trail'),
    emptyAt: '#/trail?action=kick',
    gone: has('What it holds cannot be shown'),
  },
  {
    name: 'the rules',
    address: `#/rules?${QUESTION}`,
    full: `${has('Denied')} && ${has('What would be granted instead')}`,
    empty: has('no active device, service account or token has this user name'),
    gone: has('What it holds cannot be shown'),
    goneAt: ['#/rules?username=pump%2FPUMP-0007&action=publish&topic=a', has('Denied')],
  },
]

describe('the page', { skip: chromiumMissing }, () => {
  // One for each site, and closed before it: a page that outlives its server complains.
  let driver: Driver

  describe('of a fleet with devices', () => {
    let database: Postgres | undefined
    let site: Site
    const timers: NodeJS.Timeout[] = []
    before(async () => {
      database = postgresMissing ? undefined : await startPostgres()
      site = await startSite(database && { database: database.url })
      await post(site, 'devices/pump/PUMP-0001/revoke')
      let turn = 0
      const send = async () => {
        turn++
        const data = { temperature: 20 + (turn % 7), humidity: 50 + (turn % 5), wind: turn % 9 }
        await site.device.sendData(data)
        await site.publish('pump', 'PUMP-0003', 'data', { rpm: 'fast' })
        await site.fleet.authenticate({ username: 'pump/PUMP-0003', password: 'wrong' })
      }
      // A login fails while the database is gone.
      timers.push(setInterval(() => send().catch(() => {}), 300))
      driver = await openDriver(site.url)
    })
    after(async () => {
      for (const timer of timers) clearInterval(timer)
      await driver?.[Symbol.asyncDispose]()
      await site?.[Symbol.asyncDispose]()
      await database?.stop()
    })

    for (const { name, address, full } of VIEWS) {
      test(`shows ${name}`, async () => {
        await driver.show(address, full)
        for (const look of LOOKS) await isRight(driver, look)
      })
    }

    test('shows what is new of a device in its row', async () => {
      await driver.show('#/devices?search=STATION-LIVE', `${rows(1)} && ${LIVE}`)
      await site.device.sendStatus({
        status: 'raining',
        battery_level: 12,
        firmware_version: '9.9',
      })
      await driver.until(`${has('raining')} && ${has('12 %')} && ${has('9.9')}`)
    })

    test('shows what devices send as text, and nothing else', async () => {
      const status = '<img src=x onerror="document.title=1">'
      await site.device.sendStatus({ status })
      await driver.until(has(status))
      assert.equal(await driver.page.evaluate(`document.querySelector('img')`), null)
    })

    for (const { name, address, full, gone, goneAt, hasStates } of VIEWS) {
      const title = `says of ${name} that the database is killed, and goes on when it is back`
      test(title, { skip: postgresMissing }, async () => {
        await driver.show(address, full)
        await database!.kill()
        try {
          // It turns out by itself where states are shown, and at once to whoever comes.
          if (hasStates) await driver.until(GONE)
          await driver.show('#/nowhere', '!document.querySelector("main tbody tr")')
          await driver.show(goneAt?.[0] ?? address, gone)
          for (const look of FEW) await isRight(driver, look)
        } finally {
          await database!.start()
        }
        await driver.until(`!${GONE} && ${goneAt?.[1] ?? full}`, 60_000)
        driver.forgive() // What a browser says of an answer with 503.
      })
    }

    test('goes on with a database that is back before the server is', {
      skip: postgresMissing,
    }, async () => {
      await driver.show('#/devices', `${rows(10)} && ${LIVE}`)
      await database!.kill()
      await driver.until(GONE)
      await site.stop()
      await database!.start()
      await driver.until(has('The connection to the server is lost'))
      await site.resume()
      await driver.until(`!${GONE} && ${LIVE}`, 60_000)
      driver.forgive()
    })

    test('says that the server is gone, and goes on when it is back', async () => {
      await driver.show('#/devices', rows(10))
      await driver.until(LIVE)
      await site.stop()
      await driver.until(has('The connection to the server is lost'))
      for (const look of FEW) await isRight(driver, look, false)
      await site.resume()
      await driver.until(`!${has('The connection to the server is lost')}`, 60_000)
      driver.forgive()
    })

    test('says that the session has ended', async () => {
      await driver.show('#/devices', rows(10))
      site.operator = undefined
      await driver.show('#/trail', has('You are not let in any more'))
      for (const look of FEW) await isRight(driver, look, false)
      site.operator = { name: 'dana' }
      driver.forgive()
      await driver.page.call('Page.reload')
      await driver.until(has('revoke'))
    })
  })

  describe('of a fleet without any', () => {
    let site: Site
    before(async () => {
      site = await startSite({ isEmpty: true })
      driver = await openDriver(site.url)
    })
    after(async () => {
      await driver?.[Symbol.asyncDispose]()
      await site?.[Symbol.asyncDispose]()
    })

    for (const { name, address, empty, emptyAt } of VIEWS) {
      test(`shows ${name}`, async () => {
        await driver.show(emptyAt ?? address, empty)
        for (const look of FEW) await isRight(driver, look, address !== DEVICE)
        driver.forgive() // What a browser says of an answer with 404.
      })
    }
  })
})

/** Nobody is kept out, nothing is wider than the screen, and the console has nothing to say. */
async function isRight(driver: Driver, look: Look, isQuiet = true): Promise<void> {
  await driver.look(look)
  const where = `${look.screen}, ${look.scheme}`
  assert.deepEqual(await violationsOf(driver), [], where)
  const width = await driver.page.evaluate('document.documentElement.scrollWidth')
  assert.ok(Number(width) <= SCREENS[look.screen].width, `${width} pixels wide: ${where}`)
  const complaints = driver.complaints.filter((text) => !/status of 503/.test(text))
  if (isQuiet) assert.deepEqual(complaints, [], where)
}

async function post(site: Site, path: string): Promise<void> {
  const response = await fetch(new URL(`api/${path}`, site.url), { method: 'POST' })
  assert.equal(response.status, 200)
}
