/**
 * Logins and decisions, told to an observer where there is one.
 *
 * @module
 */
import type { MaybePromise } from '../base/maybe-promise.ts'
import type { Decisions } from './decisions.ts'
import type { Fleet, Login, LoginRequest, NamedAccessRequest } from './fleet.ts'
import { type ObservedEvent, type Observer, timed } from './observer.ts'

type CheckLogin = (login: LoginRequest) => MaybePromise<Login>

/** A check of logins that tells of each. */
export function observedLogin(check: CheckLogin, observer: Observer): CheckLogin {
  return (request) =>
    timed(
      observer,
      () => check(request),
      (login, seconds) => ({
        kind: 'login',
        effect: login.effect,
        code: login.effect === 'allow' ? 'login' : login.code,
        seconds,
      }),
      (_, seconds) => ({ kind: 'login', effect: 'deny', code: 'failed', seconds }),
    )
}

/** What is asked of rules, told of each. */
export function observedQuestions(
  decisions: Decisions,
  observer: Observer,
): Pick<Fleet, 'authorize' | 'findDenial'> {
  const failed = ({ action }: NamedAccessRequest) => {
    return (_: unknown, seconds: number): ObservedEvent => {
      return { kind: 'decision', action, effect: 'deny', code: 'failed', seconds }
    }
  }
  return {
    authorize: async (request) =>
      timed(
        observer,
        () => decisions.authorize(request),
        ({ effect, code }, seconds) => {
          return { kind: 'decision', action: request.action, effect, code, seconds }
        },
        failed(request),
      ),
    findDenial: (request) =>
      timed(
        observer,
        () => decisions.findDenial(request),
        (denial, seconds) => ({
          kind: 'decision',
          action: request.action,
          effect: denial ? 'deny' : 'allow',
          code: denial?.code ?? 'allowed-by-rule',
          seconds,
        }),
        failed(request),
      ),
  }
}
