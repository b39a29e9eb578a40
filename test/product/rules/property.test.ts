import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { emqxAclList } from '../../../src/product/emqx/rules.ts'
import { mosquittoAclFile } from '../../../src/product/mosquitto/acl-file.ts'
import { mosquittoDynsecRoles } from '../../../src/product/mosquitto/roles.ts'
import type { AccessRequest } from '../../../src/rule/decision.ts'
import type { Principal } from '../../../src/rule/principal.ts'
import { type AccessRule, expandFilter } from '../../../src/rule/rule.ts'
import { accessRequest, device, isAllowed, ruleSet, topicName } from './arbitrary.ts'
import { askAclFile, askEmqx, askRole } from './oracle.ts'

const RUNS = { numRuns: 2_000 }
const ACCEPT = { allowNarrower: true }

/** Rules, with conditions or without, and something their device asks for. */
const askings = fc
  .oneof(ruleSet(false), ruleSet(true))
  .chain((rules) => fc.tuple(fc.constant(device(rules)), accessRequest(device(rules))))

/** Rules and a name. */
const namings = fc
  .oneof(ruleSet(false), ruleSet(true))
  .chain((rules) => fc.tuple(fc.constant(device(rules)), fc.oneof(topicName, ownName(rules))))

/** A name that one of the rules is about. */
function ownName(rules: readonly AccessRule[]): fc.Arbitrary<string> {
  return fc
    .constantFrom(...rules)
    .map(({ filter }) => expandFilter(filter, device(rules).attributes)!)
    .map((levels) =>
      levels.map((level) => (level === '+' || level === '#' ? 'a' : level)).join('/'),
    )
    .filter((text) => text !== '')
}

/** Whether a message of a name may be delivered, by whatever subscription. */
function mayReceive(principal: Principal, name: string): boolean {
  return ['', '$share/g/', '$share/h/'].some((share) =>
    isAllowed(principal, { action: 'subscribe', topic: share + name, qos: 0 }),
  )
}

function mayPublish(principal: Principal, topic: string, every: 'every' | 'some'): boolean {
  const flags = [true, false].flatMap((retain) =>
    ([0, 1, 2] as const).map((qos) => ({ action: 'publish' as const, topic, retain, qos })),
  )
  return flags[every]((request) => isAllowed(principal, request))
}

function withoutShare(request: AccessRequest): AccessRequest {
  return { ...request, topic: request.topic.replace(/^\$share\/[^/]*\//, '') }
}

describe('a list for EMQX', () => {
  for (const reserved of [true, false]) {
    const version = reserved ? 'passes "$" topics by' : 'does not pass "$" topics by'
    test(`grants nothing that is denied, where a wildcard ${version}`, () => {
      fc.assert(
        fc.property(askings, ([principal, asked]) => {
          const request = withoutShare(asked)
          const { output, findings } = emqxAclList(principal, ACCEPT)
          const { action, topic, qos = 0, retain = false } = request
          const granted = askEmqx(output, { action, topic, qos, retain }, reserved) === 'allow'
          const expected = isAllowed(principal, request)
          if (granted) assert.ok(expected, 'wider')
          else if (findings.length === 0) assert.ok(!expected, 'narrower, and not reported')
        }),
        RUNS,
      )
    })
  }
})

describe("Mosquitto's acl_file", () => {
  test('grants no message that is denied', () => {
    fc.assert(
      fc.property(namings, ([principal, name]) => {
        const { output, findings } = mosquittoAclFile([principal], ACCEPT)
        const { username } = principal
        const sends = askAclFile(output, username, 'publish', name)
        const receives = askAclFile(output, username, 'subscribe', name)
        const plain = isAllowed(principal, { action: 'subscribe', topic: name, qos: 2 })
        if (sends) assert.ok(mayPublish(principal, name, 'every'), 'wider')
        if (receives) assert.ok(plain, 'wider')
        if (findings.length > 0) return
        assert.equal(sends, mayPublish(principal, name, 'some'))
        assert.equal(receives, mayReceive(principal, name))
      }),
      RUNS,
    )
  })
})

describe("Mosquitto's roles", () => {
  test('grant no message that is denied', () => {
    fc.assert(
      fc.property(namings, ([principal, name]) => {
        const { output, findings } = mosquittoDynsecRoles([principal], ACCEPT)
        const { acls } = output.roles[0]!
        const sends = askRole(acls, 'publishClientSend', name)
        const receives = askRole(acls, 'publishClientReceive', name)
        if (sends) assert.ok(mayPublish(principal, name, 'every'), 'wider')
        if (receives) assert.ok(mayReceive(principal, name), 'wider')
        if (findings.length > 0) return
        assert.equal(sends, mayPublish(principal, name, 'some'))
        assert.equal(receives, mayReceive(principal, name))
      }),
      RUNS,
    )
  })

  test('hold each type and topic once', () => {
    fc.assert(
      fc.property(ruleSet(true), (rules) => {
        const { acls } = mosquittoDynsecRoles([device(rules)], ACCEPT).output.roles[0]!
        const keys = acls.map(({ acltype, topic }) => `${acltype} ${topic}`)
        assert.equal(new Set(keys).size, keys.length)
      }),
      RUNS,
    )
  })
})
