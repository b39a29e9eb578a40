/**
 * What a CoAP request asks for.
 *
 * @module
 */
import type { IncomingMessage } from 'coap'
import type { Qos } from 'devicehub'

/** A request, read. */
export interface Question {
  readonly kind: 'send' | 'observe' | 'leave' | 'other'
  /** Address and port it came from. */
  readonly endpoint: string
  /** What the client knows its observation by (RFC 7641, section 3.1), in hexadecimal. */
  readonly token: string
  readonly topic: string
  readonly username: string | undefined
  readonly password: string | undefined
  readonly payload: Uint8Array
  /** 1 if the client asked for an acknowledgement, else 0. */
  readonly qos: Qos
  readonly contentType: string | undefined
}

/** Reads a request. Nothing of it is checked. */
export function readQuestion(request: IncomingMessage): Question {
  const { _packet: packet, rsinfo, headers, payload } = request
  const query = optionsOf(request, 'Uri-Query')
  const contentType = headers['Content-Format']
  return {
    kind: kindOf(request),
    endpoint: `${rsinfo.address}:${rsinfo.port}`,
    token: packet.token?.toString('hex') ?? '',
    topic: optionsOf(request, 'Uri-Path').join('/'),
    username: parameter(query, 'u'),
    password: parameter(query, 'p'),
    payload: new Uint8Array(payload),
    qos: packet.confirmable ? 1 : 0,
    contentType: typeof contentType === 'string' ? contentType : undefined,
  }
}

function kindOf({ method, headers }: IncomingMessage): Question['kind'] {
  if (method === 'POST') return 'send'
  if (method !== 'GET') return 'other'
  return headers.Observe === 0 ? 'observe' : headers.Observe === 1 ? 'leave' : 'other'
}

// Not from `request.url`, where a "?" in a path and an "&" in a password are not told apart.
function optionsOf({ _packet }: IncomingMessage, name: string): readonly string[] {
  const found = _packet.options?.filter((option) => option.name === name) ?? []
  return found.map(({ value }) => String(value))
}

function parameter(query: readonly string[], name: string): string | undefined {
  return query.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1)
}
