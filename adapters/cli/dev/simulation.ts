/**
 * What is simulated: types of devices, and how one of them behaves.
 *
 * @module
 */
import type { DeviceType } from '../../../src/device/type.ts'

/** A device type, and all it takes to simulate devices of it. */
export interface Simulation {
  readonly type: DeviceType
  /** Ids are this, a hyphen and a number. */
  readonly idPrefix: string
  /** Devices of it in each round of all simulations, at least 1. */
  readonly weight: number
  /** A payload that the type refuses: bytes, or what is sent as JSON. */
  readonly wrongData: unknown
  /** A command with a reply that devices of it answer, if there is one to show. */
  readonly command: { readonly name: string; readonly payload: unknown } | undefined
  /** Makes the behaviour of one device. */
  behave(): Behaviour
}

/** How one device behaves. */
export interface Behaviour {
  /** Seconds between two measurements. */
  readonly seconds: number
  /** The payload of a `data` message. */
  measure(): unknown
  /** Carries out a command. Returns the payload of the reply, or `undefined` if it knows no such. */
  obey(command: string, payload: unknown): unknown
}
