/**
 * What could not be told to Mosquitto as the fleet has it.
 *
 * @module
 */
import type { ExportFinding } from '../../src/product/rules/rule-export.ts'

/** What is different, or missing. Stable, to switch on. */
export type LoginFindingCode =
  /** The fleet cannot tell the password: it has only a hash, or sealed no copy. */
  | 'password-unknown'
  /** There is a sealed copy of the password that cannot be opened. */
  | 'password-unreadable'
  /** A rule has no exact form there: less is granted than by the rules. */
  | 'rule'
  /** The user name cannot be written there. */
  | 'user-name'
  /** Somebody else made a client of this user name. It is left as it is. */
  | 'name-taken'
  /** Mosquitto refused a command. */
  | 'refused'

/** One login that is not in Mosquitto as it is in the fleet. */
export interface LoginFinding {
  readonly username: string
  readonly code: LoginFindingCode
  /** One sentence for an operator. It holds no secret. */
  readonly text: string
}

/** A rule's finding as one of its login. */
export function ruleFinding({ principal, text }: ExportFinding): LoginFinding {
  return { username: principal, code: 'rule', text }
}
