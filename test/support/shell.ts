/**
 * Command lines, run in a shell as a person types them.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { deferred, within } from './wait.ts'

/** Where command lines are run. */
export interface Place {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/** A command line that runs. */
export class Command {
  /** What it printed so far. */
  readonly printed = { stdout: '', stderr: '' }
  /** Settles with the exit code, when all output is read. */
  readonly ended: Promise<number | null>
  readonly #line: string
  readonly #child: ChildProcess
  readonly #waiting = new Set<() => void>()

  constructor(line: string, { cwd, env }: Place) {
    this.#line = line
    const child = spawn('sh', ['-c', line], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // A process group of its own, so that all of it can be ended.
    })
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        this.printed[name] += text
        for (const look of this.#waiting) look()
      })
    }
    this.#child = child
    // Not to be left behind by a test process that crashes.
    process.once('exit', this.#kill)
    this.ended = once(child, 'close').then(([code]) => {
      process.removeListener('exit', this.#kill)
      return code
    })
  }

  /** Settles when enough is printed. Rejects if that takes too long, or the command ends before. */
  async until(isEnough: (printed: Command['printed']) => boolean, ms: number): Promise<void> {
    const enough = deferred<'enough'>()
    const look = () => {
      if (isEnough(this.printed)) enough.resolve('enough')
    }
    this.#waiting.add(look)
    look()
    const first = await within(Promise.race([enough.promise, this.ended]), 'output', ms).catch(
      String,
    )
    this.#waiting.delete(look)
    if (first !== 'enough') throw this.#failure(`before there was enough: ${first}`)
  }

  /** Settles when it has ended by itself, without an error. Rejects if it does not. */
  async finish(ms: number): Promise<void> {
    const code = await within(this.ended, 'end', ms).catch(String)
    if (code !== 0) throw this.#failure(`${code}`)
  }

  /** Ends it, with all that it started. Settles when it is gone. */
  async stop(): Promise<void> {
    this.#kill()
    await this.ended
  }

  /** Ends it as Ctrl-C does. Settles when it is gone, rejects if it does not go. */
  async interrupt(ms: number): Promise<void> {
    this.#signal('SIGINT')
    await within(this.ended, 'end', ms)
  }

  readonly #kill = () => this.#signal('SIGKILL')

  #signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.#child.pid!, signal)
    } catch {
      // It has ended by itself.
    }
  }

  #failure(how: string): Error {
    return new Error(`${this.#line}: ${how}\n${this.printed.stdout}\n${this.printed.stderr}`)
  }
}

/** Runs a command line to its end, and gives what it printed to its standard output. */
export async function run(line: string, place: Place, ms: number): Promise<string> {
  const command = new Command(line, place)
  try {
    await command.finish(ms)
    return command.printed.stdout
  } finally {
    await command.stop()
  }
}
