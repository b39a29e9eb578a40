/**
 * Many devices put on record, by a run that may be ended at any moment and goes on where it was.
 *
 * What is there of a device is known by its credential, which is called by the run and the line. A device
 * that was put on record by a run that was killed before it wrote down what became of it so is its own: one
 * that nobody has the password of gets another, and no other device is ever touched.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises'
import type { ProgressOf } from './follow.ts'
import { type OperatedFleet, type Outcome, Refusal, type Report } from './operated.ts'
import type { Result, ResultFile } from './result-file.ts'
import type { Row } from './row.ts'

/** Most bytes of lines that are put on record at once: bodies of the routes have a bound. */
const MAX_BATCH_BYTES = 262_144
/** Seconds for which a password that nobody has stays beside its successor: it names the device as ours. */
const OVERLAP = 3_600

/** A line, and how far the source has been read. */
export type BulkRow = Row & {
  /** What has been read up to here: bytes, or lines. */
  readonly end: number
}

/** What became of all lines. */
export interface Summary {
  added: number
  /** Those that were on record before. */
  there: number
  refused: number
  /** Those that an earlier run had added. */
  earlier: number
}

/** What a bulk run takes. */
export interface BulkOptions {
  readonly fleet: Pick<OperatedFleet, 'batch' | 'provisionMany' | 'show' | 'rotate'>
  readonly rows: AsyncIterable<BulkRow>
  readonly results: ResultFile
  readonly stop: AbortSignal
  readonly follow: ProgressOf
}

/** A line that is to be put on record. */
type FilledRow = Extract<BulkRow, { readonly type: string }>

/**
 * Puts devices on record, until there are no more or it is told to stop: what was begun then is done.
 * Rejects as the fleet does; what became of all before that is in the file.
 */
export async function runBulk({
  fleet,
  rows,
  results,
  stop,
  follow,
}: BulkOptions): Promise<Summary> {
  const summary: Summary = { added: 0, there: 0, refused: 0, earlier: 0 }
  let batch: FilledRow[] = []
  let bytes = 0
  let end = 0

  function settle(became: readonly Result[]): void {
    // What is as it was is not written again.
    results.add(became.filter(({ line, result }) => results.of(line) !== result))
    for (const one of became) {
      summary[one.result] += 1
      follow.settled(one)
    }
  }

  async function flush(): Promise<void> {
    const types = new Map<string, FilledRow[]>()
    for (const row of batch) {
      const ofType = types.get(row.type)
      if (ofType) ofType.push(row)
      else types.set(row.type, [row])
    }
    batch = []
    bytes = 0
    for (const [type, ofType] of types) settle(await provision(type, ofType))
    // A driver that answers at once leaves no moment to hear of a signal.
    await setImmediate()
  }

  async function provision(type: string, ofType: readonly FilledRow[]): Promise<readonly Result[]> {
    const devices = ofType.map((row) => ({ ...row.device, credentialId: credentialOf(row) }))
    let outcomes: readonly Outcome[]
    try {
      outcomes = await fleet.provisionMany(type, devices)
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal
      outcomes = ofType.map(() => ({ refusal }))
    }
    const became: Result[] = []
    for (const [i, row] of ofType.entries()) became.push(await resultOf(row, outcomes[i]!))
    return became
  }

  async function resultOf(row: FilledRow, { report, refusal }: Outcome): Promise<Result> {
    if (report) return added(row, report)
    const isThere = refusal.code === 'ERR_DEVICE_EXISTS' && refusal.field !== 'user name'
    const own = isThere && results.isResumed ? await findOwn(row) : undefined
    if (own) return added(row, own)
    const { code, message: text } = refusal
    const { line, type } = row
    return { line, type, id: row.device.id, result: isThere ? 'there' : 'refused', code, text }
  }

  /** What an earlier run put on record without writing it down. */
  async function findOwn(row: FilledRow): Promise<Report | undefined> {
    const { type } = row
    const { id, passwordHash } = row.device
    try {
      const { username, credentials } = await fleet.show(type, id)
      if (!credentials.some((credential) => credential.id === credentialOf(row))) return undefined
      const report = { type, id, username, done: [], failed: [] }
      if (passwordHash !== undefined) return report
      // One that is revoked gets a password when it is restored.
      return await fleet.rotate(type, id, OVERLAP).catch((error) => {
        if (error instanceof Refusal && error.code === 'ERR_DEVICE_REVOKED') return report
        throw error
      })
    } catch (error) {
      // It was taken off record meanwhile.
      if (error instanceof Refusal && error.code === 'ERR_DEVICE_UNKNOWN') return undefined
      throw error
    }
  }

  const credentialOf = ({ line }: FilledRow) => `${results.run}:${line}`

  for await (const row of rows) {
    if (stop.aborted) break
    bytes += row.end - end
    end = row.end
    if (row.problem !== undefined) {
      settle([{ line: row.line, result: 'refused', text: row.problem }])
      continue
    }
    if (results.of(row.line) === 'added') {
      summary.earlier += 1
      if (batch.length === 0) bytes = 0
      continue
    }
    follow.at(row.line, row.end)
    batch.push(row)
    if (batch.length >= fleet.batch || bytes >= MAX_BATCH_BYTES) await flush()
  }
  if (!stop.aborted) await flush()
  return summary
}

function added({ line }: FilledRow, report: Report): Result {
  const { type, id, username, password, failed } = report
  return {
    line,
    type,
    id,
    result: 'added',
    username,
    ...(password !== undefined && { password }),
    ...(failed.length > 0 && { failed }),
  }
}
