/**
 * Commands, told to an observer and traced.
 *
 * @module
 */
import { DeviceHubError } from '../base/errors.ts'
import type { OutgoingCommand } from '../command/pending.ts'
import type { DeviceType } from '../device/type.ts'
import { type ObservedEvent, type Observer, timed } from '../fleet/observer.ts'
import { type Tracing, traceCommand } from '../fleet/tracing.ts'

/** Sends a command, and tells how it ended. */
export async function observedCommand(
  observer: Observer,
  type: DeviceType,
  name: string,
  send: () => Promise<unknown>,
): Promise<unknown> {
  const command = labelOf(type, name)
  const ended = (code: string, seconds: number): ObservedEvent => {
    return { kind: 'command', type: type.name, command, code, seconds }
  }
  return timed(
    observer,
    send,
    (_, seconds) => ended('done', seconds),
    (error, seconds) => ended(codeOf(error), seconds),
  )
}

function codeOf(error: unknown): string {
  if (!(error instanceof DeviceHubError)) return 'aborted'
  return error.code
}

/** Sends a command under a tracing, with what carries its context. */
export function tracedCommand(
  tracing: Tracing,
  outgoing: OutgoingCommand,
  send: (outgoing: OutgoingCommand) => Promise<unknown>,
): Promise<unknown> {
  const { type, device, name } = outgoing
  const about = { ...device, command: labelOf(type, name), broker: type.broker }
  return traceCommand(tracing, about, (carrier) => send({ ...outgoing, carrier }))
}

/** One that nobody declared may be called anything. */
function labelOf(type: DeviceType, name: string): string {
  return Object.hasOwn(type.commands, name) ? name : 'unknown'
}
