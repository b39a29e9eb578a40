/**
 * Starts, kills and starts again the process of a hub.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Collector, within } from '../support/wait.ts'
import { type HubReport, type HubTask, UNREACHABLE } from './types.ts'

const PROGRAM = fileURLToPath(new URL('hub-process.ts', import.meta.url))
const START_LIMIT = 30_000

/** The process of a hub, and those that came after it. */
export class HubHost implements AsyncDisposable {
  readonly #task: HubTask
  #child: ChildProcess | undefined
  /** Bytes by which the one of its processes that grew most had grown since it was ready. */
  growth = 0
  /** The memory of the process that runs, in bytes, in the order it was told from its start on. */
  memory: number[] = []
  /** Connects and disconnects of the process that runs. */
  events: HubReport['type'][] = []

  constructor(task: HubTask) {
    this.#task = task
  }

  /** Settles when it is connected and subscribed, trying again where there is no broker. */
  async start(): Promise<void> {
    while (!(await this.#tryToStart())) {}
  }

  async #tryToStart(): Promise<boolean> {
    this.memory = []
    this.events = []
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', PROGRAM, JSON.stringify(this.#task)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    this.#child = child
    // Not to be left behind by a test process that crashes.
    const killAtExit = () => child.kill('SIGKILL')
    process.once('exit', killAtExit)
    child.once('exit', () => process.removeListener('exit', killAtExit))
    const ready = new Collector<true>()
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const report: HubReport = JSON.parse(line)
      if (report.type === 'ready') ready.push(true)
      else if (report.type === 'memory') {
        this.memory.push(report.rss)
        this.growth = Math.max(this.growth, report.rss - this.memory[0]!)
      } else this.events.push(report.type)
    })
    const ended = once(child, 'exit').then(([code]) => code as number | null)
    const code = await within(
      Promise.race([ready.reach(1, 'start', START_LIMIT).then(() => 'ready' as const), ended]),
      'start of a hub',
      START_LIMIT,
    )
    if (code === 'ready') return true
    if (code === UNREACHABLE) return false
    throw new Error(`The hub ended with ${code}`)
  }

  /** Ends it without a chance to say goodbye. */
  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  /** Ends it as an operator does: it handles what it has, and disconnects. */
  stop(): Promise<void> {
    return this.#end('SIGTERM')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(timer)
  }
}
