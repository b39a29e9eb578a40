/**
 * What `devicehub doctor` found, what it looked at, and what it could not look at.
 *
 * @module
 */
import { toError } from '../../../src/base/errors.ts'
import { firstLine } from '../failure.ts'

/** Something that is wrong. */
export interface Finding {
  /** Stable, to switch on. */
  readonly code: string
  /** What it is about, such as `broker default` or `routes`. */
  readonly subject: string
  /** What is wrong: the beginning of a sentence's worth, without its end. */
  readonly text: string
  /** What to do about it. */
  readonly mend: string
}

/** A check that was made, or could not be. */
export interface Looked {
  readonly check: string
  readonly subject: string
}

/** A check of which nothing is known, and why. */
export interface NotMade extends Looked {
  readonly reason: string
}

/** A check that cannot be made. It is no finding, and nothing that passed. */
export class CannotTell extends Error {}

/** What a check tells of its subject. */
export type Found = (code: string, text: string, mend: string) => void

/** Collects what checks tell. */
export class Report {
  readonly findings: Finding[] = []
  readonly made: Looked[] = []
  readonly notMade: NotMade[] = []
  /** How many seconds the clock of the routes is ahead of this one; `undefined` if it is not known. */
  clockOffset: number | undefined

  /**
   * Makes a check. One that fails in a way that it does not know of itself is one that was not made.
   *
   * @returns Whether it was made and found nothing.
   */
  async check(
    check: string,
    subject: string,
    look: (found: Found) => unknown | Promise<unknown>,
  ): Promise<boolean> {
    const before = this.findings.length
    try {
      await look((code, text, mend) => this.findings.push({ code, subject, text, mend }))
    } catch (error) {
      this.skip(check, subject, firstLine(toError(error)))
      return false
    }
    this.made.push({ check, subject })
    return this.findings.length === before
  }

  /** Tells of a check that is not made. */
  skip(check: string, subject: string, reason: string): void {
    this.notMade.push({ check, subject, reason })
  }
}
