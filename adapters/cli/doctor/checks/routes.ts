/**
 * Whether the routes grant what the rules grant, and nothing else, asked as the broker would ask.
 *
 * @module
 */
import { channelsOf } from '../../../../src/device/channels.ts'
import { isAsking, type Product } from '../../../../src/product/product.ts'
import { newId, type TryDevice } from '../devices.ts'
import { hubLogin, mayDo } from '../expected.ts'
import type { Patient } from '../patient.ts'
import type { Found } from '../report.ts'
import type { Routes, RoutesAnswer } from '../routes.ts'
import { noProduct } from './compatibility.ts'

/** What the routes said of the login of the hub; `undefined` if they were not asked, or did not say. */
export type HubAtRoutes = 'allow' | 'deny' | undefined

/** Makes the check. */
export async function checkRoutes(patient: Patient): Promise<HubAtRoutes> {
  const { report, product, routes, subject } = patient
  const why = whyNotAsked(patient)
  if (why !== undefined || !routes || !product) {
    report.skip('routes', subject, why ?? '')
    return undefined
  }
  let hub: HubAtRoutes
  await report.check('routes', `routes ${routes.url}`, async (found) => {
    hub = await look(patient, product, routes, found)
  })
  return hub
}

function whyNotAsked(patient: Patient): string | undefined {
  const { product, routes } = patient
  if (!product) return noProduct(patient)
  if (!isAsking(product)) return `${product.name} asks nothing over HTTP`
  return routes ? undefined : '--routes URL says where the routes are'
}

async function look(patient: Patient, product: Product, routes: Routes, found: Found) {
  const { facts } = product
  const device = await firstDevice(patient)
  const hub = await hubLogin(patient)
  if (!device && !hub) throw new Error(`there is no login to ask about: ${patient.devices.reason}`)
  const ofHub = hub && (await routes.login({ ...hub, clientId: hub.username }))
  const ofDevice = device && (await routes.login({ ...device, clientId: device.username }))
  for (const answer of [ofHub, ofDevice]) {
    if (answer && tellFailure(answer, found)) return undefined
  }
  const hubAnswer = ofHub && (ofHub.effect === 'allow' ? 'allow' : 'deny')
  const granted = [ofHub, ofDevice].filter((one) => one !== undefined).map(({ effect }) => effect)
  if (!granted.includes('allow')) {
    found(
      'secret-wrong',
      'they refuse every login, those that are right too',
      'give the broker and brokerAuth one secret; if they have one, give the routes the pepper and the store of this configuration',
    )
    return hubAnswer
  }
  if (hubAnswer === 'deny') {
    found(
      'hub-refused',
      'they refuse the login of the hub',
      'give the service account at the routes the password that the hub has',
    )
  }
  if (ofDevice?.effect === 'deny') {
    found(
      'device-refused',
      'they refuse the login of a device that is on record here',
      'give the routes the pepper and the store of this configuration',
    )
  }
  if (device && ofDevice?.effect === 'allow')
    await lookAtDevice(patient, routes, device, facts, found)
  if (hub && hubAnswer === 'allow') await lookAtHub(patient, routes, hub.username, found)
  return hubAnswer
}

/** Tells that nothing answered, or something else did. */
function tellFailure(answer: RoutesAnswer, found: Found): boolean {
  if (answer.effect === 'down') {
    found(
      'routes-down',
      `they do not answer: ${answer.text}`,
      'start them, or mend the URL of --routes',
    )
  } else if (answer.effect === 'odd') {
    found(
      'routes-odd',
      `something else answers there: ${answer.text}`,
      'mount brokerAuth with this product at the URL of --routes, and nothing before it that answers by itself',
    )
  } else return false
  return true
}

async function lookAtDevice(
  patient: Patient,
  routes: Routes,
  device: TryDevice,
  facts: Product['facts'],
  found: Found,
): Promise<void> {
  const { fleet } = patient
  const { type, id, username } = device
  const topics = fleet.topics(type)
  const own = channelsOf(type).map(({ channel, sender }) => ({
    action: sender === 'device' ? ('publish' as const) : ('subscribe' as const),
    topic: topics.name(id, channel),
  }))
  const denied: string[] = []
  let asked = 0
  for (const one of own) {
    if (!(await mayDo(patient, device, one, facts))) continue
    asked++
    const { effect } = await routes.access({ ...one, username, clientId: username })
    if (effect !== 'allow') denied.push(one.topic)
  }
  if (denied.length > 0 && denied.length === asked) {
    found(
      'prefix-wrong',
      `they grant a device none of its topics, such as ${denied[0]}`,
      'give the fleet at the routes the prefix and the device types of this configuration',
    )
  } else if (denied.length > 0) {
    found(
      'device-denied',
      `they deny a device ${denied[0]}, which its rules grant`,
      'give the fleet at the routes the device types of this configuration',
    )
  }
  const otherId = newId()
  for (const one of own) {
    const other = { ...one, topic: one.topic.replace(id, otherId) }
    if (await mayDo(patient, device, other, facts)) continue
    const { effect } = await routes.access({ ...other, username, clientId: username })
    if (effect !== 'allow') continue
    found(
      'routes-grant',
      `they let a device ${one.action} ${other.topic}, which its rules do not grant`,
      'give the fleet at the routes the device types of this configuration, and let nothing else answer there',
    )
    break
  }
  const wrong = await routes.login({
    ...device,
    password: `${device.password}x`,
    clientId: username,
  })
  if (wrong.effect === 'allow') {
    found(
      'password-ignored',
      'they let a wrong password in',
      'let nothing but brokerAuth answer there',
    )
  }
  const isBound = facts.clientId && facts.sessionsBy !== 'user-name'
  if (!isBound) return
  const foreign = await routes.login({ ...device, clientId: `${type.name}/${otherId}` })
  if (foreign.effect === 'allow') {
    found(
      'client-ids-unbound',
      'they let a device in under the client id of another',
      "say clientIds: 'own' at brokerAuth",
    )
  }
}

async function lookAtHub(
  patient: Patient,
  routes: Routes,
  username: string,
  found: Found,
): Promise<void> {
  for (const type of patient.types) {
    const topic = patient.fleet.topics(type).filter('data')
    const { effect } = await routes.access({
      username,
      clientId: username,
      action: 'subscribe',
      topic,
    })
    if (effect === 'allow') continue
    found(
      'hub-denied',
      `they deny the login of the hub to subscribe to ${topic}`,
      "give its service account rules: 'hub'",
    )
    return
  }
}

async function firstDevice({ types, devices }: Patient): Promise<TryDevice | undefined> {
  for (const type of types) {
    const [device] = await devices.of(type)
    if (device) return device
  }
  return undefined
}
