/**
 * What is subscribed to, to hear devices.
 *
 * @module
 */
import type { Subscription } from '../broker/broker.ts'
import { channelsOf } from '../device/channels.ts'
import type { DeviceType } from '../device/type.ts'
import type { Fleet } from '../fleet/fleet.ts'

/** All that devices of some types of a fleet send. */
export function subscriptionsTo(
  fleet: Fleet,
  types: readonly DeviceType[],
): readonly Subscription[] {
  return types.flatMap((type) =>
    channelsOf(type)
      .filter(({ sender }) => sender === 'device')
      .map(({ channel, isShared }) => ({
        filter: fleet.topics(type).filter(channel),
        ...(isShared && { shared: true }),
      })),
  )
}
