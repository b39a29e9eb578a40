/**
 * Every dialect by its recorded exchanges: what a broker sends, byte for byte, and what it gets.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rows as authPlug } from './dialects/auth-plug.ts'
import { rows as emqx } from './dialects/emqx.ts'
import { rows as emqx4 } from './dialects/emqx4.ts'
import { rows as goAuth } from './dialects/go-auth.ts'
import { rows as nanomq } from './dialects/nanomq.ts'
import type { Row } from './dialects/row.ts'
import { rows as vernemq } from './dialects/vernemq.ts'
import { site } from './site.ts'

/** One line for each dialect. */
const DIALECTS: Readonly<Record<string, readonly Row[]>> = {
  emqx,
  emqx4,
  'go-auth': goAuth,
  'auth-plug': authPlug,
  vernemq,
  nanomq,
}

for (const [name, rows] of Object.entries(DIALECTS)) {
  describe(name, () => {
    for (const { title, path, method = 'POST', headers, body, answer } of rows) {
      test(`${title}: ${answer.status} ${answer.body.slice(0, 60)}`, async () => {
        const init = { method, headers, ...(method !== 'GET' && { body }) }
        const response = await site.request(`/iot/broker${path}`, init)
        assert.equal(await response.text(), answer.body)
        assert.equal(response.status, answer.status)
        if (answer.type !== undefined) {
          assert.equal(response.headers.get('content-type'), answer.type)
        }
        for (const [header, value] of Object.entries(answer.headers ?? {})) {
          assert.equal(response.headers.get(header), value)
        }
      })
    }
  })
}
