/**
 * A Mosquitto, hubs and a publisher, and what is true at the end whatever happened: every message that
 * the broker acknowledged to its publisher is handled.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '../../bench/random.ts'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts'

/** Messages of a scenario. */
export const MESSAGES = Number(process.env.FAULT_MESSAGES ?? 50_000)
/** How often something is broken in it. */
export const FAULTS = 5
/** What decides when. */
export const SEED = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 1e9))
export const SEEDED: string = `(${MESSAGES} messages, FAULT_SEED=${SEED})`

/** How much a hub process may grow after its start, in bytes, however many messages there are. */
export const GROWTH: number = 64 * 2 ** 20

/** Milliseconds without anything new, after which nothing more will come. */
const STALL_LIMIT = 40_000

/** After how many acknowledged messages each fault comes: in order, at least some apart. */
export function faultMarks(title: string): readonly number[] {
  const random = seededRandom([...title].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) | 0, SEED))
  const part = Math.floor(MESSAGES / (FAULTS + 1))
  return Array.from({ length: FAULTS }, (_, i) => Math.floor(part * (i + 0.5)) + random(part / 2))
}

/** A folder for the files of a scenario, removed in the end. */
export interface Site extends AsyncDisposable {
  readonly mosquitto: Mosquitto
  /** A file that a hub notes messages in. */
  log(name: string): string
}

/** Saved when Mosquitto is stopped, and at no other time. */
const SAVED_AT_THE_END: readonly string[] = ['autosave_interval 0']
/** Saved again and again, after so many changes: several for each message. */
export const SAVED_NOW_AND_THEN: readonly string[] = [
  'autosave_on_changes true',
  `autosave_interval ${Math.ceil(MESSAGES / 25)}`,
]

/** Starts Mosquitto with durable sessions that hold as much as there is. */
export async function startSite(config: readonly string[] = SAVED_AT_THE_END): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-faults-'))
  const mosquitto = await startMosquitto({
    config: [
      'persistence true',
      `persistence_location ${folder}/`,
      'max_queued_messages 0',
      'max_queued_bytes 0',
      ...config,
    ],
  })
  return {
    mosquitto,
    log: (name) => join(folder, name),
    async [Symbol.asyncDispose]() {
      await mosquitto.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** How often each message was handled, as the hubs noted it. */
export function readHandled(logs: readonly string[]): Map<number, number> {
  const handled = new Map<number, number>()
  for (const log of logs) {
    for (const line of readFileSync(log, 'utf8').split('\n')) {
      if (line === '') continue
      const sequence = Number(line)
      handled.set(sequence, (handled.get(sequence) ?? 0) + 1)
    }
  }
  return handled
}

/** Every message of a scenario. */
export const ALL: readonly number[] = Array.from({ length: MESSAGES }, (_, i) => i)

/** Settles when all of these are handled. Fails with those that are missing if nothing comes any more. */
export async function untilHandled(
  wanted: readonly number[],
  logs: readonly string[],
): Promise<Map<number, number>> {
  let before = -1
  for (let since = Date.now(); Date.now() - since < STALL_LIMIT; ) {
    const handled = readHandled(logs)
    if (wanted.every((sequence) => handled.has(sequence))) return handled
    if (handled.size > before) since = Date.now()
    before = handled.size
    // The files of other processes tell nobody when they grow.
    await sleep(250)
  }
  const handled = readHandled(logs)
  const missing = wanted.filter((sequence) => !handled.has(sequence))
  assert.fail(`${missing.length} messages were not handled, such as ${missing.slice(0, 10)}`)
}

/** How many messages came more than once. */
export function countDuplicates(handled: ReadonlyMap<number, number>): number {
  return [...handled.values()].filter((times) => times > 1).length
}
