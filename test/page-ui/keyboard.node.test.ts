/**
 * The page by keys alone, in Chromium: each thing that can be done is reached, is seen to be reached, and is
 * done by them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { chromiumMissing } from '../support/chromium.ts'
import { type Driver, openDriver } from './driver.ts'
import { pump, type Site, startSite } from './site.ts'

const has = (text: string) => `document.body.innerText.includes(${JSON.stringify(text)})`
const DEVICE = '#/devices/weatherstation/STATION-LIVE'
const VIEWS: readonly (readonly [address: string, condition: string])[] = [
  ['#/devices?search=PUMP-000', `document.querySelectorAll('tbody tr').length === 9`],
  [DEVICE, `document.querySelectorAll('.uplot').length === 3`],
  ['#/brokers', has('Messages waiting')],
  ['#/log', has('Pause')],
  ['#/trail', has('Load again')],
  ['#/rules?username=pump%2FPUMP-0001&action=publish&topic=a', has('Denied')],
]

describe('by keys', { skip: chromiumMissing }, () => {
  let site: Site
  let driver: Driver
  before(async () => {
    site = await startSite({ devices: 30 })
    driver = await openDriver(site.url)
  })
  after(async () => {
    await driver?.[Symbol.asyncDispose]()
    await site?.[Symbol.asyncDispose]()
  })

  for (const [address, condition] of VIEWS) {
    test(`all of ${address} is reached, in order, and is seen to be`, async () => {
      for (const screen of ['phone', 'desktop'] as const) {
        await driver.look({ screen, scheme: 'light' })
        await driver.show(address, condition)
        await isReached(driver)
      }
    })
  }

  test('the ways to the views are skipped', async () => {
    await driver.show('#/devices', `document.querySelectorAll('tbody tr').length > 9`)
    await driver.tabTo('Skip to the content')
    await driver.press('Enter')
    await driver.tabTo('Device id')
    await driver.type('PUMP-0003')
    await driver.press('Enter')
    await driver.until(`document.querySelectorAll('tbody tr').length === 1`)
    await driver.tabTo('PUMP-0003')
    await driver.press('Enter')
    await driver.until(`document.activeElement.innerText === 'PUMP-0003' && ${has('Credentials')}`)
  })

  test('a device is revoked and restored, and the question may be left', async () => {
    await driver.show('#/devices/pump/PUMP-0005', has('Credentials'))
    await driver.tabTo('Revoke')
    await driver.press('Enter')
    await driver.until(has('Revoke PUMP-0005?'))
    await driver.press('Escape')
    await driver.until(`!document.querySelector('dialog')`)
    assert.equal((await site.fleet.store.get('pump', 'PUMP-0005'))?.revoked, false)
    assert.equal(await driver.page.evaluate('document.activeElement.innerText'), 'Revoke')

    await driver.press('Enter')
    await driver.until(has('Revoke PUMP-0005?'))
    await confirm(driver, 'Revoke')
    await driver.until(has('The device is revoked.'))
    await driver.press('Enter')
    await driver.until(`!document.querySelector('dialog') && ${has('Revoked')}`)
    assert.equal((await site.fleet.store.get('pump', 'PUMP-0005'))?.revoked, true)

    await driver.tabTo('Restore')
    await driver.press('Enter')
    await driver.until(has('Restore PUMP-0005?'))
    await confirm(driver, 'Restore')
    await driver.until(has('The device is restored.'))
    await driver.press('Enter')
    await driver.until(`!document.querySelector('dialog')`)
    assert.equal((await site.fleet.store.get('pump', 'PUMP-0005'))?.revoked, false)
  })

  test('a device gets a new password, which is shown once, and loses one', async () => {
    const username = 'pump/PUMP-0004'
    await driver.show('#/devices/pump/PUMP-0004', has('New password'))
    await driver.tabTo('New password')
    await driver.press('Enter')
    await driver.until(has('A new password for PUMP-0004?'))
    await confirm(driver, 'Make a new password')
    await driver.until(has('There is a new password.'))
    const password = String(
      await driver.page.evaluate(`document.querySelector('.password input').value`),
    )
    assert.equal((await site.fleet.authenticate({ username, password })).effect, 'allow')
    await driver.press('Enter')
    await driver.until(
      `document.querySelectorAll('.credentials li').length === 2 && ${has('Ending')}`,
    )
    assert.equal(
      await driver.page.evaluate(
        `document.documentElement.outerHTML.includes(${JSON.stringify(password)})`,
      ),
      false,
    )

    const { credentials } = (await site.fleet.store.get('pump', 'PUMP-0004'))!
    await driver.tabTo(`End the password ${credentials.at(-1)!.id.slice(0, 8)}`)
    await driver.press('Enter')
    await driver.until(has('End this password of PUMP-0004?'))
    await confirm(driver, 'End the password')
    await driver.until(has('The password has ended.'))
    await driver.press('Enter')
    await driver.until(`document.querySelectorAll('.credentials li').length === 1`)
    assert.equal((await site.fleet.authenticate({ username, password })).effect, 'deny')
  })

  test('sessions are ended, and what failed is told', async () => {
    await driver.show(DEVICE, has('End sessions'))
    await driver.tabTo('End sessions')
    await driver.press('Enter')
    await confirm(driver, 'End sessions')
    await driver.until(
      `${has('default: done')} && ${has('elsewhere: failed')} && ${has('Sessions may go on')}`,
    )
    await driver.press('Enter')
    await driver.until(`!document.querySelector('dialog')`)
    driver.forgive() // What a browser says of an answer with 502.
  })

  test('a device is removed, and the table is shown', async () => {
    await driver.show('#/devices/pump/PUMP-0009', has('Remove'))
    await driver.tabTo('Remove')
    await driver.press('Enter')
    await driver.until(has('Remove PUMP-0009?'))
    await confirm(driver, 'Remove')
    await driver.until(has('The device is removed.'))
    await driver.press('Enter')
    await driver.until(`location.hash === '#/devices' && !document.querySelector('dialog')`)
    assert.equal(await site.fleet.store.get(pump.name, 'PUMP-0009'), undefined)
  })

  test('a command is sent, with what its schema demands, and its outcome told', async () => {
    await driver.show(DEVICE, has('at least 1, at most 3600'))
    await driver.tabTo('interval')
    await driver.press('Enter') // Nothing is entered, and nothing sent.
    assert.equal(await driver.page.evaluate(`document.querySelector('.outcome')`), null)
    await driver.type('90')
    await driver.press('Enter')
    await driver.until(`${has('Replied')} && ${has('"interval": 90')}`)
    for (const [name, outcome] of [
      ['reboot', has('Taken by the broker')],
      ['fail', has('the sensor is wet')],
    ] as const) {
      await driver.page.evaluate(`document.querySelector('.command select').focus()`)
      await driver.press(name[0]!)
      await driver.until(`document.querySelector('.command select').value === '${name}'`)
      await driver.tabTo('Send')
      await driver.press('Enter')
      await driver.until(outcome)
    }
    driver.forgive() // What a browser says of an answer with 502.
  })

  test('the rules are asked, and then what would be granted', async () => {
    await driver.show('#/rules', has('Ask'))
    await driver.tabTo('Who')
    await driver.type('weatherstation/STATION-0001')
    await driver.tabTo('Topic')
    await driver.type('things/weatherstation/STATION-0002/data')
    await driver.press('Enter')
    await driver.until(`${has('Denied')} && ${has('that topic belongs to the device')}`)
    await driver.tabTo('Ask about it: things/weatherstation/STATION-0001/data')
    await driver.press('Enter')
    await driver.until(has('Granted'))
  })

  test('whoever may look only is offered no deed, and sees what is theirs', async () => {
    site.operator = { name: 'otto', may: 'read', attributes: { site: 'north' } }
    await driver.open(site.url)
    await driver.show('#/devices', `document.querySelectorAll('tbody tr').length === 15`)
    assert.equal(await driver.page.evaluate(has('STATION-0001')), false)
    await driver.show(DEVICE, `${has('Credentials')} && ${has('may look only')}`)
    const buttons = `[...document.querySelectorAll('main button')].map((each) => each.innerText)`
    assert.deepEqual(await driver.page.evaluate(buttons), [])
    await driver.show('#/brokers', has('Brokers are shown to those who see the whole fleet'))
  })

  test('the console had nothing to say', () => assert.deepEqual(driver.complaints, []))
})

/** Asserts that what takes the focus gets it, one after the other, and is seen to have it. */
async function isReached(driver: Driver): Promise<void> {
  const names = await driver.page.evaluate(MARK)
  // By a key, since what a script gives the focus need not show it.
  await driver.press('Tab')
  await driver.press('Tab', { shift: true })
  const reached: unknown[] = []
  for (const _ of names as unknown[]) {
    reached.push(await driver.page.evaluate(REACHED))
    await driver.press('Tab')
  }
  assert.deepEqual(reached, names)
}

/** Confirms a deed by the button of its dialog. */
async function confirm(driver: Driver, verb: string): Promise<void> {
  await driver.until(`document.querySelector('dialog')?.contains(document.activeElement)`)
  await driver.tabTo(verb)
  await driver.press('Enter')
}

/** Everything that takes the focus, in order. Of radio buttons one does, and the arrow keys lead on. */
const MARK = `(() => {
  const all = [...document.querySelectorAll('a[href], button, input, select, textarea, [tabindex="0"]')]
  window.marked = all.filter(
    (each) => !each.disabled && each.checkVisibility() && !(each.type === 'radio' && !each.checked),
  )
  window.marked[0].focus()
  return window.marked.map((each) => each.outerHTML.slice(0, 120))
})()`
const REACHED = `(() => {
  const { activeElement: each } = document
  const { outlineStyle, outlineWidth } = getComputedStyle(each)
  if (outlineStyle === 'none' || outlineWidth === '0px') return 'not seen: ' + each.outerHTML
  return window.marked.includes(each) ? each.outerHTML.slice(0, 120) : 'not marked: ' + each.outerHTML
})()`
