/**
 * How EMQX and Mosquitto read rules, after their own documentation and as little as it takes.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { EmqxAclRule } from '../../../src/product/emqx/rules.ts'
import type { DynsecAcl } from '../../../src/product/mosquitto/roles.ts'
import type { AccessAction } from '../../../src/rule/rule.ts'
import { levelsCover } from '../../../src/topic/relation.ts'

interface EmqxRequest {
  readonly action: AccessAction
  /** A name or filter, whose share prefix EMQX has taken off. */
  readonly topic: string
  readonly qos: number
  readonly retain: boolean
}

/**
 * What the first rule that matches says. A filter is matched as a name is.
 *
 * @param reserved Whether a wildcard at the first level passes by what begins with `$`. EMQX has
 * versions of both kinds.
 */
export function askEmqx(
  list: readonly EmqxAclRule[],
  request: EmqxRequest,
  reserved: boolean,
): 'allow' | 'deny' | 'no match' {
  const asked = request.topic.split('/')
  for (const { permission, action, topic, qos, retain } of list) {
    if (action !== 'all' && action !== request.action) continue
    if (qos && !qos.includes(request.qos)) continue
    if (retain !== undefined && request.action === 'publish' && retain !== request.retain) continue
    const matches = topic.startsWith('eq ')
      ? topic.slice(3) === request.topic
      : matchesWords(asked, topic.split('/'), reserved)
    if (matches) return permission
  }
  return 'no match'
}

function matchesWords(
  name: readonly string[],
  filter: readonly string[],
  reserved: boolean,
): boolean {
  if (reserved && name[0]!.startsWith('$') && /^[+#]/.test(filter[0]!)) return false
  for (const [i, word] of filter.entries()) {
    if (word === '#') return true
    if (i >= name.length || (word !== '+' && word !== name[i])) return false
  }
  return name.length === filter.length
}

/** Whether an `acl_file` lets a user publish a name, or have a message of that name. */
export function askAclFile(
  file: string,
  username: string,
  action: AccessAction,
  name: string,
): boolean {
  const wanted = action === 'publish' ? 'write' : 'read'
  const own: Line[] = []
  let user: string | undefined
  for (const line of file.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [, kind, rest] = /^(\S+) +(.*?)\s*$/.exec(line)!
    if (kind === 'user') {
      user = rest!
      continue
    }
    const [, access, topic] = /^(read|write|readwrite|deny) +(.+)$/.exec(rest!)!
    assert.equal(kind, 'topic')
    if (user === username) own.push({ access: access!, topic: topic! })
  }
  const isMeant = ({ topic }: Line) => levelsCover(topic.split('/'), name.split('/'))
  if (own.some((line) => line.access === 'deny' && isMeant(line))) return false
  return own.some((line) => line.access.includes(wanted) && isMeant(line))
}

interface Line {
  readonly access: string
  readonly topic: string
}

/** Whether a role lets its client publish a name, or have a message of that name. */
export function askRole(
  acls: readonly DynsecAcl[],
  acltype: 'publishClientSend' | 'publishClientReceive',
  name: string,
): boolean {
  const decisive = [...acls]
    .sort((a, b) => b.priority - a.priority)
    .find((acl) => acl.acltype === acltype && levelsCover(acl.topic.split('/'), name.split('/')))
  return decisive?.allow ?? false
}
