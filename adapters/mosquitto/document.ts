/**
 * A whole document of dynamic security, to start a Mosquitto with.
 *
 * Mosquitto 2.0 writes its document anew for each command, so that telling it thousands of devices
 * takes time that grows with their square. A document that has them from the start takes a moment.
 *
 * @module
 */
import { base64 } from '@scure/base'
import { ConfigError } from '../../src/base/errors.ts'
import { checkOptions } from '../../src/base/options.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { mosquittoDynsecRoles } from '../../src/product/mosquitto/roles.ts'
import { checkName } from '../../src/topic/name.ts'
import { MARK, writeDescription } from './actual.ts'
import type { LoginFinding } from './finding.ts'
import { readLogins } from './logins.ts'
import { hashChosen, type MosquittoPassword, mosquittoPassword } from './password.ts'
import { writeRole } from './plan.ts'

const CONTROL_TOPICS = '$CONTROL/dynamic-security/#'
const CONTROL_TYPES = ['publishClientSend', 'publishClientReceive', 'subscribePattern'] as const
const MIN_PASSWORD_LENGTH = 12

/** What {@link dynamicSecurityDocument} takes. */
export interface DocumentOptions {
  /** The login that `dynamicSecurity` uses: a user name of its own, and 12 characters or more. */
  readonly admin: { readonly username: string; readonly password: string }
}

/** A document, and what in it is not as it is in the fleet. */
export interface DynamicSecurityDocument {
  /** The text for the file that `plugin_opt_config_file` names. It holds hashes of passwords. */
  readonly output: string
  readonly findings: readonly LoginFinding[]
}

/**
 * Writes the document of a fleet: the administrator, each service account and each device that may
 * log in. It is for a Mosquitto that does not run, and takes the place of the document that is
 * there. `dynamicSecurity` goes on from it, and finds nothing to do.
 *
 * Where the fleet has Mosquitto's own hash (`$7$`, with a salt of 12 bytes) that is written, which
 * the control interface has no command for.
 *
 * @throws {ConfigError} If the administrator's password is shorter, or the user name is a service
 * account's.
 * @throws {InvalidNameError} If the user name is not a plain word.
 */
export async function dynamicSecurityDocument(
  fleet: Fleet,
  options: DocumentOptions,
): Promise<DynamicSecurityDocument> {
  checkOptions(options, { admin: true })
  const { admin } = options
  checkOptions(admin, { username: true, password: true }, 'admin')
  checkName('admin.username', admin.username)
  if (typeof admin.password !== 'string' || admin.password.length < MIN_PASSWORD_LENGTH) {
    throw new ConfigError('admin.password', `must have at least ${MIN_PASSWORD_LENGTH} characters`)
  }
  const findings: LoginFinding[] = []
  const roles: object[] = [adminRole()]
  const clients: object[] = [
    {
      username: admin.username,
      roles: [{ rolename: ADMIN_ROLE }],
      ...storedPassword(await hashChosen(admin.password)),
    },
  ]
  for await (const page of readLogins(fleet)) {
    for (const login of page) {
      const { username } = login.principal
      if (username === admin.username) {
        throw new ConfigError('admin.username', 'is the user name of another login of the fleet')
      }
      const password = await mosquittoPassword(login)
      if ('code' in password) {
        findings.push(password)
        continue
      }
      const { rolename, acls, findings: lost } = writeRole(login)
      findings.push(...lost)
      roles.push({ rolename, acls })
      clients.push({
        username,
        textname: MARK,
        textdescription: writeDescription(login.credentialId),
        roles: [{ rolename }],
        ...storedPassword(password),
      })
    }
  }
  const defaults = mosquittoDynsecRoles([]).output.defaultAccess
  const defaultACLAccess = Object.fromEntries(defaults.map((acl) => [acl.acltype, acl.allow]))
  const document = { defaultACLAccess, clients, groups: [], roles }
  return { output: `${JSON.stringify(document)}\n`, findings }
}

const ADMIN_ROLE = 'dynsec-admin'

function adminRole() {
  const acl = { topic: CONTROL_TOPICS, priority: 0, allow: true }
  return { rolename: ADMIN_ROLE, acls: CONTROL_TYPES.map((acltype) => ({ acltype, ...acl })) }
}

/** In the form of 2.0, which 2.1 reads as well. */
function storedPassword({ rounds, salt, key }: MosquittoPassword) {
  return { password: base64.encode(key), salt: base64.encode(salt), iterations: rounds }
}
