/**
 * Whether the broker lets anybody in.
 *
 * @module
 */
import { BrokerError } from '../../../../src/base/errors.ts'
import type { BrokerConfig } from '../../../mqtt/options.ts'
import type { Client } from '../../broker.ts'
import { newId } from '../devices.ts'
import type { Patient } from '../patient.ts'

/** Makes the check. */
export async function checkStrangers(patient: Patient): Promise<void> {
  const { report, subject, deviceConfig: config } = patient
  if (!config) return report.skip('strangers', subject, 'it is not made by the engine mqtt')
  // Whoever has a certificate is no stranger.
  const { certFile: _cert, keyFile: _key, ...network } = config
  await report.check('strangers', subject, async (found) => {
    if (await isLetIn(patient, network, {})) {
      found(
        'anonymous-open',
        'it lets clients in that give no login',
        'turn anonymous logins off at the broker (Mosquitto: allow_anonymous false)',
      )
      return
    }
    const login = { username: newId(), password: crypto.randomUUID() }
    if (await isLetIn(patient, network, login)) {
      found(
        'any-login',
        'it lets in whoever gives any user name and password',
        'have the broker ask the routes, and refuse where nothing answers',
      )
    }
  })
}

async function isLetIn(
  { connections }: Patient,
  network: BrokerConfig,
  client: Client,
): Promise<boolean> {
  try {
    await connections.end(await connections.as(network, client))
    return true
  } catch (error) {
    // One that closes the connection without an answer refuses as well; silence says nothing.
    if (error instanceof BrokerError && error.code !== 'ERR_BROKER_TIMEOUT') return false
    throw error
  }
}
