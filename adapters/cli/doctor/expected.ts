/**
 * What is expected of a broker and of the routes, by the fleet of the configuration.
 *
 * @module
 */

import type { BrokerFacts } from '../../../src/rule/facts.ts'
import type { AccessAction } from '../../../src/rule/rule.ts'
import type { TryDevice } from './devices.ts'
import type { Patient } from './patient.ts'

/** A login as it is. */
export interface Login {
  readonly username: string
  readonly password: string
}

/** The login that the configuration gives the hub, if it gives one. */
export async function configuredLogin({ config }: Patient): Promise<Login | undefined> {
  if (config?.credentials) return config.credentials()
  const { username, password } = config ?? {}
  return username !== undefined && password !== undefined ? { username, password } : undefined
}

/** That login, where the fleet of the configuration lets it in: so the routes have to, too. */
export async function hubLogin(patient: Patient): Promise<Login | undefined> {
  const login = await configuredLogin(patient)
  if (!login || !patient.settings.isFleetGiven) return undefined
  const { effect } = await patient.fleet.authenticate({ ...login, clientId: login.username })
  return effect === 'allow' ? login : undefined
}

/** Whether the rules let a device do something. Of one that is not on record, whether it is its own topic. */
export async function mayDo(
  { fleet }: Patient,
  { username, id }: TryDevice,
  { action, topic }: { readonly action: AccessAction; readonly topic: string },
  facts?: BrokerFacts,
): Promise<boolean> {
  const request = { username, clientId: username, action, topic, qos: 1, retain: false } as const
  const { effect, code } = await fleet.explain({ ...request, ...(facts && { facts }) })
  if (code === 'principal-unknown') return topic.split('/').includes(id)
  return effect === 'allow'
}
