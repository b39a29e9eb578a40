/**
 * What comes of each kind of certificate: the same on every runtime that has TLS sockets.
 *
 * @module
 */
import type { BrokerConfig } from '../../adapters/mqtt/index.ts'
import { authority, clients, otherAuthority } from '../support/certificates.ts'
import type { Listeners, Servers } from './tls-servers.ts'

/** One attempt, and how it is to end. */
export interface Row {
  readonly name: string
  readonly config: BrokerConfig
  readonly end: string
}

/** In seconds, for all rows at once on a machine that has much else to do: none ends by it. */
const CONNECT_TIMEOUT = 60

const cases: [
  name: string,
  listener: keyof Listeners,
  tls: Pick<BrokerConfig, 'caCerts' | 'certFile' | 'keyFile'>,
  end: string,
][] = [
  ['a good certificate', 'good', {}, 'delivered'],
  [
    'its authority among others',
    'good',
    { caCerts: otherAuthority.cert + authority.cert },
    'delivered',
  ],
  ['another authority', 'good', { caCerts: otherAuthority.cert }, 'unknown-authority'],
  ['no authority but the usual ones', 'good', { caCerts: undefined as never }, 'unknown-authority'],
  ['a certificate for another host', 'wrongHost', {}, 'host-mismatch'],
  ['an expired certificate', 'expired', {}, 'expired'],
  ['a certificate from tomorrow on', 'notYetValid', {}, 'not-yet-valid'],
  [
    'a client certificate that nobody asks for',
    'good',
    { certFile: clients.good.cert, keyFile: clients.good.key },
    'delivered',
  ],
  [
    'a client certificate',
    'mutual',
    { certFile: clients.good.cert, keyFile: clients.good.key },
    'delivered',
  ],
  ['no client certificate', 'mutual', {}, 'client-certificate-missing'],
  [
    'a key of another client certificate',
    'mutual',
    { certFile: clients.good.cert, keyFile: clients.ofAnother.key },
    'key-mismatch',
  ],
  [
    'an expired client certificate',
    'mutual',
    { certFile: clients.expired.cert, keyFile: clients.expired.key },
    'client-certificate-refused',
  ],
  [
    'a client certificate of another authority',
    'mutual',
    { certFile: clients.ofAnother.cert, keyFile: clients.ofAnother.key },
    'client-certificate-refused',
  ],
]

/** Every row, for servers that run. */
export function tlsRows({ tcp, webSocket }: Servers): readonly Row[] {
  return ['localhost', '127.0.0.1'].flatMap((host) => [
    ...cases.map((row) => toRow(`mqtts://${host}:`, '', tcp, row)),
    ...cases.map((row) => toRow(`wss://${host}:`, '/mqtt', webSocket, row)),
  ])
}

function toRow(
  start: string,
  path: string,
  ports: Listeners,
  [name, listener, tls, end]: (typeof cases)[number],
): Row {
  const caCerts = Object.hasOwn(tls, 'caCerts') ? {} : { caCerts: authority.cert }
  const { caCerts: own, ...client } = tls
  return {
    name: `${name}, ${start}`,
    config: {
      url: `${start}${ports[listener]}${path}`,
      connectTimeout: CONNECT_TIMEOUT,
      ...caCerts,
      ...(own !== undefined && { caCerts: own }),
      ...client,
    },
    end: end === 'delivered' ? end : `ERR_BROKER_CERTIFICATE:${end}`,
  }
}
