/**
 * What a fleet did, counted: the observer that `createFleet` takes.
 *
 * @module
 */
import type { ObservedEvent, Observer } from '../../../src/fleet/observer.ts'
import { Counted, type MetricFamily, Timed } from './family.ts'

/** Counts what it is told. Make one with {@link fleetMetrics}; one can serve several fleets. */
export interface FleetMetrics {
  /** For `createFleet({ observer })`. */
  readonly observer: Observer
  /** What was counted since it was made. */
  families(): readonly MetricFamily[]
}

/**
 * Makes counters, all at none. They grow with the declared types and commands and the codes there are,
 * never with devices, users or topics.
 */
export function fleetMetrics(): FleetMetrics {
  const logins = new Counted({
    name: 'devicehub_logins',
    help: 'Logins by outcome, of every broker that asks this fleet.',
  })
  const loginTimes = new Timed({
    name: 'devicehub_login_duration_seconds',
    help: 'How long deciding a login took.',
  })
  const decisions = new Counted({
    name: 'devicehub_decisions',
    help: 'Questions about topics by outcome. The embedded broker decides these by itself.',
  })
  const decisionTimes = new Timed({
    name: 'devicehub_decision_duration_seconds',
    help: 'How long deciding a question about a topic took.',
  })
  const messages = new Counted({
    name: 'devicehub_messages',
    help: 'Messages of devices that were dealt with, rejected ones included.',
  })
  const messageTimes = new Timed({
    name: 'devicehub_message_duration_seconds',
    help: 'From the arrival of a message until its handlers were done.',
  })
  const rejections = new Counted({
    name: 'devicehub_rejections',
    help: 'Messages that no handler took, by the reason.',
  })
  const commands = new Counted({
    name: 'devicehub_commands',
    help: 'Commands by outcome: done, aborted, or the code of their error.',
  })
  const commandTimes = new Timed({
    name: 'devicehub_command_duration_seconds',
    help: 'From sending a command until it ended.',
  })
  const all = [
    ...[logins, loginTimes, decisions, decisionTimes, messages, messageTimes],
    ...[rejections, commands, commandTimes],
  ]

  function observer(event: ObservedEvent): void {
    switch (event.kind) {
      case 'login': {
        const { effect, code, seconds } = event
        logins.add({ effect, code })
        loginTimes.add({ effect }, seconds)
        return
      }
      case 'decision': {
        const { action, effect, code, seconds } = event
        decisions.add({ action, effect, code })
        decisionTimes.add({}, seconds)
        return
      }
      case 'message': {
        const { type, channel, broker, seconds } = event
        messages.add({ type, channel, broker })
        messageTimes.add({ type }, seconds)
        return
      }
      case 'rejection':
        rejections.add({ code: event.code, broker: event.broker })
        return
      case 'command': {
        const { type, command, code, seconds } = event
        commands.add({ type, command, code })
        commandTimes.add({ type, command }, seconds)
        return
      }
    }
  }

  return { observer, families: () => all.map(({ family }) => family) }
}
