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
  function careful<A extends readonly unknown[], R>(
    ask: (...args: A) => R,
    otherwise: R,
  ): (...args: A) => R {
    return (...args) => {
      try {
        return ask(...args)
      } catch (error) {
        failed(toError(error))
        return otherwise
      }
    }
  }

  function withText(refusal: Refusal | undefined): Refusal | undefined {
    if (!refusal?.explain) return refusal
    return {
      reasonCode: refusal.reasonCode,
      explain: careful(() => {
        const text = refusal.explain!()
        textSize(text)
        return text
      }, ''),
    }
  }

  return {
    refusePublish: careful((...args) => withText(rights.refusePublish(...args)), FAILED),
    refuseSubscribe: careful((...args) => withText(rights.refuseSubscribe(...args)), FAILED),
    holdsSubscription: careful((...args) => rights.holdsSubscription(...args), false),
    mayReceive: careful((...args) => rights.mayReceive(...args), false),
  }
}
