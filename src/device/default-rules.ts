/**
 * The rules nobody has to write: what a device may do from its type alone, and what a hub needs.
 *
 * @module
 */
import type { AccessAction, AccessRule } from '../rule/rule.ts'
import { compileTemplate, DEFAULT_PREFIX } from '../topic/template.ts'
import { channelsOf } from './channels.ts'
import type { DeviceType } from './type.ts'

/** The share name hubs use unless they are given another. */
export const DEFAULT_SHARE_NAME = 'devicehub'

/**
 * What a device of a type may do: publish its own `data` and `status`, and `reply` when a command
 * declares one; subscribe to its own `cmd`. Nothing else.
 */
export function deviceRules(type: DeviceType, prefix: string): readonly AccessRule[] {
  const template = compileTemplate(type.template, { prefix, type: type.name })
  return channelsOf(type).map(({ channel, sender }) =>
    allow(sender === 'device' ? 'publish' : 'subscribe', template.rule(channel)),
  )
}

/**
 * What the login of a hub has to be granted: subscribe to `data`, `status` and `reply` of every
 * type, alone and under its share name, and publish to `cmd`.
 *
 * @param options.prefix The fleet's prefix. Default: `things`.
 * @param options.shareName The hub's share name. Default: `devicehub`.
 */
export function hubRules(
  types: readonly DeviceType[],
  options: { readonly prefix?: string; readonly shareName?: string } = {},
): readonly AccessRule[] {
  const { prefix = DEFAULT_PREFIX, shareName = DEFAULT_SHARE_NAME } = options
  return types.flatMap((type) => {
    const template = compileTemplate(type.template, { prefix, type: type.name })
    const channels = channelsOf(type)
    const received = channels
      .filter(({ sender }) => sender === 'device')
      .map((use) => ({ ...use, rule: allow('subscribe', template.filter(use.channel)) }))
    return [
      ...received.map(({ rule }) => rule),
      ...received.flatMap(({ isShared, rule }) =>
        isShared ? [{ ...rule, share: shareName }] : [],
      ),
      ...channels
        .filter(({ sender }) => sender === 'hub')
        .map(({ channel }) => allow('publish', template.filter(channel))),
    ]
  })
}

function allow(action: AccessAction, filter: string): AccessRule {
  return { effect: 'allow', actions: [action], filter }
}
