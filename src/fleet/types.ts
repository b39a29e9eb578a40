/**
 * The device types of a fleet: by name, with their topics and the rules that each gives its devices.
 *
 * @module
 */
import { ConfigError, DeviceTypeUnknownError } from '../base/errors.ts'
import { deviceRules } from '../device/default-rules.ts'
import { compileTemplates } from '../device/templates.ts'
import type { DeviceType } from '../device/type.ts'
import type { AccessRule } from '../rule/rule.ts'
import { parseTopicName } from '../topic/filter.ts'
import { findNameProblem } from '../topic/name.ts'
import type { Channel, TopicTemplate } from '../topic/template.ts'

/** Whose topic a name is. */
export interface TopicOwner {
  readonly type: DeviceType
  readonly deviceId: string
  readonly channel: Channel
}

/** What a fleet knows of one of its types. */
interface KnownType {
  readonly type: DeviceType
  readonly template: TopicTemplate
  readonly rules: readonly AccessRule[]
}

/** The types of one fleet. */
export class FleetTypes {
  readonly prefix: string
  readonly all: readonly DeviceType[]
  readonly #byName: ReadonlyMap<string, KnownType>

  /** @throws {ConfigError} If two types have one name, or topics in common. */
  constructor(types: readonly DeviceType[], prefix: string) {
    this.prefix = prefix
    this.all = types
    const templates = compileTemplates(types, prefix)
    this.#byName = new Map(
      types.map((type) => {
        // Frozen, so that they are made ready once for all devices.
        const rules = Object.freeze([...deviceRules(type, prefix), ...type.rules])
        return [type.name, { type, template: templates.get(type.name)!, rules }]
      }),
    )
  }

  /** Whether a type has this name. */
  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** See `Fleet.type`. */
  named(name: string): DeviceType {
    const known = this.#byName.get(name)
    if (known) return known.type
    throw new DeviceTypeUnknownError(String(name), [...this.#byName.keys()])
  }

  /** The rules of every device of a type; `undefined` if there is none of this name. */
  rulesOf(name: string): readonly AccessRule[] | undefined {
    return this.#byName.get(name)?.rules
  }

  /** @throws {ConfigError} If a type is not of this fleet. */
  check(type: DeviceType): void {
    this.topics(type)
  }

  /** See `Fleet.topics`. */
  topics(type: DeviceType): TopicTemplate {
    const known = this.#byName.get(type.name)
    if (known?.type === type) return known.template
    throw new ConfigError('types', `the device type "${type.name}" is not one of this fleet`)
  }

  /** The topics of one device. */
  topicsOf(type: DeviceType, id: string): Readonly<Record<Channel, string>> {
    const template = this.topics(type)
    return {
      data: template.name(id, 'data'),
      status: template.name(id, 'status'),
      cmd: template.name(id, 'cmd'),
      reply: template.name(id, 'reply'),
    }
  }

  /** See `Fleet.route`. */
  route(topic: string): TopicOwner | undefined {
    const levels = parseTopicName(topic)
    for (const { type, template } of this.#byName.values()) {
      const found = template.parse(levels)
      // No device has an id that is none, so such a topic is nobody's.
      if (found) return findNameProblem(found.deviceId) ? undefined : { type, ...found }
    }
    return undefined
  }
}
