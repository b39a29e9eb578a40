/**
 * Every product by its exchanges: what a broker sends, byte for byte, and what it gets.
 *
 * @module
 */
import { describe, test } from 'node:test'
import { site } from '../../hono/site.ts'
import { checkAnswer } from './check.ts'
import { RECORDED } from './index.ts'

for (const [name, rows] of Object.entries(RECORDED)) {
  describe(name, () => {
    for (const { title, path, method = 'POST', headers, body, answer } of rows) {
      test(`${title}: ${answer.status} ${answer.body.slice(0, 60)}`, async () => {
        const init = { method, headers, ...(method !== 'GET' && { body }) }
        const response = await site.request(`/iot/broker${path}`, init)
        const { status } = response
        const header = (wanted: string) => response.headers.get(wanted)
        checkAnswer({ status, header, body: await response.text() }, answer)
      })
    }
  })
}
