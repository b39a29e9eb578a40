/**
 * Principals for the tests of decisions.
 *
 * @module
 */
import * as v from 'valibot'
import { deviceRules } from '../../src/device/default-rules.ts'
import { command, defineDeviceType } from '../../src/device/type.ts'
import type { Principal } from '../../src/rule/principal.ts'
import type { AccessRule, Attributes } from '../../src/rule/rule.ts'

/** Declares a command with a reply, so its devices use all four channels. */
export const weatherStation = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number() }),
  commands: { setInterval: command({ reply: v.object({ interval: v.number() }) }) },
})

/** Declares no reply. */
export const pump = defineDeviceType('pump', {
  data: v.object({ rpm: v.number() }),
  commands: { stop: command() },
})

/** `weatherstation/STATION-001` with its default rules, and more. */
export function station(more: readonly AccessRule[] = [], attributes: Attributes = {}): Principal {
  const username = 'weatherstation/STATION-001'
  return {
    kind: 'device',
    username,
    device: { type: 'weatherstation', id: 'STATION-001' },
    rules: [...deviceRules(weatherStation, 'things'), ...more],
    attributes: {
      ...attributes,
      prefix: 'things',
      type: 'weatherstation',
      deviceId: 'STATION-001',
      username,
    },
  }
}

/** A principal with just these rules and values. */
export function principal(rules: readonly AccessRule[], attributes: Attributes = {}): Principal {
  return { kind: 'service', username: 'svc', rules, attributes }
}

/** A rule that allows. */
export function allow(
  actions: AccessRule['actions'][number] | 'both',
  filter: string,
  conditions: Pick<AccessRule, 'maxQos' | 'retain' | 'share'> = {},
): AccessRule {
  return { effect: 'allow', actions: list(actions), filter, ...conditions }
}

/** A rule that denies. */
export function deny(
  actions: AccessRule['actions'][number] | 'both',
  filter: string,
  conditions: Pick<AccessRule, 'retain' | 'share'> = {},
): AccessRule {
  return { effect: 'deny', actions: list(actions), filter, ...conditions }
}

function list(actions: AccessRule['actions'][number] | 'both'): AccessRule['actions'] {
  return actions === 'both' ? ['publish', 'subscribe'] : [actions]
}
