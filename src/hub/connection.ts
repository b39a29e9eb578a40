/**
 * A broker of a hub: connected, subscribed, watched, and what is known of it.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { BrokerError, toError } from '../base/errors.ts'
import { describeError, type Logger, writeLine } from '../base/log.ts'
import type { MaybePromise } from '../base/maybe-promise.ts'
import { printable } from '../base/quote.ts'
import type { Broker, BrokerStatus, Message, Subscription } from '../broker/broker.ts'
import { outageFilter } from '../broker/outage.ts'
import { readStatuses } from '../broker/statuses.ts'
import type { BrokerState, ToldError } from './status.ts'

/** What {@link hubConnection} takes. */
export interface ConnectionOptions {
  readonly name: string
  readonly broker: Broker
  readonly subscriptions: readonly Subscription[]
  readonly onMessage: (message: Message) => MaybePromise<void>
  /** Is called when the broker ends by itself. */
  readonly onEnd: (error: Error) => void
  readonly logger: Logger
}

/** See {@link hubConnection}. */
export interface HubConnection {
  readonly name: string
  readonly state: BrokerState
  /** Connects and subscribes. Rejects as the broker does. */
  start(): Promise<void>
  /** Closes the broker. Rejects if it does. */
  close(): Promise<void>
}

/** Makes it. Nothing is connected yet. */
export function hubConnection(options: ConnectionOptions): HubConnection {
  const { name, broker, subscriptions, onMessage, onEnd, logger } = options
  let state: BrokerState = { state: 'idle', since: clock().date(), subscribed: false, attempts: 0 }
  /** Whether the hub has made its subscriptions. From then on the broker makes them again. */
  let isSubscribed = false
  /** Whether one of them was refused when it was made again. */
  let isRefused = false
  let isLost = false
  let isClosing = false
  const isNews = outageFilter()
  const write = (level: keyof Logger, text: string) =>
    writeLine(logger, level, `Broker "${name}": ${text}`)

  function enter(next: BrokerState['state'], changes: Partial<BrokerState> = {}): void {
    if (state.state === 'closed') return
    const since = next === state.state ? state.since : clock().date()
    const subscribed = next === 'connected' && isSubscribed && !isRefused
    state = { ...state, ...changes, state: next, since, subscribed }
  }

  function note(status: BrokerStatus): void {
    const error = 'error' in status && status.error && { lastError: told(status.error) }
    switch (status.kind) {
      case 'connected':
        // The second one of a connection.
        if (isRefused && state.state === 'connected') {
          isRefused = false
          write('info', 'every subscription is in place again')
        }
        enter('connected', { attempts: 0 })
        break
      case 'disconnected':
        isRefused = false
        enter('disconnected', { ...error })
        break
      case 'reconnect-failed': {
        const isFirst = state.state === 'connecting'
        enter(isFirst ? 'connecting' : 'disconnected', { ...error, attempts: status.attempt })
        break
      }
      case 'error':
        isRefused ||= state.state === 'disconnected' && isRefusal(status.error)
        enter(state.state, { ...error })
        break
      case 'closed':
        enter('closed', { ...error })
    }
  }

  function tell(status: BrokerStatus): void {
    if (!isNews(status)) return
    switch (status.kind) {
      case 'connected':
        if (isLost) write('info', 'connected again')
        isLost = false
        break
      case 'disconnected':
        isLost = true
        write('warn', `connection lost${because(status.error)}`)
        break
      case 'reconnect-failed': {
        const seconds = Math.ceil(status.delay)
        write('error', `reconnect-failed${because(status.error)}; tried again in ${seconds} s`)
        break
      }
      default:
        if (status.error) write('error', `${status.kind}${because(status.error)}`)
    }
  }

  function end(error: Error | undefined): void {
    if (!error) write('error', 'closed, and not by this hub')
    onEnd(error ?? new BrokerError('ERR_BROKER_CLOSED', `Broker "${name}" was closed`))
  }

  /** Never rejects: a broker that cannot tell of itself may well carry messages. */
  async function watch(): Promise<void> {
    let problem = 'ended early'
    try {
      for await (const status of readStatuses(broker)) {
        note(status)
        tell(status)
        if (status.kind === 'closed') {
          if (!isClosing) end(status.error)
          return
        }
      }
    } catch (error) {
      problem = `failed: ${describeError(error)}`
      enter('unknown', { lastError: told(error) })
    }
    if (state.state === 'closed') return
    enter('unknown')
    write('error', `its statuses ${problem}; nobody knows from now on whether it is connected`)
  }

  return {
    name,

    get state() {
      return state
    },

    async start() {
      enter('connecting')
      void watch()
      await broker.connect({ onMessage })
      // The broker's own word for it may come a little later.
      if (state.state === 'connecting') enter('connected')
      const results = await broker.subscribe(subscriptions)
      isSubscribed = true
      enter(state.state)
      const unshared = results.find((result) => result.unsharedBecause)?.unsharedBecause
      if (unshared === 'broker-has-none' || unshared === 'protocol-has-none') {
        const who = unshared === 'broker-has-none' ? 'the broker' : 'MQTT 3.1.1'
        write(
          'warn',
          `${who} has no shared subscriptions, so this hub receives every message. With several hubs each would handle all of them.`,
        )
      }
    },

    async close() {
      isClosing = true
      try {
        await broker.close()
      } finally {
        enter('closed')
      }
    },
  }
}

function told(thrown: unknown): ToldError {
  const { message, code } = toError(thrown) as Error & { readonly code?: unknown }
  return {
    ...(typeof code === 'string' && { code }),
    message: printable(message),
    at: clock().date(),
  }
}

/** Whether a broker told that it does not grant something, such as a subscription. */
function isRefusal(error: Error): boolean {
  const { code } = told(error)
  return code === 'ERR_BROKER_NOT_AUTHORIZED' || code === 'ERR_BROKER_REFUSED'
}

function because(error: Error | undefined): string {
  return error ? `: ${error.message}` : ''
}
