/**
 * The server beside Aedes and Mosquitto: messages, fan-out, connections and memory, and what a message
 * costs a client that has many filters. Each server is a process of its own, and so is the load, which
 * is the same for all.
 *
 * @module
 */
import { mosquittoMissing } from '../test/support/mosquitto.ts'
import type { Effort } from './measure.ts'
import { tell } from './progress.ts'
import {
  buildPrograms,
  type Load,
  type Outcome,
  SERVERS,
  type ServerName,
  type ServerProcess,
  startLoad,
  startServer,
} from './server/process.ts'
import type { Task } from './server/task.ts'
import { grouped, median, multiple, table } from './table.ts'

/** At least so many times what Aedes does. */
const TARGET = 0.9
/** A message costs at most so many times what it costs a client of one filter. */
const FILTERS_TARGET = 2

interface Size {
  readonly rounds: number
  /** Seconds of each task. */
  readonly time: number
  readonly subscribers: number
  readonly connections: number
  readonly retained: number
  readonly filters: readonly number[]
}

const FULL_SIZE: Size = {
  rounds: 5,
  time: 1.5,
  subscribers: 1_000,
  connections: 10_000,
  retained: 10_000,
  filters: [1, 1_000, 20_000],
}
const QUICK_SIZE: Size = {
  rounds: 1,
  time: 0.2,
  subscribers: 20,
  connections: 50,
  retained: 50,
  filters: [1, 10, 100],
}

type WithoutPort<T> = T extends unknown ? Omit<T, 'port'> : never
type Work = WithoutPort<Task>

/** Measures. Yields Markdown. */
export async function* bench({ rounds }: Effort): AsyncIterable<string> {
  if (mosquittoMissing) throw new Error(mosquittoMissing)
  const size = rounds > 5 ? FULL_SIZE : QUICK_SIZE
  await buildPrograms()
  const load = startLoad()
  const servers: ServerProcess[] = []
  try {
    for (const name of SERVERS) servers.push(await startServer(name))
    yield* compareRates(servers, load, size)
    yield await compareFilters(servers, load, size)
    yield await compareMemory(load, size)
  } finally {
    load.stop()
    for (const server of servers) await server.stop()
  }
}

async function* compareRates(
  servers: readonly ServerProcess[],
  load: Load,
  { rounds, time, subscribers }: Size,
): AsyncIterable<string> {
  const pairs = { kind: 'pairs', pairs: 10, time, filters: 1 } as const
  const works: readonly (readonly [title: string, unit: string, Work])[] = [
    ['Messages at QoS 0', 'Messages', { ...pairs, qos: 0, window: 500 }],
    ['Messages at QoS 1', 'Messages', { ...pairs, qos: 1, window: 50 }],
    [
      `Fan-out to ${grouped(subscribers)}`,
      'Deliveries',
      { kind: 'fan-out', subscribers, window: 10, time },
    ],
    ['Connections', 'Connections', { kind: 'connect', time }],
  ]
  for (const [title, unit, work] of works) {
    tell(`server: ${title}, ${rounds} rounds`)
    yield `### ${title}\n\n${describeRates(unit, await inTurns(servers, load, work, rounds))}`
  }
}

/** Does a task on each server, round by round. */
async function inTurns(
  servers: readonly ServerProcess[],
  load: Load,
  work: Work,
  rounds: number,
): Promise<ReadonlyMap<ServerName, readonly Outcome[]>> {
  const outcomes = new Map(SERVERS.map((name) => [name, [] as Outcome[]]))
  // The first round warms them up.
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < servers.length; turn++) {
      // Another one begins in each round.
      const server = servers[(turn + round + 1) % servers.length]!
      const outcome = await load.run(server, { ...work, port: server.port })
      if (round >= 0) outcomes.get(server.name)!.push(outcome)
    }
  }
  return outcomes
}

function describeRates(
  unit: string,
  outcomes: ReadonlyMap<ServerName, readonly Outcome[]>,
): string {
  const rateOf = ({ count, ms }: Outcome) => (count / ms) * 1_000
  const costOf = ({ count, cpu }: Outcome) => count / Math.max(cpu, 1)
  const ratio = (name: ServerName, of: (outcome: Outcome) => number) =>
    median(outcomes.get(name)!.map((outcome, i) => of(outcome) / of(outcomes.get('aedes')![i]!)))
  const rows = SERVERS.map((name) => {
    const own = outcomes.get(name)!
    const isOwn = name === 'devicehub'
    return [
      name,
      grouped(median(own.map(rateOf))),
      multiple(ratio(name, rateOf)),
      `${(1_000 / median(own.map(costOf))).toPrecision(3)} µs`,
      multiple(ratio(name, costOf)),
      isOwn ? verdict(ratio(name, rateOf) >= TARGET) : '–',
    ]
  })
  return table(
    [
      'Server',
      `${unit} a second`,
      'In multiples of Aedes',
      'Processor time of one',
      `${unit} for it, in multiples of Aedes`,
      `At least ${TARGET}`,
    ],
    rows,
  )
}

async function compareFilters(
  servers: readonly ServerProcess[],
  load: Load,
  { rounds, time, filters }: Size,
): Promise<string> {
  const rows: string[][] = []
  const costs = new Map<ServerName, number>()
  for (const count of filters) {
    tell(`server: ${grouped(count)} filters of one client`)
    const work = { kind: 'pairs', qos: 0, pairs: 1, window: 500, time, filters: count } as const
    const outcomes = await inTurns(servers, load, work, Math.ceil(rounds / 2))
    for (const name of SERVERS) {
      const cost = median(outcomes.get(name)!.map(({ cpu, count }) => cpu / count))
      const first = costs.get(name) ?? cost
      costs.set(name, first)
      const isOwn = name === 'devicehub'
      rows.push([
        `${name}, ${grouped(count)}`,
        `${(cost * 1_000).toPrecision(3)} µs`,
        multiple(cost / first),
        isOwn ? verdict(cost <= FILTERS_TARGET * first) : '–',
      ])
    }
  }
  const head = [
    'Server, filters',
    'Processor time of a message',
    'In multiples of one filter',
    `At most ${FILTERS_TARGET}`,
  ]
  return `### Filters of one client, of which one matches\n\n${table(head, rows)}`
}

/** Each of them alone, with a process that did nothing before. */
async function compareMemory(load: Load, { connections, retained }: Size): Promise<string> {
  const works: readonly (readonly [what: string, count: number, Work])[] = [
    ['connection with a subscription', connections, { kind: 'hold', connections }],
    ['retained message', retained, { kind: 'retain', messages: retained }],
  ]
  const rows: string[][] = []
  for (const [what, count, work] of works) {
    const found = new Map<ServerName, { used: number; resident: number }>()
    for (const name of SERVERS) {
      tell(`server: memory of ${name}, ${grouped(count)} times a ${what}`)
      const server = await startServer(name)
      // What is loaded and compiled at the first one is no part of each.
      await load.run(server, { kind: 'hold', connections: 1, port: server.port })
      const [used, resident] = [await server.memory(), server.residentMemory()]
      await load.run(server, { ...work, port: server.port })
      found.set(name, {
        used: ((await server.memory()) - used) / count,
        resident: (server.residentMemory() - resident) / count,
      })
      await load.run(server, { kind: 'leave', port: server.port })
      await server.stop()
    }
    for (const name of SERVERS) {
      const { used, resident } = found.get(name)!
      const share = found.get('aedes')!.used / used
      rows.push([
        `${name}, a ${what}, of ${grouped(count)}`,
        name === 'mosquitto' ? '–' : `${grouped(used)} B`,
        `${grouped(resident)} B`,
        name === 'mosquitto' ? '–' : multiple(share),
        name === 'devicehub' ? verdict(share >= TARGET) : '–',
      ])
    }
  }
  const head = [
    'Server',
    'In use on Node',
    'Resident',
    'Aedes in multiples of it',
    `At least ${TARGET}`,
  ]
  return `### Memory\n\n${table(head, rows)}`
}

function verdict(isGood: boolean): string {
  return isGood ? 'pass' : 'miss'
}
