/**
 * Topic templates: the one place that knows where in a topic the device id and the channel stand.
 * A template is compiled once into level positions; names are parsed by position.
 *
 * @module
 */
import { InvalidTopicError } from '../base/errors.ts'
import { parseTopicFilter } from './filter.ts'

/** The first level of topics unless a fleet is given another. */
export const DEFAULT_PREFIX = 'things'

/** The template a device type has unless it declares its own. */
export const DEFAULT_TEMPLATE = '{prefix}/{type}/{deviceId}/{channel}'

/** The last level of a topic: what kind of message travels on it. */
export type Channel = 'data' | 'status' | 'cmd' | 'reply'

const CHANNELS: readonly string[] = ['data', 'status', 'cmd', 'reply'] satisfies Channel[]

/** A device type's topics. */
export interface TopicTemplate {
  /** The topic name of one device's channel. The id must be checked already. */
  name(deviceId: string, channel: Channel): string
  /** The filter for one channel of every device; for every channel when none is given. */
  filter(channel?: Channel): string
  /** The template with `{deviceId}` left in, for access rules. */
  rule(channel: Channel): string
  /** What a topic name's levels say, or `undefined` if they are not of this template. */
  parse(levels: readonly string[]): { deviceId: string; channel: Channel } | undefined
}

/**
 * Compiles a template. `{prefix}` and `{type}` are replaced at once; `{deviceId}` and `{channel}`
 * must each be one whole level, exactly once.
 *
 * @throws {InvalidTopicError} If they are not, another placeholder or a wildcard is used, or the
 * result is no well-formed topic.
 */
export function compileTemplate(
  template: string,
  values: { readonly prefix: string; readonly type: string },
): TopicTemplate {
  const levels = template.split('/').map((level) => {
    if (level === '{prefix}') return values.prefix
    if (level === '{type}') return values.type
    return level
  })
  const bad = (problem: string) => new InvalidTopicError('topic template', template, problem)
  for (const level of levels) {
    if (level === '{deviceId}' || level === '{channel}') continue
    if (level.includes('{') || level.includes('}')) {
      throw bad(`"${level}" is not {prefix}, {type}, {deviceId} or {channel} as a whole level`)
    }
    if (level.includes('+') || level.includes('#')) throw bad('a template holds no wildcard')
  }
  const idAt = levels.indexOf('{deviceId}')
  const channelAt = levels.indexOf('{channel}')
  if (idAt < 0 || idAt !== levels.lastIndexOf('{deviceId}')) {
    throw bad('{deviceId} must stand in it exactly once')
  }
  if (channelAt < 0 || channelAt !== levels.lastIndexOf('{channel}')) {
    throw bad('{channel} must stand in it exactly once')
  }
  if (levels[0]?.startsWith('$')) throw bad('topics that begin with "$" belong to the broker')

  const fill = (deviceId: string, channel: string) => {
    const filled = levels.slice()
    filled[idAt] = deviceId
    filled[channelAt] = channel
    return filled.join('/')
  }
  parseTopicFilter(fill('+', '+'))
  return {
    name: fill,
    filter: (channel = '+' as Channel) => fill('+', channel),
    rule: (channel) => fill('{deviceId}', channel),
    parse(name) {
      if (name.length !== levels.length) return undefined
      for (let i = 0; i < levels.length; i++) {
        if (i !== idAt && i !== channelAt && name[i] !== levels[i]) return undefined
      }
      const channel = name[channelAt]!
      if (!CHANNELS.includes(channel)) return undefined
      return { deviceId: name[idAt]!, channel: channel as Channel }
    },
  }
}
