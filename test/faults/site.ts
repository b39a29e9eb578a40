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
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts'

/** Messages of a scenario. */
export const MESSAGES = Number(process.env.FAULT_MESSAGES ?? 50_000)
/** How often something is broken in it. */
export const FAULTS = 5
/** What decides when. */
export const SEED = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 1e9))
export const SEEDED: string = `(${MESSAGES} messages, FAULT_SEED=${SEED})`

/** A hub that keeps what it has handled in memory would grow with it: by more than this. */
export const MEMORY_BOUND: number = 320 * 1024 * 1024

const LIMIT = 120_000

/** After how many acknowledged messages each fault comes: in order, at least some apart. */
export function faultMarks(title: string): readonly number[] {
  let state = (SEED ^ [...title].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) | 0, 7)) >>> 0
  const random = () => {
    // A linear congruential generator (Numerical Recipes): only to be the same for the same seed.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const part = Math.floor(MESSAGES / (FAULTS + 1))
  return Array.from({ length: FAULTS }, (_, i) => Math.floor(part * (i + 0.5 + random() * 0.5)))
}

/** A folder for the files of a scenario, removed in the end. */
export interface Site extends AsyncDisposable {
  readonly mosquitto: Mosquitto
  /** A file that a hub notes messages in. */
  log(name: string): string
}

/** Starts Mosquitto with durable sessions that hold as much as there is. */
export async function startSite(config: readonly string[] = []): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-faults-'))
  const mosquitto = await startMosquitto({
    config: [
      'persistence true',
      `persistence_location ${folder}/`,
      // Saved when it is stopped, and at no other time.
      'autosave_interval 0',
      'max_queued_messages 0',
      'max_queued_bytes 0',
      'set_tcp_nodelay true',
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

/** Settles when every message is handled. Fails with those that are missing if nothing comes any more. */
export async function allHandled(logs: readonly string[]): Promise<Map<number, number>> {
  const end = Date.now() + LIMIT
  for (let before = -1; ; ) {
    const handled = readHandled(logs)
    if (handled.size === MESSAGES) return handled
    if (Date.now() > end || (handled.size === before && Date.now() > end - LIMIT / 2)) {
      const missing = Array.from({ length: MESSAGES }, (_, i) => i).filter((i) => !handled.has(i))
      assert.fail(`${missing.length} messages were not handled, such as ${missing.slice(0, 10)}`)
    }
    before = handled.size
    // The files of other processes tell nobody when they grow.
    await sleep(250)
  }
}

/** How many messages came more than once. */
export function countDuplicates(handled: ReadonlyMap<number, number>): number {
  return [...handled.values()].filter((times) => times > 1).length
}
