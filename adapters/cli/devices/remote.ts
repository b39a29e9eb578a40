/**
 * A fleet through the routes of `devicehub/admin`, which a running service has.
 *
 * @module
 */
import * as v from 'valibot'
import { toError } from '../../../src/base/errors.ts'
import { printable } from '../../../src/base/quote.ts'
import { memoryStore } from '../../../src/device/memory-store.ts'
import { defineDeviceType } from '../../../src/device/type.ts'
import { DEFAULT_PREFIX } from '../../../src/topic/template.ts'
import type { DeviceView } from '../../admin/views.ts'
import { CommandFailure, exitCode, firstLine } from '../failure.ts'
import {
  type OperatedFleet,
  type Outcome,
  Refusal,
  type Report,
  type ViewPage,
} from './operated.ts'
import { rehearsalAt } from './rehearsal.ts'

/** Milliseconds for an answer: the routes take 30 seconds at most. */
const ANSWER_LIMIT_MS = 40_000
/** The routes answer within bounds of time and length. */
const BATCH = 200

/** A problem as the routes answer it (RFC 9457). */
interface Problem {
  readonly code: string
  readonly detail: string
  readonly field?: string
  readonly report?: Report
  readonly errors?: readonly { readonly path: string; readonly problem: string }[]
}

/** What became of one of many, as the routes tell it. */
interface SentOutcome {
  readonly device?: Report
  readonly error?: Problem
}

/** What the route of kicks answers. */
interface SentKicks {
  readonly report: {
    readonly done: readonly string[]
    readonly failed: readonly {
      readonly name: string
      readonly code: string
      readonly problem?: string
    }[]
  }
}

/** What became of a revocation of tokens. */
export type TokenRevocation = Pick<Report, 'username' | 'done' | 'failed'>

/** A fleet that a service has. */
export interface RemoteFleet extends OperatedFleet {
  revokeTokens(subject: string): Promise<TokenRevocation>
}

/** @param url Where the routes are mounted. @param secret Sent as a bearer token. */
export function openRemote(url: URL, secret: string): RemoteFleet {
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`

  async function call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await send(`${base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${secret}`,
        accept: 'application/json, application/problem+json',
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      // The secret is for this service alone.
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    })
    return read(response)
  }

  async function send(address: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(address, init)
    } catch (cause) {
      throw failure(describeNetwork(cause), cause)
    }
  }

  async function read(response: Response): Promise<unknown> {
    const answer = await response.json().catch(() => undefined)
    if (response.ok && answer !== undefined) return answer
    if (!isProblem(answer)) {
      const advice = 'is this where deviceAdmin of devicehub/admin is mounted?'
      throw failure(`answers ${response.status} in a form that is none of the routes: ${advice}`)
    }
    const { status } = response
    const { code, report } = answer
    if (report) return report
    // That of another route is the fault of the address, that of an operator holds for every call.
    if (status === 401) throw failure(`${code}: the secret is not that of this service`)
    if (status >= 500 || status === 413 || code === 'route-unknown') {
      throw failure(`${code}: ${detailOf(answer)}`)
    }
    throw refusalOf(answer)
  }

  function failure(problem: string, cause?: unknown): CommandFailure {
    return new CommandFailure(exitCode.failed, printable(`${base}: ${problem}`), { cause })
  }

  // The types and what is on record are the service's: of a type only its name is known here.
  const rehearsals = new Map<string, OperatedFleet['rehearse']>()
  const rehearse: OperatedFleet['rehearse'] = async (type, devices) => {
    let rehearsal = rehearsals.get(type)
    if (!rehearsal) {
      const types = [defineDeviceType(type, { data: v.unknown() })]
      rehearsal = rehearsalAt({ types, prefix: DEFAULT_PREFIX, store: memoryStore() })
      rehearsals.set(type, rehearsal)
    }
    return rehearsal(type, devices)
  }

  const change = async (method: string, path: string, body?: object) =>
    reportOf((await call(method, path, body)) as Report)

  return {
    place: base,
    batch: BATCH,

    async list(query) {
      const given = Object.entries(query).filter(([, value]) => value !== undefined)
      const search = new URLSearchParams(
        given.map(([name, value]): [string, string] => [name, `${value}`]),
      )
      return (await call('GET', `/devices?${search}`)) as ViewPage
    },

    show: async (type, id) => (await call('GET', pathOf(type, id))) as DeviceView,

    async provisionMany(type, devices) {
      const answer = await call('POST', `/devices/${part(type)}/many`, { devices })
      const { outcomes } = answer as { readonly outcomes: readonly SentOutcome[] }
      if (outcomes.length !== devices.length) throw failure('answers another number of devices')
      return outcomes.map((outcome) => {
        if (outcome.error?.code === 'failed') throw failure(`failed: ${outcome.error.detail}`)
        return outcomeOf(outcome)
      })
    },

    rehearse,

    rotate: (type, id, overlap) => change('POST', `${pathOf(type, id)}/rotate`, { overlap }),
    retire: (type, id, credentialId) =>
      change('POST', `${pathOf(type, id)}/retire`, { credentialId }),
    revoke: (type, id) => change('POST', `${pathOf(type, id)}/revoke`),
    restore: (type, id) => change('POST', `${pathOf(type, id)}/restore`),
    remove: (type, id) => change('DELETE', pathOf(type, id)),

    async kick(type, id) {
      const answer = (await call('POST', `${pathOf(type, id)}/kick`)) as Partial<SentKicks>
      // Where one failed the report is that of the problem.
      const { done, failed } = answer.report ?? (answer as SentKicks['report'])
      const told = failed.map(({ name, code, problem = code }) => ({ name, problem }))
      return { type, id, done, failed: told }
    },

    async revokeTokens(subject) {
      const answer = await call('POST', '/tokens/revoke', { subject })
      const { username, done, failed } = answer as TokenRevocation
      return { username, done, failed }
    },

    close() {},
  }
}

function pathOf(type: string, id: string): string {
  return `/devices/${part(type)}/${part(id)}`
}

/** Of a path. @throws {Refusal} For a name that no URL can hold: it would be another route. */
function part(name: string): string {
  if (name !== '.' && name !== '..') return encodeURIComponent(name)
  throw new Refusal('ERR_NAME_INVALID', `"${name}" cannot be a part of a URL`)
}

function isProblem(answer: unknown): answer is Problem {
  if (typeof answer !== 'object' || answer === null) return false
  const { code, detail } = answer as Partial<Problem>
  return typeof code === 'string' && typeof detail === 'string'
}

function outcomeOf({ device, error }: SentOutcome): Outcome {
  if (device) return { report: reportOf(device) }
  if (error?.report) return { report: reportOf(error.report) }
  return { refusal: refusalOf(error!) }
}

function refusalOf(problem: Problem): Refusal {
  return new Refusal(problem.code, printable(detailOf(problem)), problem.field)
}

function detailOf({ detail, errors = [] }: Problem): string {
  return [detail, ...errors.map(({ path, problem }) => `${path} ${problem}`)].join('; ')
}

function reportOf({ type, id, username, password, done, failed }: Report): Report {
  return { type, id, username, ...(password !== undefined && { password }), done, failed }
}

function describeNetwork(error: unknown): string {
  const { name, cause } = toError(error)
  if (name === 'TimeoutError' || name === 'AbortError') {
    return `no answer within ${ANSWER_LIMIT_MS / 1_000} seconds: what was asked may have been done`
  }
  return `cannot be reached: ${firstLine(cause ?? error)}`
}
