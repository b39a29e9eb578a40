/**
 * Whether the hub can connect, and what the broker says of itself.
 *
 * @module
 */
import { BrokerError } from '../../../../src/base/errors.ts'
import type { BrokerCapabilities } from '../../../../src/broker/broker.ts'
import { configuredLogin } from '../expected.ts'
import type { Connection, Patient } from '../patient.ts'
import type { Found } from '../report.ts'
import type { HubAtRoutes } from './routes.ts'

/** What came of it. */
export interface Reached {
  readonly isReachable: boolean
  /** That of the hub, where it was let in. */
  readonly hub: Connection | undefined
}

/** Makes the check. */
export async function checkConnection(patient: Patient, atRoutes: HubAtRoutes): Promise<Reached> {
  const { report, subject, settings, name, connections } = patient
  let hub: Connection | undefined
  let isReachable = false
  await report.check('connection', subject, async (found) => {
    try {
      hub = await connections.asHub(settings, name)
      isReachable = true
      tellCapabilities(patient, hub.capabilities, found)
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      isReachable = error.code === 'ERR_BROKER_LOGIN_REFUSED'
      await tellRefusal(patient, error, atRoutes, found)
    }
  })
  return { isReachable, hub }
}

async function tellRefusal(
  patient: Patient,
  { code, message }: BrokerError,
  atRoutes: HubAtRoutes,
  found: Found,
): Promise<void> {
  const { report, subject } = patient
  if (code === 'ERR_BROKER_LOGIN_REFUSED') {
    const login = await configuredLogin(patient)
    const who = login ? `the login "${login.username}" of the hub` : 'a hub without a login'
    if (atRoutes === 'allow') {
      found(
        'broker-asks-elsewhere',
        `it refuses ${who}, which the routes grant`,
        'give the broker the secret and the address of the routes, and look into its log',
      )
    } else {
      found(
        'hub-refused',
        `it refuses ${who}`,
        'give the configuration a login that the broker knows, such as one of the services of the fleet',
      )
    }
  } else if (code === 'ERR_BROKER_CERTIFICATE') {
    const isTold = report.findings.some(
      (one) => one.subject === subject && one.code.startsWith('certificate-'),
    )
    if (!isTold)
      found(
        'certificate-refused',
        message,
        'mend caCerts, certFile and keyFile, or the certificate of the broker',
      )
  } else {
    found(
      'broker-unreachable',
      message,
      'start the broker, or mend the address in the configuration',
    )
  }
}

function tellCapabilities(
  { config }: Patient,
  { sharedSubscriptions, maxQos }: BrokerCapabilities,
  found: Found,
): void {
  if (!sharedSubscriptions && config?.sharedSubscriptions !== false) {
    const why = config?.protocolVersion === 4 ? ': MQTT 3.1.1 has none' : ''
    const mend = why
      ? 'leave protocolVersion out, or run one hub and say sharedSubscriptions: false'
      : 'run one hub and say sharedSubscriptions: false, or take a broker that has them'
    found(
      'no-shared-subscriptions',
      `it has no shared subscriptions${why}: each of several hubs would handle every message`,
      mend,
    )
  }
  if (maxQos === 0) {
    found(
      'no-qos-1',
      'it takes QoS 0 alone, with which messages are lost',
      'allow QoS 1 in the configuration of the broker',
    )
  }
}
