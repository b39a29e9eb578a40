/**
 * What of a server's events the operator is told.
 *
 * @module
 */
import { describeError } from '../../src/base/log.ts'
import type { QuietLog } from '../../src/base/quiet-log.ts'
import { quote } from '../../src/base/quote.ts'
import type { DropCode, RefusalCode, ServerEvent } from '../../src/server/events.ts'

/** Why a message did not reach a session; what is missing is no trouble. */
const DROPPED: Readonly<Partial<Record<DropCode, string>>> = {
  'session-full': 'is full',
  'client-slow': 'has a client that reads too slowly',
  'packet-too-large': 'has a client that takes no packet as large',
}

/** What was done for lack of room, and the limits that say so. */
const REFUSED: Readonly<Record<RefusalCode, string>> = {
  'connections-full': 'closed unread: there are as many as there may be (maxConnections).',
  'logins-full':
    'closed unread: as many as there may be are not logged in yet (maxUnauthenticated).',
  'sessions-full':
    'refused: its sessions, or all there are, take as much room as they may (maxSessionsPerOwner, maxSessions, maxStoredBytesPerOwner, maxStoredBytes).',
}

/** Logs an event, if it tells of a trouble. */
export function logTrouble(log: QuietLog, event: ServerEvent): void {
  switch (event.kind) {
    case 'malformed': {
      const who = event.owner ?? 'a client that is not logged in'
      log.write('info', 'malformed', `The connection of ${who} ended: ${event.problem}.`)
      break
    }
    case 'dropped': {
      const problem = DROPPED[event.code]
      if (problem === undefined) break
      log.write('warn', event.code, () => {
        const session = `The session ${quote(event.clientId)} of ${event.owner}`
        return `${session} ${problem}: a message for ${quote(event.topic)} is not kept for it.`
      })
      break
    }
    case 'refused': {
      const { code, owner } = event
      const who = owner === undefined ? 'A connection' : `A login of ${owner}`
      log.write('warn', code, `${who} was ${REFUSED[code]}`)
      break
    }
    case 'not-retained': {
      const why = 'there are as many as there may be'
      log.write('warn', event.kind, () => `A message of ${event.owner} is not retained: ${why}.`)
      break
    }
    case 'session-dropped': {
      const session = `The session ${quote(event.clientId)} of ${event.owner} ended`
      log.write('warn', event.kind, `${session}: a user name may not have more of them.`)
      break
    }
    case 'error':
      log.write('error', 'broker', `The embedded broker: ${describeError(event.error)}`)
  }
}
