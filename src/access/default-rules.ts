/**
 * The rules nobody has to write: what a device may do from its type alone, and what a hub needs.
 *
 * @module
 */
import type { DeviceType } from '../device/type.ts'
import { type Channel, compileTemplate } from '../topic/template.ts'
import type { AccessAction, AccessRule } from './rule.ts'

/** The share name hubs use unless they are given another. */
export const DEFAULT_SHARE_NAME = 'devicehub'

/** The first level of topics unless a fleet is given another. */
export const DEFAULT_PREFIX = 'things'

/** Whether some command of the type has a reply, so that its devices use the `reply` channel. */
export function hasReplies(type: DeviceType): boolean {
  return Object.values(type.commands).some((command) => command.reply !== undefined)
}

/**
 * What a device of a type may do: publish its own `data` and `status`, and `reply` when a command
 * declares one; subscribe to its own `cmd`. Nothing else.
 */
export function deviceRules(type: DeviceType, prefix: string): readonly AccessRule[] {
  const template = compileTemplate(type.template, { prefix, type: type.name })
  const up: Channel[] = hasReplies(type) ? ['data', 'status', 'reply'] : ['data', 'status']
  return [
    ...up.map((channel) => allow('publish', template.rule(channel))),
    allow('subscribe', template.rule('cmd')),
  ]
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
    const data = allow('subscribe', template.filter('data'))
    const status = allow('subscribe', template.filter('status'))
    return [
      data,
      status,
      { ...data, share: shareName },
      { ...status, share: shareName },
      ...(hasReplies(type) ? [allow('subscribe', template.filter('reply'))] : []),
      allow('publish', template.filter('cmd')),
    ]
  })
}

function allow(action: AccessAction, filter: string): AccessRule {
  return { effect: 'allow', actions: [action], filter }
}
