/**
 * What a stream is asked for.
 *
 * @module
 */
import type { DeviceRef } from '../../src/device/reference.ts'
import { findNameProblem } from '../../src/topic/name.ts'
import { ProblemError } from '../admin/problem.ts'
import { LIVE_QUERY, MAX_WATCHED } from './wire.ts'

/** What it has to tell of. */
export interface LiveQuery {
  /** Whose states, each once. */
  readonly devices: readonly DeviceRef[]
  /** Whose messages. */
  readonly follow: DeviceRef | undefined
  readonly hubs: boolean
  readonly log: boolean
}

/** A device as a key of maps: neither name has a `/`. */
export function keyOf({ type, id }: DeviceRef): string {
  return `${type}/${id}`
}

/** Reads it. @throws {ProblemError} If it is not what it has to be. */
export function readLiveQuery(query: URLSearchParams): LiveQuery {
  const known: readonly string[] = Object.values(LIVE_QUERY)
  if ([...query.keys()].some((name) => !known.includes(name))) {
    throw refused(`there are ${known.join(', ')}, and nothing else`)
  }
  const texts = new Set(query.getAll(LIVE_QUERY.device))
  if (texts.size > MAX_WATCHED) throw refused(`at most ${MAX_WATCHED} devices`)
  const follow = query.getAll(LIVE_QUERY.follow)
  if (follow.length > 1) throw refused('one device is followed')
  const read = {
    devices: [...texts].map(readRef),
    follow: follow[0] === undefined ? undefined : readRef(follow[0]),
    hubs: readFlag(query, LIVE_QUERY.hubs),
    log: readFlag(query, LIVE_QUERY.log),
  }
  const isEmpty = read.devices.length === 0 && !read.follow && !read.hubs && !read.log
  if (isEmpty) throw refused(`one of ${known.join(', ')} has to be given`)
  return read
}

function readRef(text: string): DeviceRef {
  const [type = '', id = ''] = text.split(/\/(.*)/s)
  if (findNameProblem(type) || findNameProblem(id)) {
    throw refused('a device is given as its type and its id, with a "/" between them')
  }
  return { type, id }
}

function readFlag(query: URLSearchParams, name: string): boolean {
  const values = query.getAll(name)
  if (values.length === 0) return false
  if (values.length > 1 || values[0] !== '1') throw refused(`"${name}" is "1", or left out`)
  return true
}

function refused(problem: string): ProblemError {
  return new ProblemError(400, 'request-invalid', `The query is not what it has to be: ${problem}`)
}
