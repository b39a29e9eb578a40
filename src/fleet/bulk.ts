/**
 * Many devices put on record at once.
 *
 * @module
 */
import { DeviceExistsError, hasCode, toError } from '../base/errors.ts'
import type { DeviceRecord, DeviceStore, TakenRecord } from '../device/store.ts'
import type { NewDevice, ProvisionOutcome, RecordedDevice } from './fleet.ts'

/** Most records that a store takes at once. */
const CHUNK = 1_000

/** A device that is ready to be put on record. */
export interface PreparedDevice {
  readonly record: DeviceRecord
  /** If one was generated. */
  readonly password: string | undefined
}

/** How one kind of devices is put on record. */
export interface BulkParts {
  readonly store: Pick<DeviceStore, 'insert' | 'insertMany'>
  /** Rejects for a device that is none. */
  readonly prepare: (device: NewDevice) => Promise<PreparedDevice>
  /** Tells of one that is on record. */
  readonly tell: (device: PreparedDevice) => Promise<RecordedDevice>
}

/** See `Fleet.provisionMany`. Never rejects. */
export async function provisionAll(
  devices: readonly NewDevice[],
  parts: BulkParts,
): Promise<readonly ProvisionOutcome[]> {
  const outcomes: ProvisionOutcome[] = []
  for (let from = 0; from < devices.length; from += CHUNK) {
    const chunk = devices.slice(from, from + CHUNK)
    try {
      outcomes.push(...(await provisionChunk(chunk, parts)))
    } catch (error) {
      // The store failed: whatever comes after it would wait for the same.
      const left = devices.slice(from)
      return [...outcomes, ...left.map((device) => ({ id: idOf(device), error: toError(error) }))]
    }
  }
  return outcomes
}

/** Rejects as the store does. */
async function provisionChunk(
  devices: readonly NewDevice[],
  { store, prepare, tell }: BulkParts,
): Promise<readonly ProvisionOutcome[]> {
  const prepared: (PreparedDevice | Error)[] = []
  for (const device of devices) prepared.push(await prepare(device).catch(toError))
  const records = prepared.flatMap((each) => (each instanceof Error ? [] : [each.record]))
  const taken = new Map(
    (await insertAll(store, records)).map(({ index, field }) => [records[index], field]),
  )
  const outcomes = prepared.map(async (each, i): Promise<ProvisionOutcome> => {
    const id = idOf(devices[i])
    if (each instanceof Error) return { id, error: each }
    const field = taken.get(each.record)
    if (field) return { id, error: new DeviceExistsError(each.record.type, id, field) }
    try {
      return { id, device: await tell(each) }
    } catch (error) {
      return { id, error: toError(error) }
    }
  })
  return Promise.all(outcomes)
}

/** Adds records. What was in the way of some is returned. */
async function insertAll(
  store: BulkParts['store'],
  records: readonly DeviceRecord[],
): Promise<readonly TakenRecord[]> {
  if (store.insertMany) return store.insertMany(records)
  const taken: TakenRecord[] = []
  for (const [index, record] of records.entries()) {
    try {
      await store.insert(record)
    } catch (error) {
      if (!hasCode(error, 'ERR_DEVICE_EXISTS')) throw error
      taken.push({ index, field: (error as DeviceExistsError).field })
    }
  }
  return taken
}

/** JavaScript may hand in anything. */
function idOf(device: unknown): string {
  const id = (device as Partial<NewDevice> | undefined | null)?.id
  return typeof id === 'string' ? id : ''
}
