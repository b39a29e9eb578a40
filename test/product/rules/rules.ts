/**
 * Rules in few words, and what refuses them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { RuleExportError } from '../../../src/product/rules/rule-export.ts'
import type { AccessRule } from '../../../src/rule/rule.ts'
import { device } from './arbitrary.ts'

export const pub = (filter: string, more: Partial<AccessRule> = {}): AccessRule => ({
  effect: 'allow',
  actions: ['publish'],
  filter,
  ...more,
})
export const sub = (filter: string, more: Partial<AccessRule> = {}): AccessRule =>
  pub(filter, { actions: ['subscribe'], ...more })
export const both = (filter: string): AccessRule =>
  pub(filter, { actions: ['publish', 'subscribe'] })
export const stop = (rule: AccessRule): AccessRule => ({ ...rule, effect: 'deny' })

export const pump7 = (...rules: readonly AccessRule[]) => device(rules, 'pump', '7')

/** The refusal that a compiler throws. */
export function refusal(run: () => unknown): RuleExportError {
  try {
    run()
  } catch (error) {
    if (error instanceof RuleExportError) return error
    throw error
  }
  throw new assert.AssertionError({ message: 'Nothing was refused' })
}
