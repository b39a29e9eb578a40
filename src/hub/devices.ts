/**
 * The devices of a fleet, to send commands to.
 *
 * @module
 */
import { DeviceUnknownError } from '../base/errors.ts'
import type { Publisher } from '../broker/broker.ts'
import { argumentsByName } from '../command/call.ts'
import type { OutgoingCommand } from '../command/pending.ts'
import type { DeviceRef } from '../device/reference.ts'
import type { DeviceType, ReplyOf } from '../device/type.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { HubDevice } from './hub.ts'
import { observedCommand, tracedCommand } from './observed.ts'

/**
 * Makes what `Hub.device` is.
 *
 * @param publishers By the names that the types use.
 * @param send Sends a command to a device that is on record, and settles as it ends.
 */
export function devicesOf(
  fleet: Fleet,
  publishers: Readonly<Record<string, Publisher>>,
  send: (command: OutgoingCommand) => Promise<unknown>,
): <T extends DeviceType>(type: T, id: string) => HubDevice<T> {
  const { observer, tracing } = fleet
  return <T extends DeviceType>(type: T, id: string): HubDevice<T> => {
    const topics = fleet.topics(type)
    const device: DeviceRef = { type: type.name, id }
    async function sendTo(name: string, args: readonly unknown[]): Promise<unknown> {
      if (!(await fleet.isActive(device))) throw new DeviceUnknownError(type.name, id)
      const broker = publishers[type.broker]!
      const command = { broker, type, device, topics, name, args }
      const run = () => (tracing ? tracedCommand(tracing, command, send) : send(command))
      return observer ? observedCommand(observer, type, name, run) : run()
    }
    return {
      type,
      id,
      async send(name, ...args) {
        return (await sendTo(name, args)) as ReplyOf<T['commands'][typeof name]>
      },
      async sendByName(name, payload, options) {
        return sendTo(name, argumentsByName(type, device, name, payload, options))
      },
    }
  }
}
