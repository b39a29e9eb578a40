/**
 * The topics of all device types of a fleet.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { parseTopicFilter } from '../topic/filter.ts'
import { levelsOverlap } from '../topic/relation.ts'
import { compileTemplate, type TopicTemplate } from '../topic/template.ts'
import type { DeviceType } from './type.ts'

/**
 * Compiles the template of each type.
 *
 * @throws {ConfigError} If two types have one name, or topics in common.
 */
export function compileTemplates(
  types: readonly DeviceType[],
  prefix: string,
): Map<string, TopicTemplate> {
  const templates = new Map<string, TopicTemplate>()
  const filters = new Map<string, readonly string[]>()
  for (const type of types) {
    if (templates.has(type.name)) {
      throw new ConfigError('types', `two device types have the name "${type.name}"`)
    }
    const template = compileTemplate(type.template, { prefix, type: type.name })
    const filter = parseTopicFilter(template.filter()).levels
    for (const [name, other] of filters) {
      if (levelsOverlap(filter, other)) {
        throw new ConfigError(
          'types',
          `topics of "${type.name}" (${filter.join('/')}) and "${name}" (${other.join('/')}) overlap: a message could be of either type`,
        )
      }
    }
    templates.set(type.name, template)
    filters.set(type.name, filter)
  }
  return templates
}
