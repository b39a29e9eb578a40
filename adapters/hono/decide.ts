/**
 * Decides what a broker asks, and logs and counts each decision: here, and only here.
 *
 * @module
 */
import { clock } from '../../src/base/clock.ts'
import { andThen, type MaybePromise } from '../../src/base/maybe-promise.ts'
import type { LineText } from '../../src/base/quiet-log.ts'
import type { Fleet, LoginDenial, NamedAccessRequest } from '../../src/fleet/fleet.ts'
import { isTransient } from '../../src/fleet/transient.ts'
import { MalformedRequest } from '../../src/product/http/fields.ts'
import type {
  Asked,
  AskedAccess,
  AskedAccesses,
  AskedBrokerObject,
  AskedLogin,
  QuestionOutcome,
} from '../../src/product/http/question.ts'
import type { DecisionCode } from '../../src/rule/decision.ts'
import type { BrokerFacts } from '../../src/rule/facts.ts'

/** The code of every access that is granted. */
const ALLOWED: DecisionCode = 'allowed-by-rule'

/** What {@link decider} takes. */
export interface DeciderOptions<T> {
  readonly fleet: Fleet
  /** Of the product that asks. */
  readonly facts: BrokerFacts
  readonly anyClientId: boolean
  /** Told of what is allowed. */
  readonly count: (effect: 'allow', code: string) => void
  /** Told of what is denied, to count and log it. The text, if it is logged, begins with the code. */
  readonly deny: (level: 'warn', code: string, text: LineText) => void
  /** Makes the answer. Called as soon as there is an outcome: a further promise takes its time. */
  readonly answer: (outcome: QuestionOutcome) => T
}

/** Makes a function that decides what is asked, and answers it. It fails if the store does. */
export function decider<T>(options: DeciderOptions<T>): (asked: Asked) => MaybePromise<T> {
  const { fleet, facts, anyClientId, count, deny, answer } = options

  function decideLogin(asked: AskedLogin): MaybePromise<T> {
    const { username, password, clientId, peer } = asked
    const request = { username, password, clientId, peer, facts, anyClientId }
    return andThen(fleet.authenticate(request), (login) => {
      if (login.effect === 'allow') {
        const code = 'login'
        count('allow', code)
        const { effect, principal } = login
        return answer({ effect, code, isTransient: false, asked, principal, now: clock().date() })
      }
      const { effect, code } = login
      deny('warn', code, () => describeLogin(code, asked))
      return answer({ effect, code, isTransient: isTransient(code), asked, now: clock().date() })
    })
  }

  function decideAccess(
    request: Omit<NamedAccessRequest, 'facts'>,
    asked: AskedAccess | AskedAccesses,
  ): MaybePromise<QuestionOutcome> {
    // Field by field: to spread it takes longer than to decide.
    const { username, clientId, action, topic, qos, retain } = request
    const named = { username, clientId, action, topic, qos, retain, facts }
    return andThen(fleet.findDenial(named), (denial) => {
      if (!denial) {
        count('allow', ALLOWED)
        return outcome('allow', ALLOWED, asked)
      }
      const { code } = denial
      // The code comes first, so that a long name cannot push it out of the line.
      deny('warn', code, () => `${code}, ${denial.explain().text}`)
      return outcome('deny', code, asked)
    })
  }

  async function decideAccesses(asked: AskedAccesses): Promise<QuestionOutcome> {
    const settling = asked.need === 'any' ? 'allow' : 'deny'
    const effects: ('allow' | 'deny')[] = []
    let settled: QuestionOutcome | undefined
    for (const request of asked.requests) {
      const one = await decideAccess(request, asked)
      effects.push(one.effect)
      if (!settled || (one.effect === settling && settled.effect !== settling)) settled = one
      if (one.effect === 'deny' && settling === 'deny') break
    }
    // Where nothing is asked for, nothing was denied either.
    if (!settled) throw new MalformedRequest('nothing is asked for')
    return { ...settled, effects }
  }

  function decideObject(asked: AskedBrokerObject): QuestionOutcome {
    const code = 'broker-object'
    if (asked.problem === undefined) {
      count('allow', code)
      return outcome('allow', code, asked)
    }
    deny('warn', code, `${code}, ${asked.problem}`)
    return outcome('deny', code, asked)
  }

  return (asked) => {
    switch (asked.kind) {
      case 'login':
        return decideLogin(asked)
      case 'access':
        return andThen(decideAccess(asked, asked), answer)
      case 'accesses':
        return decideAccesses(asked).then(answer)
      case 'broker-object':
        return answer(decideObject(asked))
      case 'superuser':
        return answer(outcome('deny', 'superuser', asked))
      default:
        throw new Error('the product asks what nobody can decide')
    }
  }
}

/** What came of a question, or of a request that is none: then nothing is known to be asked. */
export function outcome(
  effect: 'allow' | 'deny',
  code: string,
  asked: Asked | undefined,
): QuestionOutcome {
  return { effect, code, isTransient: code === 'failed', asked, now: clock().date() }
}

/** The code comes first, so that a long name cannot push it out of the line. */
function describeLogin(code: LoginDenial, { username = '', clientId }: AskedLogin): string {
  const text = `${code}, user name ${JSON.stringify(username)}`
  if (code !== 'client-id-foreign') return text
  const given = clientId === undefined ? 'no client id' : `client id ${JSON.stringify(clientId)}`
  return `${text}, ${given}: it must be the user name, or that with "//" and a suffix`
}
