/**
 * Whether a device and a hub reach each other. Some brokers grant each subscription, and deliver nothing
 * by one that the rules do not grant.
 *
 * @module
 */
import { BrokerError } from '../../../../src/base/errors.ts'
import { channelsOf } from '../../../../src/device/channels.ts'
import { isAsking } from '../../../../src/product/product.ts'
import { connectWhenTold } from '../../shared-fleet.ts'
import type { TryDevice } from '../devices.ts'
import { mayDo } from '../expected.ts'
import { bytes, type Connection, clientIdOf, isGranted, type Patient } from '../patient.ts'
import type { Found } from '../report.ts'

/** Makes the check. */
export async function checkDelivery(
  patient: Patient,
  device: TryDevice,
  hub: Connection,
): Promise<boolean> {
  const { report, subject, connections, product } = patient
  return report.check('delivery', subject, async (found) => {
    const connection = await connectDevice(patient, device)
    if (!connection) {
      const mend =
        product && !isAsking(product)
          ? 'keep it in step from the module of the fleet, such as by dynamicSecurity, or try with --device'
          : 'have it ask routes with the pepper and the store of this configuration'
      found('device-refused', 'it refuses the login of a device that is on record', mend)
      return
    }
    try {
      await look(patient, device, connection, hub, found)
    } finally {
      await connections.end(connection)
    }
  })
}

/** Connects as a device; `undefined` if it is not let in. */
async function connectDevice(
  { connections, deviceConfig, product }: Patient,
  { username, password, isGiven }: TryDevice,
): Promise<Connection | undefined> {
  const connect = () =>
    connections.as(deviceConfig!, { username, password, clientId: clientIdOf(username) })
  const isTold = !isGiven && !(product && isAsking(product))
  try {
    return await (isTold ? connectWhenTold(connect, connections.signal) : connect())
  } catch (error) {
    if (error instanceof BrokerError && error.code === 'ERR_BROKER_LOGIN_REFUSED') return undefined
    throw error
  }
}

async function look(
  patient: Patient,
  device: TryDevice,
  own: Connection,
  hub: Connection,
  found: Found,
): Promise<void> {
  const topics = patient.fleet.topics(device.type)
  const cmd = topics.name(device.id, 'cmd')
  const mark = `doctor ${crypto.randomUUID()}`
  if (!(await mayDo(patient, device, { action: 'subscribe', topic: cmd }))) return
  if (!(await isGranted(own.broker.subscribe([{ filter: cmd }])))) {
    found(
      'prefix-wrong',
      `it denies a device its own ${cmd}`,
      'give the broker, or the fleet at its routes, the prefix and the device types of this configuration',
    )
    return
  }
  const hubMend = "give its service account rules: 'hub'"
  if (!(await isGranted(hub.broker.publish({ topic: cmd, payload: bytes(mark) })))) {
    found('hub-denied', `it denies the login of the hub to publish to ${cmd}`, hubMend)
    return
  }
  if (!(await own.hears(cmd, mark))) {
    found(
      'nothing-delivered',
      `a command to ${cmd} does not reach the device`,
      `${hubMend}, and the device those of its type`,
    )
    return
  }
  // Whatever a device says beside a reply would be told to the handlers of the hubs that run.
  if (!channelsOf(device.type).some(({ channel }) => channel === 'reply')) return
  const reply = topics.name(device.id, 'reply')
  const text = JSON.stringify({ id: mark })
  if (!(await isGranted(own.broker.publish({ topic: reply, payload: bytes(text) })))) {
    found(
      'device-denied',
      `it denies a device its own ${reply}`,
      'give the broker, or the fleet at its routes, the device types of this configuration',
    )
    return
  }
  if (!(await hub.hears(reply, text))) {
    found('nothing-delivered', `what a device says on ${reply} does not reach the hub`, hubMend)
  }
}
