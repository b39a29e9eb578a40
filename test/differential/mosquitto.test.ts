/**
 * The rules as Mosquitto applies them, through the acl_file and through dynamic security, against
 * the rules as `decide()` does.
 *
 * A failure prints its seed; `DIFFERENTIAL_SEED=<seed>` runs it again.
 *
 * @module
 */
import { describe, test } from 'node:test'
import { mosquittoAclFile } from '../../src/product/mosquitto/acl-file.ts'
import { mosquittoDynsecRoles } from '../../src/product/mosquitto/roles.ts'
import type { ExportFinding } from '../../src/product/rules/rule-export.ts'
import type { Decision } from '../../src/rule/decision.ts'
import { expandFilter } from '../../src/rule/rule.ts'
import { parseTopicFilter } from '../../src/topic/filter.ts'
import { levelsOverlap } from '../../src/topic/relation.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { dynsecMissing, startDynsec } from '../support/mosquitto-export.ts'
import { buildTable, type Case, SEED } from './cases.ts'
import { compare, type Difference, isAllowed, report } from './compare.ts'
import { runTable } from './run.ts'
import { runWills, willCases } from './wills.ts'

const LIMITS = { timeout: 120_000 }
/** All that is delivered is sent at once, so that a later answer means that it has come. */
const CONFIG = ['max_inflight_messages 0']

const more: Difference = 'retained-to-group'
const table = await buildTable()
const everybody = [...table.clients, table.observer]
const principals = everybody.map(({ principal }) => principal)

describe(`Mosquitto decides as the library does (DIFFERENTIAL_SEED=${SEED})`, () => {
  test('through the acl_file', { skip: mosquittoMissing, ...LIMITS }, async (t) => {
    const { output, findings } = mosquittoAclFile(principals, { allowNarrower: true })
    const less = narrowedBy(findings)
    const logins = Object.fromEntries(
      everybody.map(({ login }) => [login.username, login.password]),
    )
    const broker = await startMosquitto({ logins, acl: output.split('\n'), config: CONFIG })
    try {
      const expectation = { less, wider: () => 'subscribe-granted' as const, more }
      report(t, compare(table.cases, await runTable(broker.url, table), expectation))
      report(t, compare(willCases(table), await runWills(broker.url, table), expectation))
    } finally {
      await broker.stop()
    }
  })

  test('through dynamic security', { skip: dynsecMissing, ...LIMITS }, async (t) => {
    const { output, findings } = mosquittoDynsecRoles(principals, { allowNarrower: true })
    const less = narrowedBy(findings)
    const broker = await startDynsec(CONFIG)
    try {
      await broker.command([{ command: 'setDefaultACLAccess', acls: output.defaultAccess }])
      for (const [i, { username, rolename, acls }] of output.roles.entries()) {
        await broker.command([
          { command: 'createRole', rolename, acls },
          { command: 'createClient', username, password: everybody[i]!.login.password },
          { command: 'addClientRole', username, rolename },
        ])
      }
      const expectation = { less, wider: explainDynsec, more }
      report(t, compare(table.cases, await runTable(broker.url, table), expectation))
      report(t, compare(willCases(table), await runWills(broker.url, table), expectation))
    } finally {
      await broker.stop()
    }
  })
})

/** Tells whether a loss was reported: for the rule that decided, or for a deny that it meets. */
function narrowedBy(findings: readonly ExportFinding[]) {
  return ({ client, request }: Case, decision: Decision): Difference | undefined => {
    const { levels } = parseTopicFilter(request.topic)
    const isMeant = ({ principal, rule }: ExportFinding) => {
      if (principal !== client.login.username) return false
      if (rule === decision.rule) return true
      const stopped = expandFilter(rule.filter, client.principal.attributes, '+')!
      return rule.effect === 'deny' && levelsOverlap(stopped, levels)
    }
    return findings.some(isMeant) ? 'reported-narrower' : undefined
  }
}

/** Why a subscription that `decide()` denies was granted by dynamic security. */
function explainDynsec({ client, request, number }: Case): Difference | undefined {
  const { levels } = parseTopicFilter(request.topic)
  if (levels[0]!.startsWith('$')) return 'reserved-root'
  const rules = client.principal.rules.filter((rule) => rule.effect === 'allow')
  const without = {
    number,
    request,
    client: { ...client, principal: { ...client.principal, rules } },
  }
  return isAllowed(without) ? 'partly-denied' : undefined
}
