/**
 * The rules as the embedded broker applies them, over each transport and to wills, against the rules as
 * `decide()` does.
 *
 * A failure prints its seed; `DIFFERENTIAL_SEED=<seed>` runs it again.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Denial, EmbeddedTls } from '../../adapters/embedded/index.ts'
import { embeddedBroker } from '../../adapters/embedded/index.ts'
import type { Logger } from '../../src/base/log.ts'
import { decide } from '../../src/rule/decide.ts'
import { authority, servers } from '../support/certificates.ts'
import { Collector } from '../support/wait.ts'
import { buildTable, type Case, SEED, type Table } from './cases.ts'
import { compare, type Expectation, report } from './compare.ts'
import { LIMIT, runTable } from './run.ts'
import { runWills, willCases } from './wills.ts'

const LIMITS = { timeout: 120_000 }
const TLS: EmbeddedTls = { certFile: servers.good.cert, keyFile: servers.good.key }
const TRUSTING = { ca: authority.cert }
const SCHEMES = { WebSocket: /^ws:/, TLS: /^mqtts:/, 'secure WebSocket': /^wss:/ }
const expectation: Expectation = { less: () => undefined, wider: () => undefined }

const table = await buildTable()

describe(`the embedded broker decides as the library does (DIFFERENTIAL_SEED=${SEED})`, () => {
  test('over TCP', LIMITS, async (t) => {
    await using site = await openSite(table)
    report(t, compare(table.cases, await runTable(site.url, table), expectation))
    assert.deepEqual(countReported(site.denials.items), countExpected(table.cases))
    assert.deepEqual(site.errors, [])
  })

  for (const [transport, tls] of [
    ['WebSocket', undefined],
    ['TLS', TLS],
    ['secure WebSocket', TLS],
  ] as const) {
    test(`over ${transport}`, LIMITS, async (t) => {
      const clients = table.clients.filter((_, i) => i % 5 === 0)
      const cases = table.cases.filter(({ client }) => clients.includes(client))
      const sample = { ...table, clients, cases }
      await using site = await openSite(sample, tls)
      const url = transport === 'TLS' ? site.url : site.websocketUrl
      assert.match(url, SCHEMES[transport])
      report(t, compare(cases, await runTable(url, sample, TRUSTING), expectation))
      assert.deepEqual(site.errors, [])
    })
  }

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

async function openSite({ fleet }: Table, tls?: EmbeddedTls): Promise<Site> {
  const denials = new Collector<Denial>()
  const errors: string[] = []
  const ignore = () => {}
  const logger: Logger = { info: ignore, warn: ignore, error: (line) => void errors.push(line) }
  const websocket = { port: 0 }
  const options = { port: 0, websocket, logger, onDenied: denials.push, ...(tls && { tls }) }
  const broker = await embeddedBroker(fleet, options)
  // The certificate is for this name.
  const named = (url: string) => (tls ? url.replace('127.0.0.1', 'localhost') : url)
  return {
    url: named(broker.url),
    websocketUrl: named(broker.websocketUrl!),
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
