/**
 * Refusals, outages and restarts at every moment of a connection's life. The client and its sockets are
 * real; the clock is the test's, so that an hour of pauses takes no time.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type BrokerConfig, mqtt } from '../../adapters/mqtt/index.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { Clock } from './clock.ts'
import { type Connack, type ScriptedBroker, scriptedBroker } from './scripted-broker.ts'

/** What a broker does for a while. */
interface Phase {
  /**
   * Takes the login; is started again first, so that whoever was there is not any more; refuses the
   * login; ends each connection at once, or when it has read the login; says nothing any more.
   */
  readonly is: 'well' | 'restarted' | 'refusing' | 'away' | 'hanging up' | 'silent'
  /** Seconds. */
  readonly lasts: number
  /** With what it refuses: a reason code of MQTT 5, or a return code of 3.1.1. */
  readonly reason: number
}

const CONNECT_TIMEOUT = 10_000
/** What `mqtt()` promises: the longest pause, and an attempt that the broker says nothing to. */
const BOUND = 60_000 + CONNECT_TIMEOUT
const HOUR = 3_600

/** One client, and one broker that goes through its phases and is well after them. */
class Run {
  /** When the broker refused, in milliseconds. */
  readonly refusals: number[] = []
  /** When there was a connection. */
  readonly connected: number[] = []
  readonly #clock: Clock
  readonly #phases: readonly Phase[]
  readonly #server: ScriptedBroker
  readonly #broker: Broker
  #phase = 0
  /** What the client does, as far as there is anything to wait for. */
  #state: 'dialling' | 'unanswered' | 'pausing' | 'connected' | 'closed' = 'dialling'
  #settled: (() => void) | undefined

  static async make(
    clock: Clock,
    phases: readonly Phase[],
    config: BrokerConfig,
    use: (run: Run) => Promise<void>,
  ): Promise<void> {
    let run: Run | undefined
    await using server = await scriptedBroker({
      accept: () => run!.#is !== 'away',
      connect: () => run!.#answer(),
    })
    run = new Run(clock, phases, config, server)
    try {
      await use(run)
    } finally {
      server.cut()
      await run.#broker.close()
    }
  }

  private constructor(
    clock: Clock,
    phases: readonly Phase[],
    config: BrokerConfig,
    server: ScriptedBroker,
  ) {
    this.#clock = clock
    this.#phases = phases
    this.#server = server
    const login = { username: 'hub', password: 'password' }
    const options = { connectTimeout: CONNECT_TIMEOUT / 1000, keepalive: 0, ...login, ...config }
    this.#broker = mqtt({ ...options, url: server.url })
    void this.#watch()
    // It settles when the first connection stands, or this run is over.
    this.#broker.connect({ onMessage() {} }).catch(() => {})
  }

  /** When the last phase is over. */
  get end(): number {
    return this.#startOf(this.#phases.length)
  }

  /** Lets time pass until a time, or until the phases are over and the client is connected. */
  async until(time: number): Promise<void> {
    for (;;) {
      while (this.#state === 'dialling') await new Promise<void>((resolve) => this.#await(resolve))
      assert.notEqual(this.#state, 'closed')
      const isOver = this.#phase >= this.#phases.length
      if (isOver && this.#state === 'connected') return
      if (this.#clock.now >= time) return
      const change = isOver ? Infinity : this.#startOf(this.#phase + 1)
      if (this.#state === 'connected' || change < this.#clock.next) {
        this.#clock.turn(change)
        this.#change()
      } else {
        this.#state = 'dialling'
        this.#clock.turn(this.#clock.next)
      }
    }
  }

  get #is(): Phase['is'] {
    return this.#phases[this.#phase]?.is ?? 'well'
  }

  #startOf(phase: number): number {
    return this.#phases.slice(0, phase).reduce((sum, { lasts }) => sum + lasts * 1000, 0)
  }

  #change(): void {
    this.#phase++
    const isOver = this.#phase >= this.#phases.length
    if (isOver || this.#is === 'well' || this.#is === 'refusing') return
    this.#server.cut()
    // Whatever was open is noticed by the client, and told.
    if (this.#state !== 'pausing') this.#state = 'dialling'
  }

  #answer(): Connack | 'hang-up' | 'silence' {
    switch (this.#is) {
      case 'refusing':
        this.refusals.push(this.#clock.now)
        return { reason: this.#phases[this.#phase]!.reason }
      case 'hanging up':
        return 'hang-up'
      case 'silent':
        this.#settle('unanswered')
        return 'silence'
      default:
        return {}
    }
  }

  async #watch(): Promise<void> {
    for await (const { kind: type } of this.#broker.status()) {
      if (type === 'error') continue
      if (type === 'connected') this.connected.push(this.#clock.now)
      const isWaiting = type === 'disconnected' || type === 'reconnect-failed'
      this.#settle(isWaiting ? 'pausing' : type)
    }
  }

  #settle(state: 'unanswered' | 'pausing' | 'connected' | 'closed'): void {
    this.#state = state
    this.#settled?.()
    this.#settled = undefined
  }

  #await(settled: () => void): void {
    this.#settled = settled
  }
}

/** Runs with chance from a seed. */
async function seeded(seed: number, run: (clock: Clock) => Promise<void>): Promise<void> {
  const { random } = Math
  let state = seed
  // A linear congruential generator with the constants of Numerical Recipes. Not from 0 on: a pause of
  // no time is none of the clock's.
  Math.random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return 0.001 + (0.999 * state) / 2 ** 32
  }
  using clock = new Clock()
  try {
    await run(clock)
  } finally {
    Math.random = random
  }
}

const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const protocol = fc.constantFrom(
  { protocolVersion: 5 as const, reasons: [0x86, 0x87, 0x88, 0x89] },
  { protocolVersion: 4 as const, reasons: [3, 4, 5] },
)

function phasesOf(reasons: readonly number[]): fc.Arbitrary<Phase[]> {
  const phase: fc.Arbitrary<Phase> = fc.record({
    is: fc.constantFrom(
      'well',
      'restarted',
      'refusing',
      'refusing',
      'away',
      'hanging up',
      'silent',
    ),
    lasts: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 5, max: 120 })),
    reason: fc.constantFrom(...reasons),
  })
  return fc.array(phase, { minLength: 1, maxLength: 6 })
}

const well: Phase = { is: 'well', lasts: 1, reason: 0 }

describe('a client whose login is right', () => {
  for (const waitForBroker of [false, true]) {
    const when = waitForBroker ? 'from the first attempt on' : 'after its first connection'
    test(`is there again in time, and is no nuisance until then, ${when}`, async () => {
      const schedule = protocol.chain(({ protocolVersion, reasons }) =>
        fc.record({ protocolVersion: fc.constant(protocolVersion), phases: phasesOf(reasons) }),
      )
      const property = fc.asyncProperty(seed, schedule, (chance, { protocolVersion, phases }) =>
        seeded(chance, (clock) => {
          const all = waitForBroker ? phases : [well, ...phases]
          return Run.make(clock, all, { protocolVersion, waitForBroker }, async (run) => {
            await run.until(run.end + BOUND)
            assert.ok(run.connected.at(-1)! <= run.end + BOUND, `at ${run.connected.at(-1)}`)
            const gaps = run.refusals.slice(1).map((time, i) => time - run.refusals[i]!)
            assert.ok(
              gaps.every((gap) => gap >= 500),
              `after ${gaps}`,
            )
          })
        }),
      )
      await fc.assert(property, { numRuns: 500 })
    })
  }

  test('is there again after its account was refused ten times in a row', async () => {
    for (const reason of [0x86, 0x87]) {
      await seeded(1, (clock) => {
        const refusing: Phase = { is: 'refusing', lasts: 400, reason }
        const phases: Phase[] = [well, { is: 'restarted', lasts: 0, reason: 0 }, refusing]
        return Run.make(clock, phases, {}, async (run) => {
          await run.until(run.end + BOUND)
          assert.ok(run.refusals.length >= 10, `${run.refusals.length} refusals`)
          assert.equal(run.connected.length, 2)
          assert.ok(run.connected[1]! <= run.end + 60_000)
        })
      })
    }
  })
})

describe('a client', () => {
  for (const waitForBroker of [false, true]) {
    test(`with a wrong login comes twice a minute in the end, ${waitForBroker ? 'at first' : 'later'}`, async () => {
      const property = fc.asyncProperty(seed, (chance) =>
        seeded(chance, (clock) => {
          const refusing: Phase = { is: 'refusing', lasts: HOUR, reason: 0x86 }
          const before: Phase[] = [well, { is: 'restarted', lasts: 0, reason: 0 }]
          const phases = waitForBroker ? [refusing] : [...before, refusing]
          return Run.make(clock, phases, { waitForBroker }, async (run) => {
            await run.until(run.end - 1)
            const { refusals } = run
            // Once a minute at least, and not more than the shortest pauses allow.
            assert.ok(refusals.length >= HOUR / 60, `${refusals.length}`)
            assert.ok(refusals.length <= 7 + HOUR / 30, `${refusals.length}`)
            const gaps = refusals.slice(1).map((time, i) => time - refusals[i]!)
            for (const [i, gap] of gaps.entries()) {
              const longest = Math.min(60_000, 1_000 * 2 ** i)
              assert.ok(gap >= longest / 2 && gap <= longest, `${gap} after ${i + 1} refusals`)
            }
          })
        }),
      )
      await fc.assert(property, { numRuns: 10 })
    })
  }
})
