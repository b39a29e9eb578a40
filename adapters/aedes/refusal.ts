/**
 * How a client is told that it was refused.
 *
 * @module
 */
import type { Client } from 'aedes'
import type { LoginDenial } from '../../src/fleet/fleet.ts'
import { isTransient } from '../../src/fleet/transient.ts'

/** An answer to a client. It says no more than that it was refused. */
export class Refusal extends Error {
  /** MQTT 3.1.1, section 3.2.2.3; in MQTT 5 it becomes 0x88, 0x86 or 0x87. */
  readonly returnCode: 3 | 4 | 5

  constructor(message: string, returnCode: 3 | 4 | 5) {
    super(message)
    this.returnCode = returnCode
  }
}

/** CONNACK with "Server busy" (MQTT 5, section 3.2.2.2) and no properties. */
const SERVER_BUSY = Uint8Array.of(0x20, 3, 0, 0x89, 0)

/** Refuses a login. */
export function refuseLogin(
  client: Client,
  code: LoginDenial | 'password-malformed',
  done: (error: Refusal, success: false) => void,
): void {
  if (code === 'password-malformed' || !isTransient(code)) {
    // One answer for all: which part of the login was wrong is not the client's to know.
    done(new Refusal('Bad user name or password', 4), false)
  } else if (client.version !== 5) {
    done(new Refusal('Server unavailable', 3), false)
  } else {
    // `aedes` can answer a login with the codes of MQTT 3.1.1 only, of which none becomes this one.
    client.conn.write(SERVER_BUSY, () => client.close())
  }
}
