/**
 * The time of a wrong password in a slow format, taken without its work.
 *
 * @module
 */
import type { SlowHash } from './format.ts'
import type { Gate } from './gate.ts'

/** How many unknown user names wait for the time of a check. What comes beyond ends with the last. */
export const MAX_DECOYS = 5_000
const MAX_COSTS = 8
/** Of how many checks of one cost the time is known: an unknown name takes that of one of them. */
const MAX_TIMES = 32

/** What a slow check costs. */
interface Cost {
  /** Where the last one ran. */
  gate: Gate
  /** How many milliseconds the last ones took, from their turn on. */
  readonly times: number[]
}

/** What slow checks cost, and who takes as long. */
export class Decoys {
  readonly #costs = new Map<string, Cost>()
  #last: Promise<false | 'busy'> | undefined

  /** Whether any slow check was made, so that there is a time to take. */
  get hasCosts(): boolean {
    return this.#costs.size > 0
  }

  /** What the last one that waits will be told. */
  get last(): Promise<false | 'busy'> | undefined {
    return this.#last
  }

  /** Notes how many milliseconds a check took. */
  note(hash: SlowHash, gate: Gate, time: number): void {
    const name =
      hash.kind === 'scrypt' ? `${hash.ln} ${hash.r} ${hash.p}` : `${hash.digest} ${hash.rounds}`
    const cost = this.#costs.get(name) ?? { gate, times: [] }
    cost.gate = gate
    cost.times.push(time)
    if (cost.times.length > MAX_TIMES) cost.times.shift()
    if (this.#costs.size < MAX_COSTS) this.#costs.set(name, cost)
  }

  /**
   * Takes the time of a wrong password, and is told what that would be told, but does not do its work:
   * names that somebody makes up must not keep out those on record.
   *
   * @param digits Hexadecimal digits that are always the same for one name: it takes the time of one
   * cost, as if it had a password of that.
   */
  pretend(digits: string, peer: string | undefined): Promise<false | 'busy'> {
    const pick = Number.parseInt(digits.slice(0, 2), 16) % this.#costs.size
    const { gate, times } = [...this.#costs.values()][pick]!
    const wait = async () => {
      if ((await gate.pretend(peer)) === 'busy') return 'busy'
      const time = times[Math.floor(Math.random() * times.length)]!
      await new Promise<void>((resolve) => setTimeout(resolve, time))
      return false
    }
    this.#last = wait()
    return this.#last
  }
}
