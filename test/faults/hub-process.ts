/**
 * A hub in a process of its own, which notes each message in a file before it is acknowledged. It may
 * be killed at any time.
 *
 * @module
 */
import { openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { mqtt } from '../../adapters/mqtt/index.ts'
import { createFleet, createHub, memoryStore } from '../../src/index.ts'
import { DEVICES, deviceId, type HubReport, type HubTask, sensor, UNREACHABLE } from './types.ts'

const task: HubTask = JSON.parse(process.argv[2]!)
const { url, clientId, shareName, handlerTime = 0, keepalive = 60 } = task
const report = (what: HubReport) => process.stdout.write(`${JSON.stringify(what)}\n`)

const fleet = createFleet({ types: [sensor], store: memoryStore() })
for (let i = 0; i < DEVICES; i++) await fleet.provision(sensor, deviceId(i))
const broker = mqtt({
  url,
  clientId,
  cleanStart: false,
  sessionExpiry: 3_600,
  keepalive,
  ...(shareName === undefined ? { sharedSubscriptions: false } : { shareName }),
})
const hub = createHub(fleet, {
  brokers: { default: broker },
  logger: { info() {}, warn() {}, error: console.error },
})
hub.onRejected((rejection) => console.error(rejection.code, rejection.text))
const log = openSync(task.log, 'a')
hub.onData(sensor, async ({ data }) => {
  if (handlerTime > 0) await sleep(handlerTime)
  // In the file before the promise settles: a process that is killed loses nothing it wrote.
  writeSync(log, `${data.sequence}\n`)
})

async function tell(): Promise<void> {
  for await (const { kind: type } of broker.status()) {
    if (type === 'connected' || type === 'disconnected') report({ type })
  }
}
void tell()
process.once('SIGTERM', async () => {
  await hub.close()
  process.exit(0)
})

try {
  await hub.start()
} catch (error) {
  // The network may be cut, or the broker be gone, at this very moment.
  console.error(String(error))
  process.exit(UNREACHABLE)
}
report({ type: 'ready' })
const tellMemory = () => report({ type: 'memory', rss: process.memoryUsage().rss })
tellMemory()
setInterval(tellMemory, 250).unref()
