/**
 * Whether the broker grants a device what its rules do not: seen by what it delivers, since some grant
 * each subscription and deliver nothing.
 *
 * @module
 */
import { newId, type TryDevice } from '../devices.ts'
import { mayDo } from '../expected.ts'
import { bytes, type Connection, clientIdOf, isGranted, type Patient } from '../patient.ts'
import type { Found } from '../report.ts'

const MEND =
  'deny at the broker whatever no rule grants (EMQX: no_match = deny; Mosquitto: a plug-in or an acl_file), and name no other authority beside the routes'

/** Makes the check. A topic that no device has is used, so that nobody is told anything. */
export async function checkGrants(
  patient: Patient,
  device: TryDevice,
  hub: Connection,
): Promise<void> {
  const { report, subject, connections, deviceConfig } = patient
  const { username, password } = device
  const login = { username, password }
  await report.check('grants', subject, async (found) => {
    for (const look of [lookAtOthers, lookAtOutside]) {
      // One after the other: a broker may have one connection for each device, and end it at a denial.
      const clientId = clientIdOf(device.username)
      const own = await connections.as(deviceConfig!, { ...login, clientId })
      try {
        await look(patient, device, { own, hub }, found)
      } finally {
        await connections.end(own)
      }
    }
  })
}

/** Of the device, and of the hub. */
interface Both {
  readonly own: Connection
  readonly hub: Connection
}

/** A topic of no device type. */
async function lookAtOutside(
  patient: Patient,
  device: TryDevice,
  { own }: Both,
  found: Found,
): Promise<void> {
  const topic = newId()
  if (await mayDo(patient, device, { action: 'publish', topic })) return
  const mark = crypto.randomUUID()
  const hears = await isGranted(own.broker.subscribe([{ filter: topic }]))
  const says = await isGranted(own.broker.publish({ topic, payload: bytes(mark) }))
  // With MQTT 3.1.1 a publish is acknowledged that was denied: only its delivery says that it was not.
  const isSure = patient.config?.protocolVersion !== 4
  const isOpen = says && (isSure || (hears && (await own.hears(topic, mark))))
  if (isOpen) found('grants-more', 'it lets a device publish to a topic that no rule grants', MEND)
}

/** The commands of another device. */
async function lookAtOthers(
  patient: Patient,
  device: TryDevice,
  { own: listener, hub }: Both,
  found: Found,
): Promise<void> {
  const topics = patient.fleet.topics(device.type)
  const topic = topics.name(newId(), 'cmd')
  if (await mayDo(patient, device, { action: 'subscribe', topic })) return
  if (!(await isGranted(listener.broker.subscribe([{ filter: topic }])))) return
  const mark = crypto.randomUUID()
  await isGranted(hub.broker.publish({ topic, payload: bytes(mark) }))
  // What is said after it on a topic of its own arrives after it.
  const own = topics.name(device.id, 'cmd')
  await isGranted(listener.broker.subscribe([{ filter: own }]))
  await isGranted(hub.broker.publish({ topic: own, payload: bytes(mark) }))
  await listener.hears(own, mark)
  if (listener.received.some((one) => one.topic === topic)) {
    found('grants-more', `it lets a device hear the commands of others, such as ${topic}`, MEND)
  }
}
