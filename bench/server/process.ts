/**
 * The processes of the bench of servers: those that serve, and the one that loads them.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { build } from 'tsup'
import { startMosquitto } from '../../test/support/mosquitto.ts'
import { endWithParent } from '../child.ts'
import { BUILT, here } from '../http/runtimes.ts'
import type { LoadReport, MemoryReport, Task } from './task.ts'

/** The servers. Others are held against Aedes. */
export const SERVERS = ['devicehub', 'aedes', 'mosquitto'] as const
export type ServerName = (typeof SERVERS)[number]

/** A server that listens. */
export interface ServerProcess {
  readonly name: ServerName
  readonly port: number
  /** Milliseconds of a processor that it has used, in steps of 10. */
  cpuTime(): number
  /** Bytes that it has in use: on Node after a collection of garbage, else resident ones. */
  memory(): Promise<number>
  /** Bytes that are resident. */
  residentMemory(): number
  stop(): Promise<void>
}

/** What a task came to. */
export interface Outcome {
  readonly count: number
  readonly ms: number
  /** Milliseconds of a processor that the server used for it. */
  readonly cpu: number
}

/** Mosquitto keeps what waits, and says nothing of each connection. */
const MOSQUITTO = [
  'max_queued_messages 0',
  'max_inflight_messages 1000',
  'log_type error',
  'log_type information',
]

/** As the kernel counts time for processes. */
const TICK_MS = 10

/** Builds the programs, as the package is built. */
export async function buildPrograms(): Promise<void> {
  const entry = { 'mqtt-serve': here('../server/serve.ts'), 'mqtt-load': here('../server/load.ts') }
  const outExtension = () => ({ js: '.mjs' })
  // A development dependency, which is not left out by itself; its packages are of CommonJS.
  const external = ['aedes']
  const where = { entry, outDir: BUILT, outExtension, external }
  await build({ ...where, format: 'esm', config: false, silent: true })
}

/** Starts a server. */
export async function startServer(name: ServerName): Promise<ServerProcess> {
  if (name === 'mosquitto') {
    const { pid, port, stop } = await startMosquitto({ config: MOSQUITTO })
    const residentMemory = () => residentSize(pid)
    const memory = async () => residentMemory()
    return { name, port, cpuTime: () => cpuTime(pid), memory, residentMemory, stop }
  }
  const child = fork(`${BUILT}/mqtt-serve.mjs`, [name], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const end = endWithParent(child)
  const pid = child.pid!
  return {
    name,
    port: await readPort(child),
    cpuTime: () => cpuTime(pid),
    async memory() {
      child.send('memory')
      const [report] = (await once(child, 'message')) as [MemoryReport]
      return report.used
    },
    residentMemory: () => residentSize(pid),
    async stop() {
      const gone = once(child, 'exit')
      end()
      await gone
    },
  }
}

/** Who loads servers. */
export interface Load {
  /** @throws {Error} If it cannot be done. */
  run(server: ServerProcess, task: Task): Promise<Outcome>
  stop(): void
}

/** Starts the process that loads servers. */
export function startLoad(): Load {
  const child = fork(`${BUILT}/mqtt-load.mjs`)
  const stop = endWithParent(child)
  return {
    async run(server, task) {
      child.send(task)
      let from = 0
      for (;;) {
        const [report] = (await once(child, 'message')) as [LoadReport]
        if (report.kind === 'begun') from = server.cpuTime()
        else if (report.kind === 'failed') throw new Error(`${server.name}: ${report.text}`)
        else return { count: report.count, ms: report.ms, cpu: server.cpuTime() - from }
      }
    },
    stop,
  }
}

async function readPort(child: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const port = /^port (\d+)$/.exec(line)?.[1]
    if (port) return Number(port)
  }
  throw new Error('A server of the bench ended before it listened')
}

/** Linux only, as all that is read in `/proc`. */
function cpuTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  // User and system time, 14 and 15 in `man 5 proc`.
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

function residentSize(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1_024
}
