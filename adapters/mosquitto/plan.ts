/**
 * The commands that make one login in dynamic security what it is in the fleet.
 *
 * @module
 */
import type { BrokerAccount } from '../../src/fleet/broker-account.ts'
import { type DynsecAcl, mosquittoDynsecRoles } from '../../src/product/mosquitto/roles.ts'
import { type ActualClient, type ActualRole, MARK, writeAcls, writeDescription } from './actual.ts'
import type { Command } from './control.ts'
import { type LoginFinding, ruleFinding } from './finding.ts'
import { openPassword } from './password.ts'

/** What is to be done about one login. */
export interface LoginPlan {
  readonly username: string
  readonly commands: readonly Command[]
  readonly change: 'created' | 'updated' | 'disabled' | 'unchanged'
  readonly findings: readonly LoginFinding[]
}

/** A client and its role, as they are. */
export interface ActualLogin {
  readonly client: ActualClient | undefined
  readonly role: ActualRole | undefined
}

/** The role of a login, and what of its rules is lost. */
export function writeRole(login: BrokerAccount): {
  readonly rolename: string
  readonly acls: readonly DynsecAcl[]
  readonly findings: readonly LoginFinding[]
} {
  const { output, findings } = mosquittoDynsecRoles([login.principal], { allowNarrower: true })
  const { rolename, acls } = output.roles[0]!
  return { rolename, acls, findings: findings.map(ruleFinding) }
}

/**
 * Plans a login.
 *
 * @param login As the fleet has it; `undefined` if it may not log in.
 * @param tellPassword Whether to tell the password even if it was told before.
 */
export async function planLogin(
  username: string,
  login: BrokerAccount | undefined,
  actual: ActualLogin,
  tellPassword: boolean,
): Promise<LoginPlan> {
  const { client } = actual
  if (client && !client.isOwned) {
    if (!login) return planClosed(username, undefined, [])
    const text = `${username}: a client of this user name was made by somebody else, and is left as it is.`
    return planClosed(username, undefined, [{ username, code: 'name-taken', text }])
  }
  if (!login) return planClosed(username, client, [])
  const isTold = client?.credentialId === login.credentialId
  const secret = isTold && !tellPassword ? undefined : await openPassword(login)
  const password = typeof secret === 'string' ? secret : undefined
  const findings = typeof secret === 'object' ? [secret] : []
  // Whatever password it has there, it is not the one that is good.
  if (!isTold && password === undefined) return planClosed(username, client, findings)
  return planOpen(login, actual, password, findings)
}

function planClosed(
  username: string,
  client: ActualClient | undefined,
  findings: readonly LoginFinding[],
): LoginPlan {
  if (!client || client.isDisabled) return { username, commands: [], change: 'unchanged', findings }
  return {
    username,
    commands: [{ command: 'disableClient', username }],
    change: 'disabled',
    findings,
  }
}

function planOpen(
  login: BrokerAccount,
  { client, role }: ActualLogin,
  password: string | undefined,
  found: readonly LoginFinding[],
): LoginPlan {
  const { username } = login.principal
  const { rolename, acls, findings } = writeRole(login)
  const commands: Command[] = []
  if (!role) commands.push({ command: 'createRole', rolename, acls })
  else if (role.refusesWildcards) {
    commands.push({ command: 'modifyRole', rolename, acls, allowwildcardsubs: true })
  } else if (role.acls !== writeAcls(acls)) commands.push({ command: 'modifyRole', rolename, acls })

  const text = { textname: MARK, textdescription: writeDescription(login.credentialId) }
  if (!client) {
    // Never with `roles`: Mosquitto 2.0 does not link such a role to its client.
    commands.push({ command: 'createClient', username, password, ...text })
    commands.push({ command: 'addClientRole', username, rolename })
  } else {
    if (password !== undefined || isEdited(client, login, rolename) || hasShrunk(role, acls)) {
      // It disconnects, so that no subscription from before goes on.
      const rest = { ...text, clientid: '', roles: [{ rolename }], groups: [] }
      commands.push({ command: 'modifyClient', username, password, ...rest })
    }
    if (client.isDisabled) commands.push({ command: 'enableClient', username })
  }
  const change = commands.length === 0 ? 'unchanged' : client ? 'updated' : 'created'
  return { username, commands, change, findings: [...found, ...findings] }
}

function isEdited(client: ActualClient, login: BrokerAccount, rolename: string): boolean {
  const { roles, groups, isMarked, isPinned, credentialId } = client
  if (!isMarked || isPinned || groups.length > 0) return true
  return credentialId !== login.credentialId || roles.length !== 1 || roles[0] !== rolename
}

/** Whether something that was granted no longer is. */
function hasShrunk(role: ActualRole | undefined, acls: readonly DynsecAcl[]): boolean {
  if (!role) return false
  const before = readAcls(role.acls)
  const after = readAcls(writeAcls(acls))
  return (
    [...before].some(([acl, allow]) => allow && !after.has(acl)) ||
    [...after].some(([acl, allow]) => !allow && !before.has(acl))
  )
}

/** The entries of {@link writeAcls} as texts, each with whether it allows. */
function readAcls(text: string): ReadonlyMap<string, boolean> {
  const acls = JSON.parse(text) as readonly (readonly unknown[])[]
  return new Map(acls.map((acl) => [JSON.stringify(acl), acl.at(-1) === true]))
}
