/**
 * What travels on each channel of a device, and which way: what rules and subscriptions are made of.
 *
 * @module
 */
import type { Channel } from '../topic/template.ts'
import type { DeviceType } from './type.ts'

/** How a channel is used. */
export interface ChannelUse {
  readonly channel: Channel
  /** Who publishes on it; the other one subscribes. */
  readonly sender: 'device' | 'hub'
  /**
   * Whether one of several hubs is enough to receive a message. A reply has to reach the hub that
   * asked, whichever that is.
   */
  readonly isShared: boolean
}

const CHANNELS: readonly ChannelUse[] = [
  { channel: 'data', sender: 'device', isShared: true },
  { channel: 'status', sender: 'device', isShared: true },
  { channel: 'reply', sender: 'device', isShared: false },
  { channel: 'cmd', sender: 'hub', isShared: false },
]

/** The channels that devices of a type use: `reply` where some command of it declares one. */
export function channelsOf({ commands }: DeviceType): readonly ChannelUse[] {
  const hasReplies = Object.values(commands).some((command) => command.reply !== undefined)
  return CHANNELS.filter(({ channel }) => channel !== 'reply' || hasReplies)
}
