/**
 * What dynamic security has: its clients, its roles and its default access.
 *
 * @module
 */
import { type DynsecAcl, type DynsecRoles, ROLE_PREFIX } from '../../src/product/mosquitto/roles.ts'
import { type Answer, type ControlLink, DynamicSecurityError, isObject } from './control.ts'

/** How many entries are asked for at once. */
const PAGE = 250
/** The text name of every client that is kept in step. */
export const MARK = 'devicehub'
const CREDENTIAL = 'credential '

/** A client, as far as it matters here. */
export interface ActualClient {
  readonly username: string
  /** Whether it was made from a fleet. Others are never touched. */
  readonly isOwned: boolean
  /** Whether its text name still says so. */
  readonly isMarked: boolean
  /** Of the password it was told. */
  readonly credentialId: string | undefined
  readonly isDisabled: boolean
  /** Whether it may log in under one client id only. */
  readonly isPinned: boolean
  readonly roles: readonly string[]
  readonly groups: readonly string[]
}

/** A role of a client that is kept in step. */
export interface ActualRole {
  readonly rolename: string
  /** See {@link writeAcls}. */
  readonly acls: string
  /** Set where 2.1 was told to refuse every subscription with a wildcard. */
  readonly refusesWildcards: boolean
}

/** Everything there is, but for other people's roles. */
export interface ActualState {
  readonly clients: Map<string, ActualClient>
  readonly roles: Map<string, ActualRole>
}

/** What {@link ActualClient.credentialId} is read from. */
export function writeDescription(credentialId: string): string {
  return CREDENTIAL + credentialId
}

/** Access lists as one text: the same for the same entries, in whatever order. */
export function writeAcls(acls: readonly DynsecAcl[]): string {
  return JSON.stringify(
    acls.map(({ acltype, topic, priority, allow }) => [acltype, topic, priority, allow]).sort(),
  )
}

/** Reads everything. */
export async function readState(link: ControlLink): Promise<ActualState> {
  const clients = new Map<string, ActualClient>()
  const roles = new Map<string, ActualRole>()
  for await (const entry of readList(link, 'listClients', 'clients')) {
    const client = readClient(entry)
    if (client) clients.set(client.username, client)
  }
  for await (const entry of readList(link, 'listRoles', 'roles')) {
    const role = readRole(entry)
    if (role?.rolename.startsWith(ROLE_PREFIX)) roles.set(role.rolename, role)
  }
  return { clients, roles }
}

/** Reads one client and its role. */
export async function readLogin(
  link: ControlLink,
  username: string,
): Promise<{ client: ActualClient | undefined; role: ActualRole | undefined }> {
  const [client, role] = await link.run([
    { command: 'getClient', username },
    { command: 'getRole', rolename: ROLE_PREFIX + username },
  ])
  return { client: readClient(found(client!, 'client')), role: readRole(found(role!, 'role')) }
}

/** Whether the default access is the given one. */
export async function hasDefaultAccess(
  link: ControlLink,
  wanted: DynsecRoles['defaultAccess'],
): Promise<boolean> {
  const [answer] = await link.run([{ command: 'getDefaultACLAccess' }])
  const acls = readArray(accept(answer!).acls)
  return wanted.every(({ acltype, allow }) =>
    acls.some((acl) => acl.acltype === acltype && acl.allow === allow),
  )
}

/** The data of an answer. @throws {DynamicSecurityError} If the command was refused. */
export function accept({ command, error, data }: Answer): Answer['data'] {
  if (error === undefined) return data
  throw new DynamicSecurityError(`Mosquitto refused ${command}: ${error}`)
}

/** Whether a command was refused since there is no such client or role. */
export function isNotFound({ error }: Answer): boolean {
  return error !== undefined && /not found|does not exist/i.test(error)
}

async function* readList(link: ControlLink, command: string, key: string) {
  for (let offset = 0; ; offset += PAGE) {
    const [answer] = await link.run([{ command, verbose: true, count: PAGE, offset }])
    const entries = readArray(accept(answer!)[key])
    yield* entries
    if (entries.length < PAGE) return
  }
}

/** What was asked for, or `undefined` if there is none. */
function found(answer: Answer, key: string): unknown {
  return isNotFound(answer) ? undefined : accept(answer)[key]
}

function readClient(entry: unknown): ActualClient | undefined {
  if (!isObject(entry) || typeof entry.username !== 'string') return undefined
  const { username, clientid, textname, textdescription, disabled } = entry
  const roles = readArray(entry.roles).map(({ rolename }) => String(rolename))
  const isDescribed = typeof textdescription === 'string' && textdescription.startsWith(CREDENTIAL)
  return {
    username,
    // Either is enough, so that an edit of the other is found.
    isOwned: textname === MARK || roles.includes(ROLE_PREFIX + username),
    isMarked: textname === MARK,
    credentialId: isDescribed ? textdescription.slice(CREDENTIAL.length) : undefined,
    isDisabled: disabled === true,
    isPinned: typeof clientid === 'string',
    roles,
    groups: readArray(entry.groups).map(({ groupname }) => String(groupname)),
  }
}

function readRole(entry: unknown): ActualRole | undefined {
  if (!isObject(entry) || typeof entry.rolename !== 'string') return undefined
  return {
    rolename: entry.rolename,
    acls: writeAcls(readArray(entry.acls) as unknown as readonly DynsecAcl[]),
    refusesWildcards: entry.allowwildcardsubs === false,
  }
}

function readArray(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}
