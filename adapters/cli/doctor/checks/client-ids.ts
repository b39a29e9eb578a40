/**
 * Whether a client can take the session of another by its client id. Brokers find a session by the client
 * id alone (MQTT 5, section 4.1).
 *
 * @module
 */
import { BrokerError } from '../../../../src/base/errors.ts'
import { readStatuses } from '../../../../src/broker/statuses.ts'
import type { TryDevice } from '../devices.ts'
import { configuredLogin, type Login } from '../expected.ts'
import { type Connection, clientIdOf, isGranted, type Patient } from '../patient.ts'

/** Makes the check: the connection that may be taken is one of its own. */
export async function checkClientIds(
  patient: Patient,
  [device, second]: readonly TryDevice[],
): Promise<void> {
  const { report, subject, connections, deviceConfig } = patient
  const other: Login | undefined = second ?? (await configuredLogin(patient))
  if (!device || !other) return report.skip('client-ids', subject, 'it takes two logins')
  await report.check('client-ids', subject, async (found) => {
    const clientId = clientIdOf(device.username)
    const victim = await connections.as(deviceConfig!, { ...device, clientId })
    const lost = watchLoss(victim)
    const { username, password } = other
    let intruder: Connection | undefined
    try {
      intruder = await connections.as(deviceConfig!, { username, password, clientId })
      const own = patient.fleet.topics(device.type).name(device.id, 'cmd')
      const isThere = await isGranted(victim.broker.subscribe([{ filter: own }]))
      if (isThere && !lost()) return // It keeps the sessions of user names apart.
      found(
        'client-ids-unbound',
        'whoever logs in with the client id of another takes its session, with the messages that wait in it',
        "bind client ids to user names at the broker, as devicehub config writes it, and say clientIds: 'own' at brokerAuth",
      )
    } catch (error) {
      if (!(error instanceof BrokerError) || error.code === 'ERR_BROKER_TIMEOUT') throw error
    } finally {
      await connections.end(victim)
      if (intruder) await connections.end(intruder)
    }
  })
}

/** Tells whether a connection was ever lost. */
function watchLoss({ broker }: Connection): () => boolean {
  let isLost = false
  const watch = async () => {
    for await (const { kind } of readStatuses(broker)) isLost ||= kind === 'disconnected'
  }
  watch().catch(() => {})
  return () => isLost
}
