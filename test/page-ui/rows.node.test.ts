/**
 * The rows of each view, in Chromium: few are drawn that are not in sight, all are reached by keys, and those
 * that somebody reads stay where they are.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { chromiumMissing } from '../support/chromium.ts'
import { violationsOf } from './axe.ts'
import { type Driver, type Look, openDriver } from './driver.ts'
import { rowsOf } from './rows.ts'
import { type Site, startSite, station } from './site.ts'

const LOOKS: readonly Look[] = (['desktop', 'phone'] as const).flatMap((screen) =>
  (['light', 'dark'] as const).map((scheme) => ({ screen, scheme })),
)
const SCREENS = ['desktop', 'phone'] as const
const STATION = `#/devices/${station.name}/STATION-0001`
/** As many as the page holds. */
const HELD = { log: 100, messages: 50 }
/** As many as are told at once. */
const PART = 50
const BROKERS = 60
const DEVICES = 120
const DEEDS = 60

interface Listed {
  readonly name: string
  readonly address: string
  /** How many there are, on all pages. */
  readonly count: number
  /** Makes so many, in a view that shows what comes while it is open. */
  readonly send?: (site: Site, count: number) => Promise<void>
}

const sendRejected = async ({ publish }: Site, count: number) => {
  for (let i = 0; i < count; i++) {
    await publish('pump', `GONE-${sent++}`, 'data', { rpm: 1 })
  }
}
const sendMessages = async ({ publish }: Site, count: number) => {
  for (let i = 0; i < count; i++) {
    await publish(station.name, 'STATION-0001', 'data', { temperature: sent++ })
  }
}
let sent = 0

const VIEWS: readonly Listed[] = [
  { name: 'devices', address: '#/devices', count: DEVICES + 1 },
  { name: 'a device', address: STATION, count: HELD.messages, send: sendMessages },
  { name: 'brokers', address: '#/brokers', count: BROKERS },
  { name: 'the live log', address: '#/log', count: HELD.log, send: sendRejected },
  { name: 'the audit trail', address: '#/trail', count: DEEDS },
]
const LIVE = VIEWS.filter(({ send }) => send)

describe('the rows of the page', { skip: chromiumMissing }, () => {
  let site: Site
  let driver: Driver
  before(async () => {
    site = await startSite({ devices: DEVICES, brokers: BROKERS })
    for (let i = 1; i <= DEEDS; i++) {
      const id = `PUMP-${String(i).padStart(4, '0')}`
      const url = new URL(`api/devices/pump/${id}/revoke`, site.url)
      const response = await fetch(url, { method: 'POST' })
      assert.equal(response.status, 200)
    }
    driver = await openDriver(site.url)
  })
  after(async () => {
    await driver?.[Symbol.asyncDispose]()
    await site?.[Symbol.asyncDispose]()
  })

  /** Shows a view with all that there is in it. */
  const show = async ({ address, count, send }: Listed, look: Look) => {
    await driver.look(look)
    await driver.show('#/rules', IS_LEFT)
    await driver.show(address, send ? IS_LIVE : `document.querySelector('main tbody tr')`)
    for (let told = PART; send && told <= count; told += PART) {
      await send(site, PART)
      await driver.until(`${TEXT}.endsWith(' of ${told}')`)
    }
    await driver.until(NEXT)
  }
  const isFew = async (where: string) => {
    const { rows, inSight } = await rowsOf(driver)
    assert.ok(inSight > 0 && rows <= 3 * inSight, `${rows} rows, ${inSight} in sight: ${where}`)
  }

  for (const view of VIEWS) {
    for (const look of LOOKS) {
      const where = `${view.name}, ${look.screen}, ${look.scheme}`
      test(`are at most three times those in sight: ${where}`, async () => {
        await show(view, look)
        await isFew(where)
        assert.deepEqual(await violationsOf(driver), [])
      })
    }

    for (const screen of SCREENS) {
      test(`are all reached by keys: ${view.name}, ${screen}`, async () => {
        await show(view, { screen, scheme: 'light' })
        const reached = new Set<string>()
        const isHeld = view.name !== 'devices' && view.name !== 'the audit trail'
        await driver.tabTo('Next page')
        for (;;) {
          const names = await namesOf(driver)
          for (const name of names) reached.add(name)
          await isFew(`${view.name}, ${screen}, after ${reached.size}`)
          if (!(await driver.page.evaluate(NEXT))) break
          await driver.press('Enter')
          await driver.until(`${NAMES}[0] && ${NAMES}[0] !== ${JSON.stringify(names[0])}`)
          // What is loaded takes the button away, and the focus is at its beginning.
          const focused = isHeld ? 'Next page' : await driver.page.evaluate(TITLE)
          assert.equal(await driver.page.evaluate('document.activeElement.innerText'), focused)
          if (!isHeld && (await driver.page.evaluate(NEXT))) await driver.tabTo('Next page')
        }
        assert.equal(reached.size, view.count)
        assert.deepEqual(await violationsOf(driver), [])
      })
    }
  }

  for (const view of LIVE) {
    for (const screen of SCREENS) {
      const where = `${view.name}, ${screen}`
      const comes = async () => {
        await view.send!(site, 3)
        await driver.until(`${TEXT}.includes('as of')`)
      }
      const goesOn = async () => {
        const last = sent - 1
        await driver.until(`${NAMES}[0]?.includes('${last}') && !${TEXT}.includes('as of')`)
      }

      test(`stand while older ones are read: ${where}`, async () => {
        await show(view, { screen, scheme: 'light' })
        await driver.tabTo('Next page')
        await driver.press('Enter')
        await driver.until(`!${TEXT}.startsWith('1 to')`)
        const names = await namesOf(driver)
        await comes()
        assert.deepEqual(await namesOf(driver), names)
        await driver.press('Tab', { shift: true })
        await driver.press('Enter')
        await goesOn()
        assert.equal(await driver.page.evaluate('document.activeElement.innerText'), 'First page')
      })

      // Beside what else is there, the messages are not high enough to be scrolled away.
      if (view.address === STATION && screen === 'desktop') continue
      test(`stand while their beginning is out of sight: ${where}`, async () => {
        await show(view, { screen, scheme: 'light' })
        const scrollAway = `document.querySelectorAll('main tbody tr')[1].scrollIntoView()`
        await driver.page.evaluate(scrollAway)
        const names = await namesOf(driver)
        await comes()
        assert.deepEqual(await namesOf(driver), names)
        await driver.tabTo('First page')
        await driver.press('Enter')
        await goesOn() // At once, though nothing more comes.

        await driver.page.evaluate(scrollAway)
        await comes()
        await driver.page.evaluate('scrollTo(0, 0)')
        await view.send!(site, 1)
        await goesOn()
      })
    }
  }

  test('stand while one of them has the focus', async () => {
    const [log] = LIVE.filter(({ address }) => address === '#/log')
    await show(log!, { screen: 'desktop', scheme: 'light' })
    await driver.page.evaluate(`document.querySelector('main tbody a').focus()`)
    const names = await namesOf(driver)
    await log!.send!(site, 3)
    await driver.until(`${TEXT}.includes('as of')`)
    assert.deepEqual(await namesOf(driver), names)
    await driver.press('Tab', { shift: true })
    await log!.send!(site, 1)
    await driver.until(`!${TEXT}.includes('as of')`)
  })

  test('are fewer where they are high, and more again where they are not', async () => {
    const high = 'so '.repeat(600)
    const sendStatus = (status: string) =>
      site.publish(station.name, 'STATION-0001', 'status', { status })
    await driver.look({ screen: 'phone', scheme: 'light' })
    await driver.show('#/rules', IS_LEFT)
    await driver.show(STATION, IS_LIVE)
    for (let i = 0; i < 20; i++) await sendStatus(`${i} ${high}`)
    await driver.until(`${TEXT} === '1 to 1 of 20'`)
    await sendStatus('low, and the next is high')
    await driver.until(`${TEXT} === '1 to 1 of 21'`)
    await sendMessages(site, HELD.messages)
    await driver.until(`${TEXT}.endsWith(' of 50') && !${TEXT}.startsWith('1 to 1 ')`)
    await driver.page.evaluate(`document.querySelector('main tbody tr').scrollIntoView()`)
    await isFew('after high ones')
  })

  test('the console had nothing to say', () => assert.deepEqual(driver.complaints, []))
})

async function namesOf({ page }: Driver): Promise<readonly string[]> {
  return (await page.evaluate(NAMES)) as readonly string[]
}

const IS_LIVE = `document.querySelector('.side footer').innerText.includes('Live')`
/** The view before is gone, and what it listened to. */
const IS_LEFT = `!document.querySelector('main tbody tr') && !${IS_LIVE}`
const TITLE = `document.querySelector('main h1').innerText`
const TEXT = `(document.querySelector('.pager-text')?.innerText ?? '')`
const NEXT = `document.querySelector('.pager button:last-child')?.getAttribute('aria-disabled') === 'false'`
/** What tells one row from the others. */
const NAMES = `[...document.querySelectorAll('main tbody tr')].map(
  (row) => row.querySelector('.title')?.innerText ?? row.innerText,
)`
