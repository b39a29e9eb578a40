/**
 * EMQX 5 and 6: the rules of the login come first, and only what they say nothing about is asked.
 *
 * @module
 */
import type { EmqxAclRule } from '../../../../src/product/emqx/rules.ts'
import { askEmqx } from '../../../product/rules/oracle.ts'
import {
  type Answer,
  call,
  flagOf,
  type Language,
  NoQuestion,
  needed,
  oneOf,
  type Packet,
  qosOf,
  type ReadFields,
  text,
  type Wish,
  wishes,
} from '../language.ts'

/** Prefixes that are taken off before anything is asked. */
const PREFIXES = /^(\$share\/[^/]*\/|\$queue\/|\$exclusive\/|\$delayed\/\d+\/)/

/** As EMQX asks about it: the share name is not told. */
export function strip(topic: string): string {
  return topic.replace(PREFIXES, '')
}

/** What a packet asks for: no share names, and none of the prefixes. */
export function strippedWishes(packet: Packet): readonly Wish[] {
  return wishes(packet).map(({ sent }) => ({ sent, done: { ...sent, topic: strip(sent.topic) } }))
}

/** Whether a wildcard at the first level passes by what begins with "$". It depends on the version. */
const VERSIONS = [true, false]

export const emqx: Language = {
  encodings: ['json', 'form'],
  bindsClientId: true,
  login: ({ username, password, clientId: clientid }, encoding) =>
    call(encoding, 'auth', { clientid, password, peerhost: '10.0.0.9', username }),
  ask(client, packet, encoding) {
    const { username, clientId: clientid } = client
    return strippedWishes(packet).map((wish) => {
      const { action, topic, qos, retain } = wish.done
      const asked = { action, clientid, peerhost: '10.0.0.9', qos: String(qos) }
      return {
        wishes: [wish],
        calls: [
          emqx.login(client, encoding),
          call(encoding, 'acl', {
            ...asked,
            retain: retain === undefined ? '' : String(retain),
            topic,
            username,
          }),
        ],
        grants: ([login, acl]) => [isConnected(login!) && isGranted(wish, login!, acl!)],
      }
    })
  },
  meanings({ route, fields }) {
    if (route === 'auth') {
      const [username, password] = [text(fields, 'username'), text(fields, 'password')]
      const [clientId, peer] = [text(fields, 'clientid'), text(fields, 'peerhost')]
      return [[{ kind: 'login', username, password, clientId, peer }]]
    }
    const action = actionOf(fields)
    const [username, clientId] = [text(fields, 'username'), text(fields, 'clientid')]
    const [qos, retain] = [qosOf(fields), flagOf(fields, 'retain')]
    const topic = needed(fields, 'topic')
    return [[{ kind: 'access', username, clientId, action, topic, qos, retain }]]
  },
  parts: (answer, count) => Array(count).fill(isConnected(answer)),
}

/** By name, by number as EMQX 4 has them, or both where they agree. */
function actionOf(fields: ReadFields): 'publish' | 'subscribe' {
  const isThere = (name: string) => text(fields, name) !== undefined
  const named = () =>
    oneOf(fields, 'action', [
      ['publish', 'publish'],
      ['pub', 'publish'],
      ['subscribe', 'subscribe'],
      ['sub', 'subscribe'],
    ] as const)
  const numbered = () =>
    oneOf(fields, 'access', [
      ['1', 'subscribe'],
      ['2', 'publish'],
    ] as const)
  if (!isThere('access')) return named()
  const action = numbered()
  if (isThere('action') && named() !== action) throw new NoQuestion('access')
  return action
}

function isConnected({ status, body }: Answer): boolean {
  return status === 204 || (status === 200 && JSON.parse(body).result === 'allow')
}

function isGranted({ done }: Wish, login: Answer, acl: Answer): boolean {
  const { action, topic, qos = 0, retain = false } = done
  const rules: readonly EmqxAclRule[] = JSON.parse(login.body).acl ?? []
  return VERSIONS.some((reserved) => {
    const said = askEmqx(rules, { action, topic, qos, retain }, reserved)
    return said === 'no match' ? isConnected(acl) : said === 'allow'
  })
}
