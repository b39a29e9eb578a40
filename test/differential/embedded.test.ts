/**
 * The rules as the embedded broker applies them, over TCP and WebSocket and to wills, against the
 * rules as `decide()` does.
 *
 * A failure prints its seed; `DIFFERENTIAL_SEED=<seed>` runs it again.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Denial } from '../../adapters/embedded/index.ts'
import { embeddedBroker } from '../../adapters/embedded/index.ts'
import type { Logger } from '../../src/base/log.ts'
import { decide } from '../../src/rule/decide.ts'
import { Collector } from '../support/wait.ts'
import { buildTable, type Case, SEED, type Table } from './cases.ts'
import { compare, type Expectation, report } from './compare.ts'
import { LIMIT, runTable } from './run.ts'
import { runWills, willCases } from './wills.ts'

const LIMITS = { timeout: 120_000 }
const expectation: Expectation = { less: () => undefined, wider: () => undefined }

const table = await buildTable()

describe(`the embedded broker decides as the library does (DIFFERENTIAL_SEED=${SEED})`, () => {
  test('over TCP', LIMITS, async (t) => {
    await using site = await openSite(table)
    report(t, compare(table.cases, await runTable(site.url, table), expectation))
    assert.deepEqual(countReported(site.denials.items), countExpected(table.cases))
    assert.deepEqual(site.errors, [])
  })

  test('over WebSocket', LIMITS, async (t) => {
    const clients = table.clients.filter((_, i) => i % 5 === 0)
    const cases = table.cases.filter(({ client }) => clients.includes(client))
    const sample = { ...table, clients, cases }
    await using site = await openSite(sample)
    report(t, compare(cases, await runTable(site.websocketUrl, sample), expectation))
    assert.deepEqual(site.errors, [])
  })

  test('about wills', LIMITS, async (t) => {
    await using site = await openSite(table)
    const cases = willCases(table)
    const denied = [...countExpected(cases).values()].reduce((sum, count) => sum + count, 0)
    // Where one is not denied that should be, the comparison tells which.
    const settle = () => site.denials.reach(denied, 'denials', LIMIT).catch(() => [])
    report(t, compare(cases, await runWills(site.url, table, settle), expectation))
    assert.deepEqual(countReported(site.denials.items), countExpected(cases))
    assert.deepEqual(site.errors, [])
  })
})

interface Site extends AsyncDisposable {
  readonly url: string
  readonly websocketUrl: string
  readonly denials: Collector<Denial>
  readonly errors: readonly string[]
}

async function openSite({ fleet }: Table): Promise<Site> {
  const denials = new Collector<Denial>()
  const errors: string[] = []
  const ignore = () => {}
  const logger: Logger = { info: ignore, warn: ignore, error: (line) => void errors.push(line) }
  const websocket = { port: 0 }
  const options = { port: 0, websocket, logger, onDenied: denials.push }
  const broker = await embeddedBroker(fleet, options)
  return {
    url: broker.url,
    websocketUrl: broker.websocketUrl!,
    denials,
    errors,
    [Symbol.asyncDispose]: () => broker.close(),
  }
}

/** The denials the operator was told, each with its count. */
function countReported(denials: readonly Denial[]): ReadonlyMap<string, number> {
  return count(
    denials.map(({ username, clientId, action, topic, code: reason }) =>
      JSON.stringify([username, clientId, action, topic, reason]),
    ),
  )
}

/** The denials of the cases. */
function countExpected(cases: readonly Case[]): ReadonlyMap<string, number> {
  const denied = cases.flatMap(({ client, request }) => {
    const { effect, code: reason } = decide(client.principal, request)
    if (effect === 'allow') return []
    const { username, clientId } = client.login
    return [JSON.stringify([username, clientId, request.action, request.topic, reason])]
  })
  return count(denied)
}

function count(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys.toSorted()) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}
