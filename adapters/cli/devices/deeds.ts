/**
 * What the command does to devices, on the audit trail of their store.
 *
 * @module
 */
import { userInfo } from 'node:os'
import { toError } from '../../../src/base/errors.ts'
import { printable } from '../../../src/base/quote.ts'
import type { DeviceStore } from '../../../src/device/store.ts'
import {
  begunEntry,
  type DeviceTrail,
  isOperatorName,
  recordDeed,
  resultOf,
  type TrailEntry,
  trailAttributes,
} from '../../../src/device/trail.ts'
import type { NewDevice, ProvisionOutcome } from '../../../src/fleet/fleet.ts'
import { findNameProblem } from '../../../src/topic/name.ts'
import { firstLine } from '../failure.ts'
import { printError } from '../output.ts'

/** Does things, and has them on the trail, if the store has one: that they were begun before they are done. */
export class Deeds {
  readonly #store: DeviceStore
  readonly #operator: string

  constructor(store: DeviceStore) {
    this.#store = store
    this.#operator = operatorName()
  }

  /** One deed on one device. Rejects, with nothing done, where its beginning cannot be written. */
  async on<T>(action: string, type: string, id: string, work: () => Promise<T>): Promise<T> {
    const { trail } = this.#store
    if (!trail || findNameProblem(type) || findNameProblem(id)) return work()
    const record = await this.#store.get(type, id)
    const about = { device: { type, id }, ...trailAttributes(record?.attributes) }
    const deed = { operator: this.#operator, action, ...about }
    return recordDeed(trail, deed, work, (entry, error) => void tellLost([entry], error))
  }

  /** Has the sessions of a device ended at several brokers. Where one fails the trail says so. */
  async kicking(
    type: string,
    id: string,
    work: () => Promise<readonly PromiseSettledResult<void>[]>,
  ): Promise<readonly PromiseSettledResult<void>[]> {
    let outcomes: readonly PromiseSettledResult<void>[] = []
    const incomplete = Object.assign(new Error('A broker failed'), { code: 'kick-incomplete' })
    try {
      await this.on('kick', type, id, async () => {
        outcomes = await work()
        if (outcomes.some(({ status }) => status === 'rejected')) throw incomplete
      })
    } catch (error) {
      if (error !== incomplete) throw error
    }
    return outcomes
  }

  /** Puts devices on record, with an entry for each whose id is one. */
  async provisioning(
    type: string,
    devices: readonly NewDevice[],
    work: () => Promise<readonly ProvisionOutcome[]>,
  ): Promise<readonly ProvisionOutcome[]> {
    const { trail } = this.#store
    if (!trail) return work()
    const begun = devices.map(({ id, attributes }) =>
      findNameProblem(id)
        ? undefined
        : begunEntry({
            operator: this.#operator,
            action: 'provision',
            device: { type, id },
            ...trailAttributes(attributes),
          }),
    )
    await trail.write(begun.filter((entry) => entry !== undefined))
    let resultAt = (_: number): string => 'done'
    try {
      const outcomes = await work()
      resultAt = (i) => (outcomes[i]?.error ? resultOf(outcomes[i].error) : 'done')
      return outcomes
    } catch (error) {
      resultAt = () => resultOf(error)
      throw error
    } finally {
      const ended = begun.flatMap((entry, i) => (entry ? [{ ...entry, result: resultAt(i) }] : []))
      await write(trail, ended)
    }
  }
}

async function write(trail: DeviceTrail, entries: readonly TrailEntry[]): Promise<void> {
  try {
    await trail.write(entries)
  } catch (error) {
    await tellLost(entries, error)
  }
}

async function tellLost(entries: readonly TrailEntry[], error: unknown): Promise<void> {
  const what = entries.length === 1 ? entries[0]!.action : `${entries.length} deeds`
  const problem = `the audit trail says that ${what} was begun, and not what came of it`
  await printError(printable(`devicehub: ${problem}: ${firstLine(toError(error))}`))
}

/** Who runs the command, as the system says. */
function operatorName(): string {
  try {
    const name = `${userInfo().username} (devicehub command)`
    return isOperatorName(name) ? name : 'devicehub command'
  } catch {
    return 'devicehub command'
  }
}
