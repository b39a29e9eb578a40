/**
 * The rules of device types as `pattern` lines of Mosquitto's `acl_file`, each for all devices of
 * all types: the user name of a device, `{type}/{deviceId}`, is the middle of its topics.
 *
 * @module
 */
import type { DeviceType } from '../../device/type.ts'
import { DEFAULT_PREFIX, deviceRules } from '../default-rules.ts'
import type { AccessAction, AccessRule } from '../rule.ts'
import { describe, type ExportFinding, type ExportReason } from './finding.ts'
import { isMisreadInLine } from './mosquitto.ts'

/** Device types whose rules become `pattern` lines. */
export interface FleetPatterns {
  /** Every device type of the fleet. */
  readonly types: readonly DeviceType[]
  /** The fleet's prefix. Default: `things`. */
  readonly prefix?: string
}

/** One `pattern` line. */
export interface PatternLine {
  readonly action: AccessAction
  readonly access: 'read' | 'write'
  /** Its topic, with `%u` where the user name goes. */
  readonly topic: string
  /** The topic the line is about for one user. */
  fill(username: string): readonly string[]
}

/**
 * The lines that say, for a device of any of the types, just what the rules of its type do. A rule
 * that is not the same for all types is none: the line would grant it to the others.
 */
export function findPatterns(patterns: FleetPatterns | undefined): {
  readonly lines: readonly PatternLine[]
  readonly findings: readonly ExportFinding[]
} {
  const { types = [], prefix = DEFAULT_PREFIX } = patterns ?? {}
  const found = types.flatMap((type) =>
    [...deviceRules(type, prefix), ...type.rules].flatMap((rule) =>
      rule.effect === 'deny'
        ? []
        : rule.actions.map((action) => ({ type, rule, line: toLine(type, prefix, rule, action) })),
    ),
  )
  const lines = new Map<string, PatternLine>()
  const findings: ExportFinding[] = []
  for (const { type, rule, line } of found) {
    const refuse = (reason: ExportReason, text: string) => {
      const problem = { code: 'inexpressible', reason, text } as const
      findings.push(describe(`${type.name}/{deviceId}`, rule, problem))
    }
    if (!line) {
      refuse('pattern', 'cannot be a pattern line, which knows nothing but the user name')
      continue
    }
    const isSame = (other: PatternLine | undefined) =>
      other?.topic === line.topic && other.action === line.action
    const without = types.find((one) => !found.some((all) => all.type === one && isSame(all.line)))
    if (without) refuse('pattern', `would hold for devices of type "${without.name}" as well`)
    else lines.set(`${line.access} ${line.topic}`, line)
  }
  return { lines: [...lines.values()], findings }
}

function toLine(
  type: DeviceType,
  prefix: string,
  rule: AccessRule,
  action: AccessAction,
): PatternLine | undefined {
  // A deny of the type could cut any of its lines, and would cut it for all types.
  if (type.rules.some(({ effect }) => effect === 'deny')) return undefined
  if (rule.share !== undefined || (rule.maxQos ?? 2) < 2 || rule.retain !== undefined) {
    return undefined
  }
  const levels = rule.filter.split('/').map((level) => {
    if (level === '{prefix}') return prefix
    return level === '{type}' ? type.name : level
  })
  const device = levels.indexOf('{deviceId}')
  const whole = levels.indexOf('{username}')
  const isTyped = device > 0 && levels[device - 1] === type.name
  if (!isTyped && whole < 0) return undefined
  const before = levels.slice(0, isTyped ? device - 1 : whole)
  const after = levels.slice((isTyped ? device : whole) + 1)
  // Mosquitto 2.0 fills "%u" and "%c" in anywhere in a level.
  const isPlain = (level: string) => !/^[+#{]|%u|%c/.test(level)
  const topic = [...before, '%u', ...after].join('/')
  if (![...before, ...after].every(isPlain) || isMisreadInLine(topic)) return undefined
  return {
    action,
    access: action === 'publish' ? 'write' : 'read',
    topic,
    fill: (username) => [...before, ...username.split('/'), ...after],
  }
}
