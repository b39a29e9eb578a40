/**
 * How many commands go into one message. Mosquitto does nothing else while it runs them, and 2.0
 * writes its whole document anew for each, so the more logins it has the fewer they must be.
 *
 * @module
 */
import { monotonicNow } from '../../src/base/clock.ts'
import { type Answer, type Command, type ControlLink, MAX_BATCH_BYTES } from './control.ts'

/** Milliseconds that Mosquitto should spend on one batch. */
const BATCH_TIME = 250
const FIRST_BUDGET = 30
const MIN_BUDGET = 3
const MAX_BUDGET = 300

/** Sends batches, of a size learnt from how long those before took. */
export class Batches {
  readonly #link: ControlLink
  #budget = FIRST_BUDGET

  constructor(link: ControlLink) {
    this.#link = link
  }

  /** Begins a batch. */
  begin(): Batch {
    return new Batch(this.#budget)
  }

  /** Sends a batch, if there is anything in it. @throws As {@link ControlLink.run} does. */
  async send({ commands }: Batch): Promise<readonly Answer[]> {
    if (commands.length === 0) return []
    const start = monotonicNow()
    const answers = await this.#link.run(commands)
    const took = Math.max(monotonicNow() - start, 1)
    const fitting = Math.floor((commands.length * BATCH_TIME) / took)
    // Twice as many at most, since a small batch says little of a large one.
    const most = Math.min(2 * commands.length, MAX_BUDGET)
    // A small batch that was quick is no reason to go below what was learnt before.
    const least = fitting >= this.#budget ? this.#budget : MIN_BUDGET
    this.#budget = Math.max(least, Math.min(fitting, most))
    return answers
  }
}

/** Commands to be sent together. */
export class Batch {
  readonly commands: Command[] = []
  readonly #budget: number
  #bytes = 0

  constructor(budget: number) {
    this.#budget = budget
  }

  /** Adds commands that belong together, if there is room. The first always find room. */
  add(more: readonly Command[]): boolean {
    if (more.length === 0) return true
    // No character has more bytes than 3 for each of its units.
    const bytes = 3 * JSON.stringify(more).length
    const isFull =
      this.commands.length + more.length > this.#budget || this.#bytes + bytes > MAX_BATCH_BYTES
    if (this.commands.length > 0 && isFull) return false
    this.commands.push(...more)
    this.#bytes += bytes
    return true
  }
}
