/**
 * The plain baseline: topics and filters are split at every question, and compared level by level,
 * one rule or filter after another. Nothing is prepared and nothing remembered.
 *
 * @module
 */
import type { AccessRequest, AccessRule, Principal } from '../src/index.ts'

/** Whether a filter matches a topic name. */
export function plainMatches(filter: string, name: string): boolean {
  return coversLevels(filter.split('/'), name.split('/'))
}

/** A principal's rules with the values in place of the placeholders, for every baseline alike. */
export function expandRules({ rules, attributes: values }: Principal): readonly AccessRule[] {
  return rules.map((rule) => {
    const filter = rule.filter.replaceAll(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
    return { ...rule, filter }
  })
}

/** Whether rules grant a request: an allow has to cover it, a deny only to overlap it. */
export function plainDecide(rules: readonly AccessRule[], request: AccessRequest): boolean {
  const asked = request.topic.split('/')
  let granted = false
  for (const rule of rules) {
    if (!rule.actions.includes(request.action)) continue
    if (rule.effect === 'deny') {
      if (overlapsLevels(rule.filter.split('/'), asked)) return false
    } else if (!granted) {
      granted = meets(rule, request) && coversLevels(rule.filter.split('/'), asked)
    }
  }
  return granted
}

/** The same with somebody else's matcher of names, for requests about a single topic. */
export function decideWith(
  matches: (filter: string, topic: string) => boolean,
  rules: readonly AccessRule[],
  request: AccessRequest,
): boolean {
  let granted = false
  for (const rule of rules) {
    if (!rule.actions.includes(request.action)) continue
    if (rule.effect === 'deny') {
      if (matches(rule.filter, request.topic)) return false
    } else if (!granted) {
      granted = meets(rule, request) && matches(rule.filter, request.topic)
    }
  }
  return granted
}

/** Whether a request meets an allow's conditions. */
export function meets({ maxQos, retain }: AccessRule, request: AccessRequest): boolean {
  if (maxQos !== undefined && !(request.qos !== undefined && request.qos <= maxQos)) return false
  return retain === undefined || request.action !== 'publish' || request.retain === retain
}

function coversLevels(outer: readonly string[], inner: readonly string[]): boolean {
  if (isWild(outer[0]) && inner[0]?.startsWith('$')) return false
  for (let i = 0; i < outer.length; i++) {
    if (outer[i] === '#') return true
    if (i >= inner.length || inner[i] === '#') return false
    if (outer[i] !== '+' && outer[i] !== inner[i]) return false
  }
  return outer.length === inner.length
}

function overlapsLevels(a: readonly string[], b: readonly string[]): boolean {
  if (isWild(a[0]) && b[0]?.startsWith('$')) return false
  if (isWild(b[0]) && a[0]?.startsWith('$')) return false
  for (let i = 0; ; i++) {
    if (a[i] === '#' || b[i] === '#') return true
    if (i >= a.length || i >= b.length) return a.length === b.length
    if (a[i] !== b[i] && a[i] !== '+' && b[i] !== '+') return false
  }
}

function isWild(level: string | undefined): boolean {
  return level === '+' || level === '#'
}
