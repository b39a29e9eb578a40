/**
 * Logins and questions that are denied, told to whoever listens.
 *
 * @module
 */
import { andThen, type MaybePromise } from '../base/maybe-promise.ts'
import { quote } from '../base/quote.ts'
import type { Decisions } from './decisions.ts'
import type { DeniedEvent, DeniedListeners } from './denied.ts'
import type {
  AccessDenial,
  Fleet,
  Login,
  LoginDenial,
  LoginRequest,
  NamedAccessRequest,
} from './fleet.ts'

const LOGIN_PROBLEMS: Readonly<Record<LoginDenial | 'password-malformed', string>> = {
  'credentials-missing': 'a user name or password is missing',
  'principal-unknown': 'no device, service account or token has this user name',
  'password-wrong': 'the password is wrong',
  'password-malformed': 'the password is not UTF-8',
  'token-expired': 'the token has expired',
  revoked: 'it is revoked',
  busy: 'too many slow password checks are waiting',
  throttled: 'too many logins failed of late',
  'client-id-foreign': 'the client id may be that of another login',
  'device-unsupported': 'this broker does not keep the topics of the device apart',
}

/** Says why a login failed. */
export function describeLogin(
  username: string | undefined,
  code: keyof typeof LOGIN_PROBLEMS,
): string {
  const who = username ? quote(username) : 'A client without a user name'
  return `${who} may not connect: ${LOGIN_PROBLEMS[code]}.`
}

/** A check of logins that tells of those that fail. */
export function toldLogin(
  check: (login: LoginRequest) => MaybePromise<Login>,
  listeners: DeniedListeners,
): (login: LoginRequest) => MaybePromise<Login> {
  return (request) => {
    const outcome = check(request)
    if (!listeners.isHeard) return outcome
    return andThen(outcome, (login) => {
      if (login.effect === 'allow') return login
      const { username } = request
      const { code } = login
      const explain = () => describeLogin(username, code)
      listeners.tell({ action: 'connect', ...named(username), code, explain })
      return login
    })
  }
}

/** Questions about topics, told of where they are denied. */
export function toldQuestions(
  questions: Pick<Fleet, 'authorize' | 'findDenial'>,
  decisions: Decisions,
  listeners: DeniedListeners,
): Pick<Fleet, 'authorize' | 'findDenial'> {
  function tell({ username, action, topic }: NamedAccessRequest, denial: AccessDenial): void {
    const explain = () => denial.explain().text
    listeners.tell({ action, ...named(username), topic, code: denial.code, explain })
  }
  return {
    async authorize(request) {
      const decision = await questions.authorize(request)
      if (decision.effect === 'allow' || !listeners.isHeard) return decision
      const denial = await decisions.findDenial(request)
      if (denial) tell(request, denial)
      return decision
    },
    findDenial(request) {
      const found = questions.findDenial(request)
      if (!listeners.isHeard) return found
      return andThen(found, (denial) => {
        if (denial) tell(request, denial)
        return denial
      })
    },
  }
}

function named(username: string | undefined): Pick<DeniedEvent, 'username'> {
  return username === undefined ? {} : { username }
}
