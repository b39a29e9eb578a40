/**
 * A fleet as Mosquitto's `password_file` and `acl_file`.
 *
 * Sources: `mosquitto.conf(5)`, `mosquitto_passwd(1)`.
 *
 * @module
 */
import { base64 } from '@scure/base'
import type { BrokerAccount } from '../../src/fleet/broker-account.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { ACL_FILE_BEGINNING, aclFileSection } from '../../src/product/mosquitto/acl-file.ts'
import { isMisreadInLine } from '../../src/product/mosquitto/expressible.ts'
import { type LoginFinding, ruleFinding } from './finding.ts'
import { readLogins } from './logins.ts'
import { mosquittoPassword } from './password.ts'

/** A part of both files: what some logins have in them. */
export interface MosquittoFilePart {
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
 * Each login has a line in the first and a section in the second: no line is for every user, so the
 * `password_file` may name others as well. The same files are right on Mosquitto 2.0 and 2.1.
 *
 * A revoked device is in neither file. One whose password cannot be told is not in the first, and a
 * finding says so. What an `acl_file` does not do is said at `mosquittoAclFile`.
 */
export async function* mosquittoFileParts(fleet: Fleet): AsyncGenerator<MosquittoFilePart> {
  yield { passwords: '', acl: ACL_FILE_BEGINNING, logins: 0, findings: [] }
  for await (const page of readLogins(fleet)) {
    const passwords: string[] = []
    const sections: string[] = []
    const findings: LoginFinding[] = []
    for (const login of page) {
      const line = await passwordLine(login)
      if (typeof line !== 'string') {
        findings.push(line)
        continue
      }
      passwords.push(line)
      const section = aclFileSection(login.principal)
      findings.push(...section.findings.map(ruleFinding))
      if (section.text !== '') sections.push(`\n${section.text}`)
    }
    const logins = passwords.length
    yield { passwords: passwords.join(''), acl: sections.join(''), logins, findings }
  }
}

async function passwordLine(login: BrokerAccount): Promise<string | LoginFinding> {
  const { username } = login.principal
  // It would end at the colon, or lose the spaces at its ends and be the name of another.
  if (username.includes(':') || isMisreadInLine(username)) {
    const text = `${username}: a password_file cannot hold this user name.`
    return { username, code: 'user-name', text }
  }
  const password = await mosquittoPassword(login)
  if ('code' in password) return password
  const { rounds, salt, key } = password
  return `${username}:$7$${rounds}$${base64.encode(salt)}$${base64.encode(key)}\n`
}
