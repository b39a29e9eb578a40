// rights.ts
import { type AccessRequest, createFleet, memoryStore } from 'devicehub'
import { climate, types, valve } from './types.ts'

const fleet = createFleet({ types, store: memoryStore() })
const bench = await fleet.provision(climate, 'bench-1')
const bed = await fleet.provision(valve, 'bed-1')

async function ask(username: string, action: AccessRequest['action'], topic: string) {
  console.log((await fleet.explain({ username, action, topic })).text)
}
await ask(bench.username, 'publish', bench.topics.data)
await ask(bench.username, 'publish', bed.topics.cmd)
await ask(bed.username, 'subscribe', 'things/valve/+/cmd')
