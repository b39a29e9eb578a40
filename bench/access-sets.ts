/**
 * Principals and what they ask for: the inputs of the benches of decisions.
 *
 * @module
 */
import * as v from 'valibot'
import {
  type AccessAction,
  type AccessRequest,
  type AccessRule,
  command,
  defineDeviceType,
  deviceRules,
  type Principal,
} from '../src/index.ts'
import { seededRandom, shuffle } from './random.ts'

/** One question. */
export interface Case {
  readonly principal: Principal
  readonly request: AccessRequest
  readonly granted: boolean
}

/** Questions that are measured together. */
export interface AccessSet {
  readonly title: string
  readonly cases: readonly Case[]
  /** Whether a subscription in it asks for a set of topics, which a matcher of names cannot judge. */
  readonly asksForSets: boolean
}

/** Who asks. There is more than one, so that no rule stays in the processor's cache by itself. */
const PRINCIPALS = 100

type Question = readonly [AccessAction, string, granted: boolean, more?: Partial<AccessRequest>]

/** The sets, in the order in which they are shown. */
export function accessSets(): readonly AccessSet[] {
  const device = everyPrincipal(devicePrincipal, deviceQuestions)
  return [
    set('Default rules of a device: grants and denials', device),
    set(
      'Default rules of a device: grants',
      device.filter(({ granted }) => granted),
    ),
    set(
      'Default rules of a device: denials',
      device.filter(({ granted }) => !granted),
    ),
    set('50 rules', everyPrincipal(sitePrincipal, siteQuestions)),
    set('40 denies and 5 allows', everyPrincipal(plantPrincipal, plantQuestions)),
    {
      ...set(
        '40 denies and 5 allows: subscriptions with wildcards',
        everyPrincipal(plantPrincipal, plantSubscriptions),
      ),
      asksForSets: true,
    },
  ]
}

function set(title: string, cases: readonly Case[]): AccessSet {
  return { title, cases: shuffle(cases, seededRandom(7)), asksForSets: false }
}

function everyPrincipal(
  make: (index: number) => Principal,
  ask: (index: number) => readonly Question[],
): readonly Case[] {
  return Array.from({ length: PRINCIPALS }, (_, index) => {
    const principal = make(index)
    return ask(index).map(([action, topic, granted, more]) => {
      const request = { action, topic, qos: 1 as const, retain: false, ...more }
      return { principal, request, granted }
    })
  }).flat()
}

const weatherStation = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number() }),
  commands: { setInterval: command({ reply: v.object({ seconds: v.number() }) }) },
})

const stationId = (index: number) => `STATION-${String(index).padStart(6, '0')}`

function devicePrincipal(index: number): Principal {
  const id = stationId(index)
  const username = `weatherstation/${id}`
  return {
    kind: 'device',
    username,
    device: { type: 'weatherstation', id },
    rules: deviceRules(weatherStation, 'things'),
    attributes: { prefix: 'things', type: 'weatherstation', deviceId: id, username },
  }
}

/** As many denials as grants. */
function deviceQuestions(index: number): readonly Question[] {
  const own = `things/weatherstation/${stationId(index)}`
  const other = `things/weatherstation/${stationId(index + 1)}`
  return [
    ['publish', `${own}/data`, true],
    ['publish', `${own}/data`, true, { qos: 0 }],
    ['publish', `${own}/status`, true, { retain: true }],
    ['publish', `${own}/reply`, true],
    ['subscribe', `${own}/cmd`, true],
    ['publish', `${other}/data`, false],
    ['publish', `${own}/cmd`, false],
    ['subscribe', `${other}/cmd`, false],
    ['subscribe', 'things/weatherstation/+/cmd', false],
    ['subscribe', '#', false],
  ]
}

function sitePrincipal(index: number): Principal {
  const username = `site-${index}`
  const rules: AccessRule[] = [
    ...range(12, (i) => rule('allow', ['publish'], `sites/{username}/lines/line-${i}/state`)),
    ...range(12, (i) => ({
      ...rule('allow', ['subscribe'], `sites/{username}/lines/line-${i}/+/set`),
      maxQos: 1 as const,
    })),
    ...range(8, (i) => rule('allow', ['publish', 'subscribe'], `sites/{username}/areas/a${i}/#`)),
    ...range(8, (i) => ({
      ...rule('allow', ['publish'], `sites/{username}/alarms/level-${i}`),
      retain: false,
    })),
    ...range(8, (i) => rule('deny', ['publish'], `sites/{username}/areas/a${i}/locked/#`)),
    rule('deny', ['publish', 'subscribe'], 'sites/+/secret/#'),
    rule('deny', ['publish', 'subscribe'], '$SYS/#'),
  ]
  return { kind: 'service', username, rules, attributes: { username } }
}

function siteQuestions(index: number): readonly Question[] {
  const own = `sites/site-${index}`
  return [
    ['publish', `${own}/lines/line-0/state`, true],
    ['publish', `${own}/lines/line-11/state`, true],
    ['subscribe', `${own}/lines/line-5/motor/set`, true],
    ['publish', `${own}/areas/a7/room/12/temperature`, true],
    ['publish', `${own}/alarms/level-4`, true],
    ['publish', `${own}/alarms/level-4`, false, { retain: true }],
    ['subscribe', `${own}/lines/line-5/motor/set`, false, { qos: 2 }],
    ['publish', `${own}/areas/a3/locked/door`, false],
    ['subscribe', `${own}/secret/keys`, false],
    ['publish', `sites/site-${index + 1}/lines/line-0/state`, false],
  ]
}

function plantPrincipal(index: number): Principal {
  const both: readonly AccessAction[] = ['publish', 'subscribe']
  const rules: AccessRule[] = [
    ...range(20, (i) => rule('deny', both, `plant/+/unit-${i}/secret/#`)),
    ...range(12, (i) => rule('deny', both, `plant/hall-${i}/+/+/raw`)),
    ...range(8, (i) => rule('deny', both, `+/+/+/debug-${i}/#`)),
    rule('allow', both, 'plant/{username}/#'),
    rule('allow', both, 'plant/+/+/state'),
    rule('allow', both, 'plant/hall-3/#'),
    rule('allow', both, 'plant/+/unit-7/+/value'),
    rule('allow', ['subscribe'], 'plant/announcements'),
  ]
  const username = `operator-${index}`
  return { kind: 'service', username, rules, attributes: { username } }
}

function plantQuestions(index: number): readonly Question[] {
  return [
    ['publish', `plant/operator-${index}/desk/lamp`, true],
    ['publish', 'plant/hall-9/unit-4/state', true],
    ['subscribe', 'plant/hall-3/unit-7/motor/speed', true],
    ['subscribe', 'plant/announcements', true],
    ['publish', 'plant/hall-9/unit-4/setpoint', false],
    ['publish', `plant/operator-${index + 1}/desk/lamp`, false],
    ['subscribe', 'plant/hall-3/unit-2/secret/code', false],
    ['publish', 'plant/hall-3/unit-19/secret/code', false],
    ['subscribe', 'plant/hall-3/unit-7/motor/raw', false],
    ['publish', 'plant/hall-3/unit-7/debug-7/trace', false],
  ]
}

function plantSubscriptions(index: number): readonly Question[] {
  return [
    ['subscribe', 'plant/+/+/state', true],
    ['subscribe', 'plant/hall-3/+/state', true],
    ['subscribe', 'plant/+/unit-30/state', true],
    ['subscribe', `plant/operator-${index}/desk/lamp/+`, true],
    ['subscribe', '#', false],
    ['subscribe', 'plant/#', false],
    ['subscribe', 'plant/hall-3/#', false],
    ['subscribe', 'plant/hall-9/unit-4/+', false],
  ]
}

function rule(
  effect: AccessRule['effect'],
  actions: readonly AccessAction[],
  filter: string,
): AccessRule {
  return { effect, actions, filter }
}

function range<T>(length: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length }, (_, index) => make(index))
}
