/**
 * Messages over MQTT: received and handled, published, and commands with their replies, by this library
 * and by the bare `mqtt` package, on the same broker and in turns.
 *
 * @module
 */
import { equal } from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { build } from 'tsup'
import { webSocketRelay } from '../test/mqtt/relay.ts'
import { startMosquitto } from '../test/support/mosquitto.ts'
import { BUILT, here, RUNTIMES } from './http/runtimes.ts'
import type { Effort } from './measure.ts'
import { FILTER, type Outcome, RECEIVER, type Task, WINDOW } from './mqtt/task.ts'
import { grouped, median, multiple, table } from './table.ts'

/** What a session may hold, and no waiting for the acknowledgement of a segment. */
const MOSQUITTO = [
  'max_queued_messages 0',
  'max_queued_bytes 0',
  'queue_qos0_messages true',
  'set_tcp_nodelay true',
]
const WITH = ['mqtt', 'devicehub'] as const
type Runtime = (typeof RUNTIMES)[number]
/** A Python that has paho-mqtt, which a Debian package gives to the system's own. */
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import paho.mqtt.client']).status === 0,
)

/** Measures every runtime. Returns Markdown. */
export async function bench({ rounds }: Effort): Promise<string> {
  const isFull = rounds > 5
  const entry = { 'mqtt-client': here('../mqtt/client.ts') }
  const outExtension = () => ({ js: '.mjs' })
  await build({ entry, outDir: BUILT, outExtension, format: 'esm', config: false, silent: true })
  const size = isFull
    ? { rounds: 3, messages: 100_000, calls: 100 }
    : { rounds: 1, messages: 500, calls: 20 }
  const sections = []
  for (const runtime of RUNTIMES) sections.push(await measureRuntime(runtime, size))
  const others = [await receivedByOthers(size)]
  return [...sections, ...others].join('\n\n')
}

interface Size {
  readonly rounds: number
  readonly messages: number
  readonly calls: number
}

/** Each row: what was done, by the bare package and by this library, per second. */
async function measureRuntime(runtime: Runtime, size: Size): Promise<string> {
  const rows: string[][] = []
  for (const qos of [0, 1] as const) {
    rows.push(
      await rates(`receive and handle, QoS ${qos}`, size, (who) =>
        receive(runtime, who, qos, size),
      ),
    )
  }
  const broker = await startMosquitto({ config: MOSQUITTO })
  const publish = (url: string, who: Task['with'], qos: 0 | 1, count = size.messages) =>
    run(runtime, { role: 'publish', with: who, url, qos, count })
  for (const qos of [0, 1] as const) {
    rows.push(await rates(`publish, QoS ${qos}`, size, (who) => publish(broker.url, who, qos)))
  }
  // Mosquitto's own WebSocket listener would listen beyond loopback.
  const relay = await webSocketRelay(broker.port)
  // Some take 40 ms for each few, waiting for the acknowledgement of a segment.
  const fewer = { ...size, messages: size.messages / 10 }
  for (const qos of [0, 1] as const) {
    rows.push(
      await rates(`publish over WebSocket, QoS ${qos}`, fewer, (who) =>
        publish(relay.url, who, qos, fewer.messages),
      ),
    )
  }
  await relay[Symbol.asyncDispose]()
  const wide = await startMosquitto({ config: [...MOSQUITTO, `max_inflight_messages ${WINDOW}`] })
  rows.push(
    await rates(`publish, QoS 1, receive maximum ${WINDOW}`, size, (who) =>
      publish(wide.url, who, 1),
    ),
  )
  await wide.stop()
  const calls: string[][] = []
  for (const who of WITH) {
    const outcomes: Outcome[] = []
    for (let round = 0; round < size.rounds; round++) {
      outcomes.push(
        await run(runtime, { role: 'call', with: who, url: broker.url, qos: 1, count: size.calls }),
      )
    }
    const middle = (pick: (outcome: Outcome) => number) =>
      `${median(outcomes.map(pick)).toFixed(2)} ms`
    calls.push([nameOf(who), middle(({ p50 }) => p50!), middle(({ p99 }) => p99!)])
  }
  await broker.stop()
  return [
    `### ${runtime[0]}`,
    table(['', 'bare `mqtt`, per second', 'devicehub, per second', 'In multiples of bare'], rows),
    table(['A request and its reply, QoS 1', 'Median', '99 of 100 within'], calls),
  ].join('\n\n')
}

function nameOf(who: Task['with']): string {
  return who === 'mqtt' ? 'bare `mqtt`' : 'devicehub: a command'
}

/** Runs both in turns, and compares the rounds. */
async function rates(
  title: string,
  { rounds, messages }: Size,
  measure: (who: Task['with']) => Promise<Outcome>,
): Promise<string[]> {
  const perSecond: Record<Task['with'], number[]> = { mqtt: [], devicehub: [] }
  for (let round = 0; round < rounds; round++) {
    for (const who of round % 2 ? WITH : WITH.toReversed()) {
      perSecond[who].push((messages * 1_000) / (await measure(who)).total)
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

/** Drains a session that was filled while nobody was connected. */
async function receive(
  runtime: Runtime,
  who: Task['with'],
  qos: 0 | 1,
  size: Size,
): Promise<Outcome> {
  const broker = await startMosquitto({ config: MOSQUITTO })
  const task = { with: who, url: broker.url, qos, count: size.messages } as const
  await run(runtime, { ...task, role: 'prepare' })
  await run(RUNTIMES[0]!, { ...task, role: 'publish', with: 'mqtt' })
  const outcome = await run(runtime, { ...task, role: 'receive' })
  await broker.stop()
  return outcome
}

async function run([, command, args]: Runtime, task: Task): Promise<Outcome> {
  const { stdout } = await promisify(execFile)(command, [
    ...args,
    `${BUILT}/mqtt-client.mjs`,
    JSON.stringify(task),
  ])
  return JSON.parse(stdout)
}

/** The same session drained by clients in other languages. */
async function receivedByOthers({ rounds, messages }: Size): Promise<string> {
  const rows: string[][] = []
  for (const qos of [0, 1] as const) {
    const found: Record<string, number[]> = {
      mosquitto_sub: [],
      ...(python && { 'paho-mqtt': [] }),
    }
    for (let round = 0; round < rounds; round++) {
      for (const [name, rate] of Object.entries(found)) {
        const broker = await startMosquitto({ config: MOSQUITTO })
        const drain = name === 'mosquitto_sub' ? mosquittoSub : pahoReceive
        await drain(broker.port, 0)
        const task = { with: 'mqtt', url: broker.url, qos, count: messages } as const
        await run(RUNTIMES[0]!, { ...task, role: 'publish', with: 'mqtt' })
        rate.push((messages * 1_000) / (await drain(broker.port, messages)))
        await broker.stop()
      }
    }
    for (const [name, rate] of Object.entries(found)) {
      rows.push([`${name}, QoS ${qos}`, grouped(median(rate))])
    }
  }
  return `### Other clients\n\n${table(['receive', 'Per second'], rows)}`
}

/** Milliseconds from its first line to its end. With no messages it only makes the session. */
async function mosquittoSub(port: number, messages: number): Promise<number> {
  const args = ['-V', '5', '-p', `${port}`, '-h', '127.0.0.1', '-c', '-x', '3600', '-i', RECEIVER]
  const rest = messages === 0 ? ['-E'] : ['-C', `${messages}`]
  const child = spawn('mosquitto_sub', [...args, '-t', FILTER, '-q', '1', ...rest])
  let start = 0
  child.stdout.on('data', () => {
    start ||= performance.now()
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  equal(code, 0)
  return performance.now() - start
}

async function pahoReceive(port: number, messages: number): Promise<number> {
  const args = [here('../mqtt/paho_receiver.py'), `${port}`, `${messages}`, RECEIVER, FILTER]
  const { stdout } = await promisify(execFile)(
    python!,
    messages === 0 ? [...args, 'prepare'] : args,
  )
  return messages === 0 ? 0 : JSON.parse(stdout).total
}
