/**
 * One of everything: a command with its reply, a denial, a rejection, a broker's HTTP call, and a device
 * that goes and comes back.
 *
 * @module
 */
import { monotonicNow } from '../../../src/base/clock.ts'
import type { Fleet } from '../../../src/fleet/fleet.ts'
import type { Hub } from '../../../src/hub/hub.ts'
import type { PresenceTracker } from '../../../src/presence/presence.ts'
import { untilDisconnected } from './presence.ts'
import { green, type Report } from './report.ts'
import type { Simulated } from './simulated-fleet.ts'

/** Where it takes place. */
export interface Stage {
  readonly fleet: Fleet
  readonly hub: Hub
  readonly presence: PresenceTracker
  readonly routes: { readonly url: string; readonly secret: string }
  readonly simulated: readonly Simulated[]
  readonly report: Report
}

/** Shows it. Without simulated devices there is nothing to show. */
export async function showcase(stage: Stage): Promise<void> {
  const { simulated, fleet, presence } = stage
  const [first] = simulated
  if (!first) return
  const commanded = simulated.find(({ simulation }) => simulation.command)
  if (commanded) await sendCommand(stage, commanded)

  const { device, simulation } = first
  // The broker refuses; its guard reports the reason through onDenied.
  const everyCmd = fleet.topics(simulation.type).filter('cmd')
  await device.connection.subscribe([{ filter: everyCmd }]).catch(() => {})
  await device.sendData(simulation.wrongData)
  const last = simulated.at(-1)!
  await askOverHttp(stage, first, last)
  await goAndComeBack(last, presence)
}

async function sendCommand(stage: Stage, { device, simulation }: Simulated): Promise<void> {
  const { hub, report } = stage
  const { id, username } = device.login
  const { name, payload } = simulation.command!
  const asked = monotonicNow()
  const reply = await hub.device(simulation.type, id).sendByName(name, payload)
  report.commands++
  const sent = payload === undefined ? '' : ` ${JSON.stringify(payload)}`
  report.event(
    green('⇄'),
    `command ${name}${sent} to ${username}, reply ${JSON.stringify(reply)} in ${Math.round(monotonicNow() - asked)} ms`,
  )
}

/** A device asks to publish as another one. */
async function askOverHttp(stage: Stage, asking: Simulated, other: Simulated): Promise<void> {
  const { routes, report } = stage
  const { username } = asking.device.login
  const question = { username, topic: other.device.login.topics.data, action: 'publish' }
  const response = await fetch(`${routes.url}/acl`, {
    method: 'POST',
    headers: { authorization: `Bearer ${routes.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(question),
  })
  const answer = await response.text()
  if (answer.includes('deny')) report.denied++
  report.event(
    green('⇄'),
    `a broker asks over HTTP: POST /acl ${JSON.stringify(question)} → ${answer}`,
  )
}

/** Presence is reported as it changes. */
async function goAndComeBack({ device }: Simulated, presence: PresenceTracker): Promise<void> {
  const gone = untilDisconnected(presence, device.login.username)
  await device.switchOff()
  await gone
  await device.switchOn()
}
