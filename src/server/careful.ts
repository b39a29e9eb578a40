/**
 * Rights of which no method throws, whatever a guard makes of them.
 *
 * @module
 */
import { toError } from '../base/errors.ts'
import { REASON } from '../packet/reason.ts'
import { textSize } from '../packet/utf8.ts'
import type { ClientRights, Refusal } from './guard.ts'

const FAILED: Refusal = { reasonCode: REASON.implementationSpecificError }

/**
 * Rights that grant nothing where those of a guard throw. An explanation that is no text of MQTT is the
 * empty one.
 *
 * @param failed Told of what was thrown.
 */
export function carefulRights(rights: ClientRights, failed: (error: Error) => void): ClientRights {
  return new CarefulRights(rights, failed)
}

class CarefulRights implements ClientRights {
  readonly #rights: ClientRights
  readonly #failed: (error: Error) => void

  constructor(rights: ClientRights, failed: (error: Error) => void) {
    this.#rights = rights
    this.#failed = failed
  }

  refusePublish(...args: Parameters<ClientRights['refusePublish']>): Refusal | undefined {
    return this.#ask(() => this.#withText(this.#rights.refusePublish(...args)), FAILED)
  }

  refuseSubscribe(...args: Parameters<ClientRights['refuseSubscribe']>): Refusal | undefined {
    return this.#ask(() => this.#withText(this.#rights.refuseSubscribe(...args)), FAILED)
  }

  holdsSubscription(...args: Parameters<ClientRights['holdsSubscription']>): boolean {
    return this.#ask(() => this.#rights.holdsSubscription(...args), false)
  }

  mayReceive(...args: Parameters<ClientRights['mayReceive']>): boolean {
    return this.#ask(() => this.#rights.mayReceive(...args), false)
  }

  #ask<R>(ask: () => R, otherwise: R): R {
    try {
      return ask()
    } catch (error) {
      this.#failed(toError(error))
      return otherwise
    }
  }

  #withText(refusal: Refusal | undefined): Refusal | undefined {
    if (!refusal?.explain) return refusal
    const explain = () => {
      const text = refusal.explain!()
      textSize(text)
      return text
    }
    return { reasonCode: refusal.reasonCode, explain: () => this.#ask(explain, '') }
  }
}
