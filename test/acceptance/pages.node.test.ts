/**
 * The examples with a page, as a person runs them: built by Vite, served by their own server, and looked
 * at in Chromium.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { violationsOf } from '../page-ui/axe.ts'
import { type Driver, openDriver } from '../page-ui/driver.ts'
import { chromiumMissing } from '../support/chromium.ts'
import { Command } from '../support/shell.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const LIMIT = 60_000
const PASSWORD = 'a password & more'
const OTHER = 'things/weatherstation/STATION-002'

const [own, other] = [0, 1].map((i) => `document.querySelectorAll('section')[${i}]`)
const says = (where: string | undefined, text: string) =>
  `${where}?.innerText.includes(${JSON.stringify(text)})`
const temperature = `${own}.innerText.match(/[0-9.]+ °C/)?.[0]`

for (const example of ['browser', 'react']) {
  describe(`examples/${example}`, { skip: chromiumMissing }, () => {
    let server: Command
    let page: Driver
    before(async () => {
      const env = { ...process.env, PORT: '0', PASSWORD }
      server = new Command(`exec node --import tsx examples/${example}/main.ts`, { cwd: root, env })
      await server.until(({ stdout }) => /^page at /m.test(stdout), LIMIT)
      page = await openDriver(/http:\S+\//.exec(server.printed.stdout)![0])
    })
    after(async () => {
      await page?.[Symbol.asyncDispose]()
      await server?.stop()
    })

    /** Types into the form of a card, or the only one, and sends it. */
    async function enter(text: string, card = 'document'): Promise<void> {
      await page.page.evaluate(`${card}.querySelector('input').select()`)
      await page.type(text)
      await page.press('Enter')
    }

    test('nobody gets a token, or the page, without the password', async () => {
      assert.equal(await page.page.evaluate('location.pathname'), '/sign-in')
      const status = await page.page.evaluate(
        `fetch('/token', { method: 'POST' }).then((r) => r.status)`,
      )
      assert.equal(status, 401)
      await enter('another password')
      await page.until(says('document.body', 'This is another password'))
      page.forgive() // The browser tells of both refusals.
      await enter(PASSWORD)
      await page.until(`location.pathname === '/' && ${own}`)
    })

    test('the own station is shown as it measures', async () => {
      await page.until(`${says('document.body', 'Live')} && ${temperature}`)
      await page.until(`${says(own, 'measuring')} && ${says(own, 'There, last heard at')}`)
      const before = await page.page.evaluate(temperature)
      await page.until(`${temperature} !== ${JSON.stringify(before)}`)
    })

    test('why the other one is not stands in its place', async () => {
      await page.until(says(other, `may not subscribe to "${OTHER}/data"`))
      await page.until(says(other, 'Not heard yet'))
    })

    test('a command is answered, and one that is not right is not sent', async () => {
      await enter('3', own)
      await page.until(says(own, 'It measures every 3 s now'))
      assert.equal(await page.page.evaluate(`${own}.querySelector('input').value`), '3')
      await enter('11', own)
      await page.until(says(own, 'Expected <=10'))
      await enter('3', other)
      await page.until(says(other, `may not`))
      await page.until(says(`${other}.querySelector('output')`, `${OTHER}/reply`))
    })

    test('the console has nothing to say, and nothing keeps anybody out', async () => {
      assert.deepEqual(page.complaints, [])
      assert.deepEqual(await violationsOf(page), [])
    })

    test('a page of somebody who signed out elsewhere says so', async () => {
      await page.page.evaluate(`fetch('/sign-out', { method: 'POST' }).then(() => {})`)
      await page.until(says('document.body', 'You are signed out'))
      await page.page.evaluate('location.reload()')
      await page.until(`location.pathname === '/sign-in'`)
    })

    test('Ctrl-C ends it', async () => {
      await page[Symbol.asyncDispose]()
      await server.interrupt(LIMIT)
      assert.equal(await server.ended, 0, server.printed.stderr)
      assert.equal(server.printed.stderr, '')
    })
  })
}
