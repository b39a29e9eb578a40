/**
 * What it takes to keep a Mosquitto with dynamic security in step with a fleet: the first time, when
 * nothing has changed, and for one device; and the memory on either side.
 *
 * @module
 */
import { equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import mqttPackage from 'mqtt'
import * as v from 'valibot'
import { dynamicSecurity, dynamicSecurityDocument } from '../adapters/mosquitto/index.ts'
import { mqtt } from '../adapters/mqtt/index.ts'
import { createFleet, defineDeviceType, type Fleet, memoryStore } from '../src/index.ts'
import {
  ADMIN,
  type DynsecSite,
  dynsecSiteMissing,
  startDynsecSite,
} from '../test/support/dynsec-site.ts'
import type { Effort } from './measure.ts'
import { tell } from './progress.ts'
import { grouped, median, table } from './table.ts'

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const SINGLE_CHANGES = 5
const silent = { info() {}, warn() {}, error() {} }

/** What was measured with some number of devices. Times in milliseconds, memory in bytes. */
interface Row {
  readonly devices: number
  readonly first: number
  readonly unchanged: number
  readonly provision: number
  readonly revoke: number
  readonly own: number
  readonly mosquitto: number
}

/** Measures. Yields Markdown. */
export async function* bench({ rounds }: Effort): AsyncIterable<string> {
  if (dynsecSiteMissing) throw new Error(dynsecSiteMissing)
  const isFull = rounds > 5
  const told: Row[] = []
  for (const devices of isFull ? [500, 1_000, 2_000] : [50]) {
    tell(`mosquitto: ${grouped(devices)} devices, told over MQTT`)
    told.push(await measureTold(await makeFleet(devices), devices))
  }
  yield `### Told over MQTT\n\n${rows('First reconciliation', told)}`
  const started: Row[] = []
  for (const devices of isFull ? [1_000, 10_000] : [50]) {
    tell(`mosquitto: ${grouped(devices)} devices, in a document`)
    started.push(await measureStarted(await makeFleet(devices), devices))
  }
  const first = 'Document written, Mosquitto started, first reconciliation'
  yield `### Started with a document\n\n${rows(first, started)}`
}

function rows(first: string, measured: readonly Row[]): string {
  const seconds = (ms: number) => `${(ms / 1_000).toPrecision(3)} s`
  const milliseconds = (ms: number) => `${ms.toPrecision(3)} ms`
  const megabytes = (bytes: number) => `${grouped(bytes / 2 ** 20)} MiB`
  return table(
    [
      'Devices',
      first,
      'Reconciliation without a change',
      'Provision',
      'Revoke, until the connection is closed',
      'Heap here, at most, beyond the fleet',
      'Memory of Mosquitto',
    ],
    measured.map((row) => [
      grouped(row.devices),
      seconds(row.first),
      milliseconds(row.unchanged),
      milliseconds(row.provision),
      milliseconds(row.revoke),
      megabytes(row.own),
      megabytes(row.mosquitto),
    ]),
  )
}

async function makeFleet(devices: number): Promise<Fleet> {
  const sealingKey = 'a sealing key of at least 32 bytes'
  const fleet = createFleet({ types: [pump], store: memoryStore(), sealingKey })
  for (let i = 0; i < devices; i++) await fleet.provision(pump, `P-${i}`)
  return fleet
}

async function measureTold(fleet: Fleet, devices: number): Promise<Row> {
  const site = await startDynsecSite()
  const start = performance.now()
  return measure(site, fleet, devices, start)
}

async function measureStarted(fleet: Fleet, devices: number): Promise<Row> {
  const start = performance.now()
  const { output, findings } = await dynamicSecurityDocument(fleet, { admin: ADMIN })
  equal(findings.length, 0)
  return measure(await startDynsecSite(output), fleet, devices, start)
}

async function measure(
  site: DynsecSite,
  fleet: Fleet,
  devices: number,
  start: number,
): Promise<Row> {
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  let highest = before
  const watch = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage().heapUsed)
  }, 10)
  const broker = mqtt({ url: site.url, ...ADMIN })
  const security = dynamicSecurity(fleet, { broker, logger: silent })
  const { created, unchanged, findings } = await security.start()
  const first = performance.now() - start
  equal(created + unchanged, devices)
  equal(findings.length, 0)
  const idle = performance.now()
  equal((await security.reconcile()).unchanged, devices)
  const again = performance.now() - idle
  clearInterval(watch)
  const provisions: number[] = []
  const revocations: number[] = []
  for (let i = 0; i < SINGLE_CHANGES; i++) {
    const from = performance.now()
    const { username, password } = await fleet.provision(pump, `new-${i}`)
    provisions.push(performance.now() - from)
    const options = { username, password, protocolVersion: 5, reconnectPeriod: 0 } as const
    const client = await mqttPackage.connectAsync(site.url, options)
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
    const until = performance.now()
    await Promise.all([fleet.revoke(pump, `new-${i}`), closed])
    revocations.push(performance.now() - until)
  }
  const mosquitto = residentSize(site.pid)
  await security.close()
  await site.stop()
  return {
    devices,
    first,
    unchanged: again,
    provision: median(provisions),
    revoke: median(revocations),
    own: highest - before,
    mosquitto,
  }
}

/** The memory of a process that is in use, in bytes. Linux only. */
function residentSize(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  ok(kilobytes)
  return Number(kilobytes) * 1_024
}
