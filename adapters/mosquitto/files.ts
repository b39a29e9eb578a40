/**
 * A fleet as Mosquitto's `password_file` and `acl_file`.
 *
 * Sources: `mosquitto.conf(5)`, `mosquitto_passwd(1)`.
 *
 * @module
 */

import { isMisreadInLine } from '../../src/access/export/mosquitto.ts'
import { aclFileSection, mosquittoAclFile } from '../../src/access/export/mosquitto-acl-file.ts'
import { findPatterns } from '../../src/access/export/mosquitto-pattern.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { type LoginFinding, ruleFinding } from './finding.ts'
import { type FleetLogin, readLogins } from './logins.ts'
import { base64, mosquittoPassword } from './password.ts'

/** A part of both files: what some logins have in them. */
export interface MosquittoFilesPart {
  /** Lines of the `password_file`. */
  readonly passwords: string
  /** Lines of the `acl_file`. */
  readonly acl: string
  /** How many logins have a line in it. */
  readonly logins: number
  readonly findings: readonly LoginFinding[]
}

/**
 * Writes the fleet's service accounts, and the devices that may log in, as the two files, in parts:
 * each file is the text of all parts, one after the other. The same fleet gives the same text.
 *
 * The rules of most devices are said by a few `pattern` lines for every user. A device with rules or
 * a user name of its own, or of a type that has no such lines, has a section. So the `password_file`
 * must name nobody but the logins of this fleet.
 *
 * A revoked device is in neither file. One whose password cannot be told is not in the first, and a
 * finding says so. What an `acl_file` does not do is said at `mosquittoAclFile`.
 */
export async function* mosquittoFiles(fleet: Fleet): AsyncGenerator<MosquittoFilesPart> {
  const patterns = { types: fleet.types, prefix: fleet.prefix }
  const { lines, findings: unpatterned } = findPatterns(patterns)
  const listed = new Set(unpatterned.map(({ principal }) => principal))
  const { output } = mosquittoAclFile([], { patterns, allowNarrower: true })
  yield { passwords: '', acl: output, logins: 0, findings: [] }
  for await (const page of readLogins(fleet)) {
    const passwords: string[] = []
    const sections: string[] = []
    const findings: LoginFinding[] = []
    for (const one of page) {
      const line = await passwordLine(one)
      if (typeof line !== 'string') {
        findings.push(line)
        continue
      }
      passwords.push(line)
      if (isPatterned(one, listed)) continue
      const section = aclFileSection(one.login.principal, lines)
      findings.push(...section.findings.map(ruleFinding))
      if (section.text !== '') sections.push(`\n${section.text}\n`)
    }
    const logins = passwords.length
    yield { passwords: passwords.join(''), acl: sections.join(''), logins, findings }
  }
}

/** Whether the `pattern` lines say all there is to say about a login. */
function isPatterned({ record }: FleetLogin, listed: ReadonlySet<string>): boolean {
  if (!record || record.rules.length > 0 || listed.has(`${record.type}/{deviceId}`)) return false
  return record.username === `${record.type}/${record.id}`
}

async function passwordLine({ login }: FleetLogin): Promise<string | LoginFinding> {
  const { username } = login.principal
  // It would end at the colon, or lose the spaces at its ends and be the name of another.
  if (username.includes(':') || isMisreadInLine(username)) {
    const text = `${username}: a password_file cannot hold this user name.`
    return { username, code: 'user-name', text }
  }
  const password = await mosquittoPassword(login)
  if ('code' in password) return password
  const { rounds, salt, key } = password
  return `${username}:$7$${rounds}$${base64(salt)}$${base64(key)}\n`
}
