/**
 * Messages over MQTT: received and handled, published, and commands with their replies, by this library
 * and by the bare `mqtt` package, on the same broker and in turns.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { build } from 'tsup'
import { startMosquitto } from '../test/support/mosquitto.ts'
import { BUILT, here, RUNTIMES } from './http/runtimes.ts'
import type { Effort } from './measure.ts'
import { type Client, otherClients } from './mqtt/others.ts'
import { publishPrepared } from './mqtt/socket.ts'
import { type Outcome, type Task, WINDOW } from './mqtt/task.ts'
import { tell } from './progress.ts'
import { grouped, median, multiple, table } from './table.ts'

/** Mosquitto's defaults, but for what a session may hold. */
const MOSQUITTO = [
  'max_queued_messages 0',
  'max_queued_bytes 0',
  'queue_qos0_messages true',
  'set_tcp_nodelay false',
]
/** Else each of a request's steps waits 40 ms for the acknowledgement of a segment. */
const NO_DELAY = 'set_tcp_nodelay true'
/** How many messages Mosquitto takes unacknowledged by default. */
const RECEIVE_MAXIMUM = 20
const WITH = ['mqtt', 'devicehub'] as const
type Runtime = (typeof RUNTIMES)[number]

/** Measures every runtime. Returns Markdown. */
export async function* bench({ rounds }: Effort): AsyncIterable<string> {
  const isFull = rounds > 5
  const entry = { 'mqtt-client': here('../mqtt/client.ts') }
  const outExtension = () => ({ js: '.mjs' })
  await build({ entry, outDir: BUILT, outExtension, format: 'esm', config: false, silent: true })
  const size = isFull
    ? { rounds: 5, messages: 100_000, calls: 100 }
    : { rounds: 1, messages: 500, calls: 20 }
  for (const runtime of RUNTIMES) {
    tell(runtime[0])
    yield measureRuntime(runtime, size)
  }
  tell('what Mosquitto takes')
  yield takenByMosquitto(size)
  tell('other clients')
  yield doneByOthers(size)
}

interface Size {
  readonly rounds: number
  readonly messages: number
  readonly calls: number
}

/** Each row: what was done, by the bare package and by this library, per second. */
async function measureRuntime(runtime: Runtime, size: Size): Promise<string> {
  const rows: string[][] = []
  // They take a third of the time.
  const more = { ...size, messages: size.messages * 3 }
  for (const [qos, of] of [
    [0, more],
    [1, size],
  ] as const) {
    rows.push(
      await rates(`receive and handle, QoS ${qos}`, of, (who) =>
        drain(clientOf(runtime, who), qos, of.messages),
      ),
    )
  }
  const listeners = { ws: { protocol: 'websockets' } } as const
  const broker = await startMosquitto({ config: MOSQUITTO, listeners })
  const wide = await startMosquitto({ config: [...MOSQUITTO, `max_inflight_messages ${WINDOW}`] })
  const prompt = await startMosquitto({ config: [...MOSQUITTO, NO_DELAY] })
  const webSocketUrl = `ws://127.0.0.1:${broker.ports.get('ws')}/mqtt`
  // Each takes several times as long.
  const fewer = { ...size, messages: size.messages / 5 }
  for (const [title, of, task] of [
    ['publish, QoS 0', more, { url: broker.url, qos: 0 }],
    [
      `publish, QoS 1, ${RECEIVE_MAXIMUM} at once`,
      size,
      { url: broker.url, qos: 1, window: RECEIVE_MAXIMUM },
    ],
    [`publish, QoS 1, ${WINDOW} at once`, size, { url: broker.url, qos: 1 }],
    [
      `publish, QoS 1, ${WINDOW} at once, receive maximum ${WINDOW}`,
      size,
      { url: wide.url, qos: 1 },
    ],
    [
      `publish, QoS 1, ${RECEIVE_MAXIMUM} at once, \`${NO_DELAY}\``,
      size,
      { url: prompt.url, qos: 1, window: RECEIVE_MAXIMUM },
    ],
    ['publish over WebSocket, QoS 0', fewer, { url: webSocketUrl, qos: 0 }],
    ['publish over WebSocket, QoS 1', fewer, { url: webSocketUrl, qos: 1 }],
  ] as const) {
    rows.push(
      await rates(title, of, (who) =>
        time(runtime, { role: 'publish', with: who, count: of.messages, ...task }),
      ),
    )
  }
  const calls: string[][] = []
  for (const who of WITH) {
    const outcomes: Outcome[] = []
    for (let round = 0; round < size.rounds; round++) {
      outcomes.push(
        await run(runtime, { role: 'call', with: who, url: prompt.url, qos: 1, count: size.calls }),
      )
    }
    const middle = (pick: (outcome: Outcome) => number) =>
      `${median(outcomes.map(pick)).toFixed(2)} ms`
    calls.push([nameOf(who), middle(({ p50 }) => p50!), middle(({ p99 }) => p99!)])
  }
  await Promise.all([broker.stop(), wide.stop(), prompt.stop()])
  return [
    `### ${runtime[0]}`,
    table(['', 'bare `mqtt`, per second', 'devicehub, per second', 'In multiples of bare'], rows),
    table(['A request and its reply, QoS 1', 'Median', '99 of 100 within'], calls),
  ].join('\n\n')
}

function nameOf(who: Task['with']): string {
  return who === 'mqtt' ? 'bare `mqtt`' : 'devicehub: a command'
}

/** Runs both in turns, and compares the rounds by the milliseconds that each took. */
async function rates(
  title: string,
  { rounds, messages }: Size,
  measure: (who: Task['with']) => Promise<number>,
): Promise<string[]> {
  tell(`${title}, ${rounds} times ${grouped(messages)} messages by each`)
  const perSecond: Record<Task['with'], number[]> = { mqtt: [], devicehub: [] }
  for (let round = 0; round < rounds; round++) {
    for (const who of round % 2 ? WITH : WITH.toReversed()) {
      perSecond[who].push((messages * 1_000) / (await measure(who)))
    }
  }
  const ratios = perSecond.devicehub.map((own, i) => own / perSecond.mqtt[i]!)
  return [
    title,
    grouped(median(perSecond.mqtt)),
    grouped(median(perSecond.devicehub)),
    multiple(median(ratios)),
  ]
}

/** The bare package or this library on a runtime. */
function clientOf(runtime: Runtime, who: Task['with']): Client {
  const task = (role: Task['role'], port: number, qos: Task['qos'], count: number) =>
    time(runtime, { role, with: who, url: `mqtt://127.0.0.1:${port}`, qos, count })
  return {
    prepare: (port) => task('prepare', port, 1, 0),
    receive: (port, count) => task('receive', port, 1, count),
    publish: (port, qos, count) => task('publish', port, qos, count),
  }
}

/** Has a session drained that was filled while nobody was connected. Returns milliseconds. */
async function drain(client: Client, qos: Task['qos'], count: number): Promise<number> {
  const broker = await startMosquitto({ config: MOSQUITTO })
  await client.prepare(broker.port)
  await clientOf(RUNTIMES[0]!, 'mqtt').publish(broker.port, qos, count)
  const total = await client.receive(broker.port, count)
  await broker.stop()
  return total
}

/** Has messages published that nobody receives. Returns milliseconds. */
async function fill(client: Client, qos: Task['qos'], count: number): Promise<number> {
  const broker = await startMosquitto({ config: MOSQUITTO })
  const total = await client.publish(broker.port, qos, count)
  await broker.stop()
  return total
}

async function time(runtime: Runtime, task: Task): Promise<number> {
  return (await run(runtime, task)).total
}

async function run([, command, args]: Runtime, task: Task): Promise<Outcome> {
  const { stdout } = await promisify(execFile)(command, [
    ...args,
    `${BUILT}/mqtt-client.mjs`,
    JSON.stringify(task),
  ])
  return JSON.parse(stdout)
}

/** How much of QoS 1 the broker takes at most, by how much of it may be unacknowledged. */
async function takenByMosquitto(size: Size): Promise<string> {
  const rows: string[][] = []
  for (const window of [RECEIVE_MAXIMUM, WINDOW]) {
    const config = [...MOSQUITTO, `max_inflight_messages ${window}`]
    const { port, url, stop } = await startMosquitto({ config })
    rows.push(
      await rates(`publish, QoS 1, ${window} at once`, size, (who) =>
        who === 'mqtt'
          ? time(RUNTIMES[0]!, {
              role: 'publish',
              with: who,
              url,
              qos: 1,
              count: size.messages,
              window,
            })
          : publishPrepared(port, size.messages, window),
      ),
    )
    await stop()
  }
  const columns = ['bare `mqtt`, per second', 'a socket, per second', 'In multiples of bare']
  return `### What Mosquitto takes\n\n${table(['', ...columns], rows)}`
}

/** The same done by clients in other languages, in turns with this library. */
async function doneByOthers({ rounds, messages }: Size): Promise<string> {
  const clients = { ...otherClients, devicehub: clientOf(RUNTIMES[0]!, 'devicehub') }
  const rows: string[][] = []
  for (const qos of [0, 1] as const) {
    for (const [title, count, measure] of [
      [`receive, QoS ${qos}`, messages, drain],
      // There are 65,535 packet identifiers, and mosquitto_pub takes no more lines.
      [`publish, QoS ${qos}`, messages / 2, fill],
    ] as const) {
      const times: Record<string, number[]> = {}
      for (let round = 0; round < rounds; round++) {
        for (const [name, client] of Object.entries(clients)) {
          times[name] = [...(times[name] ?? []), await measure(client, qos, count)]
        }
      }
      const own = median(times.devicehub!)
      for (const name of Object.keys(otherClients)) {
        const taken = median(times[name]!)
        const perSecond = (ms: number) => grouped((count * 1_000) / ms)
        rows.push([`${name}: ${title}`, perSecond(taken), perSecond(own), multiple(taken / own)])
      }
    }
  }
  const columns = ['theirs, per second', 'devicehub, per second', 'In multiples of theirs']
  return `### Other clients, and devicehub on Node\n\n${table(['', ...columns], rows)}`
}
