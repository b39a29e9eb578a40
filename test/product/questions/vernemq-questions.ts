/**
 * VerneMQ 2.2.0: what `vmq_webhooks` sends, with its fields in the order it writes them.
 *
 * @module
 */
import { SECRET } from '../../hono/site.ts'
import type { Row } from './row.ts'

export const PATH = `/vernemq/${SECRET}`
export const TYPE = 'application/json'

export const OK = {
  status: 200,
  body: '{"result":"ok"}',
  type: TYPE,
  headers: { 'cache-control': null },
}
/** An answer that VerneMQ may repeat by itself for a while. */
export const OK_FOR_A_WHILE = { ...OK, headers: { 'cache-control': 'max-age=10' } }
export const NO = { ...OK, body: '{"result":{"error":"not allowed"}}' }

export const STATION = 'weatherstation/STATION-001'
export const PUMP = 'pump/P-1'
export const OWN = `things/${STATION}`

export function asked(title: string, hook: string, body: string, answer: Row['answer']): Row {
  return { title, path: PATH, headers: headersOf(hook), body, answer }
}

export function headersOf(hook: string) {
  return { 'content-type': TYPE, 'vernemq-hook': hook }
}

const quote = (text: string | null) => JSON.stringify(text)

export function register(
  username: string | null,
  password: string | null,
  more = '',
  clientId = username ?? 'c-1',
): string {
  return `{"peer_addr":"10.0.0.9","peer_port":51234,"mountpoint":"","client_id":${quote(clientId)},"username":${quote(username)},"password":${quote(password)},"clean_session":true${more}}`
}

/** With the properties of MQTT 5 as JSON. */
export function register5(
  username: string | null,
  password: string | null,
  properties = '{}',
  clientId = username ?? 'c-1',
): string {
  const body = register(username, password, '', clientId).replace('clean_session', 'clean_start')
  return `${body.slice(0, -1)},"properties":${properties}}`
}

interface Publish {
  readonly username?: string | null
  readonly clientId?: string
  readonly qos?: number
  readonly retain?: boolean
  readonly payload?: string
  /** JSON. */
  readonly properties?: string
}

export function publish(topic: string, more: Publish = {}): string {
  const { username = STATION, clientId = 'c-1', qos = 1, retain = false } = more
  const payload = more.payload === undefined ? '' : `"payload":${quote(more.payload)},`
  const properties = more.properties === undefined ? '' : `,"properties":${more.properties}`
  return `{"username":${quote(username)},"mountpoint":"","client_id":${quote(clientId)},"qos":${qos},"topic":${quote(topic)},${payload}"retain":${retain}${properties}}`
}

export type Filter = readonly [topic: string, qos: number]

export function subscribe(filters: readonly Filter[], username: string | null = STATION): string {
  const topics = filters.map(([topic, qos]) => `{"topic":${quote(topic)},"qos":${qos}}`)
  return `{"username":${quote(username)},"mountpoint":"","client_id":"c-1","topics":[${topics}]}`
}

const OPTIONS = '"no_local":true,"rap":true,"retain_handling":"send_if_new_sub"'

export function subscribe5(filters: readonly Filter[], username: string | null = STATION): string {
  const topics = filters.map(([topic, qos]) => entry5(topic, qos))
  return `{"username":${quote(username)},"mountpoint":"","client_id":"c-1","topics":[${topics}],"properties":{"p_subscription_id":[7]}}`
}

export function entry5(topic: string, qos: number): string {
  return `{"topic":${quote(topic)},"qos":${qos},${OPTIONS}}`
}

export const CMD: Filter = [`${OWN}/cmd`, 1]
export const OTHER: Filter = ['things/pump/P-1/cmd', 1]
