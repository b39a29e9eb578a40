/**
 * A SUBSCRIBE on NanoMQ is granted only if each of its filters is, however they are joined: tried
 * with all lists of up to three filters, some of which hold commas.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fleet, SECRET, site } from '../../hono/site.ts'

const username = 'pump/P-1'
const FILTERS = [
  'news/a',
  'news/+',
  'news/secret/a',
  'news/a,news/b',
  'news/+/x,news/secret/b',
  'news/a,b',
  'things/pump/P-1/cmd',
  'things/pump/P-1/cmd,news/a',
  'things/pump/P-1/cmd,things/pump/P-1/cmd',
  '$share/crew/work/+',
  '$share/crew/work/a,news/a',
  '$share/crew,news/work/+',
  '+',
]

async function isAllowed(topic: string): Promise<boolean> {
  const response = await site.request('/iot/broker/nanomq/acl', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` },
    body: JSON.stringify({ clientid: 'c-1', username, access: '1', topic }),
  })
  return response.status === 200
}

test('no list is granted whose filters are not', async () => {
  const granted = new Set<string>()
  for (const topic of FILTERS) {
    const { effect } = await fleet.authorize({ username, action: 'subscribe', topic })
    if (effect === 'allow') granted.add(topic)
  }
  assert.equal(granted.size, 6)
  const lists = FILTERS.flatMap((a) => [[a], ...FILTERS.flatMap((b) => [[a, b]])])
  const longer = lists.filter((list) => list.length === 2)
  lists.push(...longer.flatMap((list) => FILTERS.map((c) => [...list, c])))
  let allowed = 0
  for (const list of lists) {
    if (!(await isAllowed(list.join(',')))) continue
    allowed++
    assert.ok(
      list.every((filter) => granted.has(filter)),
      list.join(' '),
    )
  }
  assert.ok(allowed > 20, `${allowed} of ${lists.length}`)
})
