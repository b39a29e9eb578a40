/**
 * The connections of the broker, from accepting one to closing them all.
 *
 * @module
 */
import type { Duplex } from 'node:stream'
import type { Aedes, Client } from 'aedes'
import { describeError } from '../../src/base/log.ts'
import type { QuietLog } from '../../src/base/quiet-log.ts'
import type { Guard } from './guard.ts'
import type { Acceptor } from './listen.ts'
import { screenPackets } from './packet.ts'
import { Refusal } from './refusal.ts'

/** Takes connections, and ends them. */
export interface ConnectionKeeper extends Acceptor {
  /**
   * Disconnects every client, and the broker with them. Settles when all connections are gone.
   */
  close(): Promise<void>
}

/** How long clients have to take their DISCONNECT. */
const GOODBYE_MS = 1_000

/**
 * Has each read of a stream give all that has come. Aedes reads once for each `readable`, and from Node
 * 26 on a read gives one piece: a packet in three would wait for a fourth.
 */
function readWhole(stream: Duplex): void {
  const read = stream.read.bind(stream)
  stream.read = (size) => {
    const pieces: Buffer[] = []
    for (let piece = read(size); piece !== null; piece = read(size)) pieces.push(piece)
    return pieces.length > 1 ? Buffer.concat(pieces) : (pieces[0] ?? null)
  }
}

/** Makes a keeper of a broker's connections. */
export function connectionKeeper(aedes: Aedes, guard: Guard, log: QuietLog): ConnectionKeeper {
  const streams = new Set<Duplex>()
  /** Clients whose end has its line in the log. */
  const reported = new WeakSet<Client>()

  function report(client: Client, problem: string): void {
    if (reported.has(client)) return
    reported.add(client)
    const who = guard.describe(client)
    log.write('info', 'connection', `The connection of ${who} ended: ${problem}.`)
  }

  function onTrouble(client: Client, error: Error & { code?: unknown }): void {
    // What the guard refused is told in its own words, and one with a code is the network's.
    if (!(error instanceof Refusal) && error.code === undefined) report(client, error.message)
  }
  aedes.on('clientError', onTrouble)
  aedes.on('connectionError', onTrouble)
  const onError = (error: Error) => {
    log.write('error', 'broker', `The embedded broker: ${describeError(error)}`)
  }
  // The type of `aedes` does not name this event, which would end the process if nobody listened.
  const events: { on(event: 'error', listener: (error: Error) => void): unknown } =
    aedes as NodeJS.EventEmitter
  events.on('error', onError)

  return {
    onError,

    accept(stream) {
      streams.add(stream)
      stream.once('close', () => streams.delete(stream))
      readWhole(stream)
      const client = aedes.handle(stream)
      screenPackets(client, (problem) => report(client, problem))
    },

    async close() {
      const closed = new Promise<void>((resolve) => aedes.close(() => resolve()))
      let timer: ReturnType<typeof setTimeout> | undefined
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, GOODBYE_MS)
      })
      await Promise.race([closed, limit])
      clearTimeout(timer)
      const gone = [...streams].map(
        (stream) => new Promise<void>((resolve) => stream.once('close', () => resolve())),
      )
      for (const stream of streams) stream.destroy()
      await Promise.all([closed, ...gone])
    },
  }
}
