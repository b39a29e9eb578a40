/**
 * Bytes that are no packets, written by hand.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { hex, joined } from '../../packet/bytes.ts'
import { assertEnded, type Client, type Site } from '../fixture.ts'

/** A fixed header with a length, and what follows it, as hexadecimal digits. */
export function frame(first: string, body: string): Uint8Array {
  const bytes = hex(body)
  assert(bytes.length < 0x80)
  return joined([hex(first), Uint8Array.of(bytes.length), bytes])
}

/** What a {@link connectBytes} is to have that is not as usual, as hexadecimal digits. */
export interface ConnectParts {
  /** Protocol name and level. */
  readonly protocol?: string
  /** Connect flags. Default: clean start. */
  readonly flags?: string
  /** Properties of MQTT 5, with their length. */
  readonly properties?: string
  /** Default: the client id "a". */
  readonly payload?: string
}

/** A CONNECT of the version of a site. */
export function connectBytes({ version }: Site, parts: ConnectParts): Uint8Array {
  const { protocol = `0004 4d515454 0${version}`, flags = '02', payload = '0001 61' } = parts
  const properties = version === 5 ? (parts.properties ?? '00') : ''
  return frame('10', `${protocol} ${flags} 0000 ${properties} ${payload}`)
}

/** Expects that bytes in the place of a CONNECT end the connection, and nobody is logged in. */
export async function refusesFirst(
  site: Site,
  bytes: Uint8Array,
  client: Client = site.raw(),
): Promise<void> {
  await client.bytes(bytes)
  const accepted = client
    .packets()
    .filter((packet) => packet.kind !== 'connack' || packet.reasonCode === 0)
  assert.deepEqual(accepted, [])
  assert.equal(client.state, 'ended')
  assert.deepEqual(site.told('connected'), [])
}

/** Expects that bytes end the connection of a client that is logged in, with a reason code in MQTT 5. */
export async function refuses(
  site: Site,
  bytes: Uint8Array | string,
  reasonCode: number,
  client?: Client,
): Promise<void> {
  const whose = client ?? (await site.connect('refused'))
  await whose.bytes(bytes)
  assertEnded(whose, reasonCode)
}
