/**
 * A fleet kept in step with the dynamic security of a Mosquitto, over MQTT.
 *
 * @module
 */
import { BrokerError, ConfigError, toError } from '../../src/base/errors.ts'
import { describeError, type Logger, writeLine } from '../../src/base/log.ts'
import { checkOptions } from '../../src/base/options.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { readStatuses } from '../../src/broker/statuses.ts'
import type { ChangeListener } from '../../src/fleet/changes.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import type { Kick } from '../../src/fleet/kick.ts'
import { ControlLink } from './control.ts'
import type { LoginFinding } from './finding.ts'
import { describeReport, type ReconcileReport } from './report.ts'
import { Sync } from './sync.ts'

const MAX_LOGGED_FINDINGS = 10

/** What {@link dynamicSecurity} takes. */
export interface DynamicSecurityOptions {
  /**
   * The Mosquitto, as its administrator: `mqtt({ url, username, password })` of `devicehub/mqtt`, not
   * connected yet. It is for this alone.
   */
  readonly broker: Broker
  /**
   * What it is called in reports, and told apart by where there are several: those of one Mosquitto in
   * several processes have the same name, and those of two have two. Default: `Mosquitto`.
   */
  readonly name?: string
  /** Told of each reconciliation that ended well, whoever asked for it. Default: nobody. */
  readonly onReconciled?: (report: ReconcileReport) => void
  /** Default: `console`. */
  readonly logger?: Logger
}

/** What {@link DynamicSecurity.reconcile} takes. */
export interface ReconcileOptions {
  /**
   * Tells every password again, since one that was changed by hand cannot be seen. **It disconnects
   * every client whose password the fleet can tell.** Default: `false`.
   */
  readonly passwords?: boolean
}

/** Dynamic security that follows a fleet. Make it with {@link dynamicSecurity}. */
export interface DynamicSecurity extends AsyncDisposable {
  /**
   * Connects, reconciles, and from then on follows every change made through the fleet, and while
   * `watchFleet` listens those of processes that have no dynamic security of this name. After a lost
   * connection it reconciles again, since Mosquitto may have restarted with an old document; and when
   * `watchFleet` begins to listen, or does so again, since changes may have been missed.
   * Settles when the first reconciliation is done; if that fails, everything is closed again.
   *
   * @throws {BrokerError} If Mosquitto cannot be reached, refuses the login or does not answer.
   * @throws {DynamicSecurityError} If it refuses what is done about nobody in particular.
   */
  start(): Promise<ReconcileReport>
  /**
   * Reads what Mosquitto has, and sends what is different from the fleet. It can be repeated, and
   * one that was cut off is resumed by the next. Two at once run one after the other.
   *
   * @throws As {@link DynamicSecurity.start} does; what was sent until then stands.
   */
  reconcile(options?: ReconcileOptions): Promise<ReconcileReport>
  /**
   * Ends every connection of a user name, and no right: its client may log in again at once. Kept
   * sessions stay, since Mosquitto has no command to end them; those of a client that is disabled
   * cannot be resumed. Settles when Mosquitto has closed the connections, at once if it knows no such
   * client. A device that is revoked needs none of it: what follows changes has ended its connections.
   *
   * Rejects as {@link DynamicSecurity.reconcile} does.
   */
  readonly kick: Kick
  /**
   * Follows no more, waits for what was begun, and disconnects. Settles when that is done; a second
   * call settles with the first.
   */
  close(): Promise<void>
  /** {@link DynamicSecurity.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

const OPTIONS: Record<keyof DynamicSecurityOptions, true> = {
  broker: true,
  name: true,
  onReconciled: true,
  logger: true,
}

/**
 * Keeps a Mosquitto with dynamic security in step with a fleet: each device and each service account
 * has a client and a role of its own there. Clients and roles made by others are not touched.
 *
 * A new or rotated password is told while `provision` or `rotate` waits, so that the device can log
 * in when they resolve. A revoked device is disabled, which ends its connections at once; one that is
 * removed has no client any more. Where that fails, whoever made the change is told by a
 * `ChangeError`, and the next reconciliation makes up for it.
 *
 * Only what has to be known is sent: where a client was told the password that is good, it is left
 * alone. Passwords are sent in the clear, so connect over loopback or TLS.
 *
 * @throws {ConfigError} If an option is unknown, or the name none.
 *
 * @example
 * ```ts
 * import { dynamicSecurity } from 'devicehub/mosquitto'
 * import { mqtt } from 'devicehub/mqtt'
 *
 * const broker = mqtt({ url: 'mqtt://localhost', username: 'admin', password: ADMIN_PASSWORD })
 * const security = dynamicSecurity(fleet, { broker })
 * console.log(await security.start())
 * ```
 */
export function dynamicSecurity(fleet: Fleet, options: DynamicSecurityOptions): DynamicSecurity {
  checkOptions(options, OPTIONS)
  return new FleetSecurity(fleet, options)
}

class FleetSecurity implements DynamicSecurity {
  readonly #fleet: Fleet
  readonly #broker: Broker
  readonly #name: string
  readonly #link: ControlLink
  readonly #sync: Sync
  readonly #logger: Logger
  readonly #onReconciled: DynamicSecurityOptions['onReconciled']
  #last: Promise<unknown> = Promise.resolve()
  #unfollow: () => void = () => {}
  #isStarted = false
  #closing: Promise<void> | undefined

  constructor(fleet: Fleet, options: DynamicSecurityOptions) {
    const { broker, name = 'Mosquitto', onReconciled, logger = console } = options
    if (typeof name !== 'string' || name === '') throw new ConfigError('name', 'must be a text')
    this.#name = name
    this.#fleet = fleet
    this.#broker = broker
    this.#link = new ControlLink(broker)
    this.#sync = new Sync(fleet, this.#link)
    this.#logger = logger
    this.#onReconciled = onReconciled
  }

  async start(): Promise<ReconcileReport> {
    if (this.#isStarted) throw new BrokerError('ERR_BROKER_CLOSED', 'This was started before')
    this.#isStarted = true
    try {
      void this.#watch()
      await this.#link.open()
      this.#follow()
      return await this.reconcile()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  reconcile(options: ReconcileOptions = {}): Promise<ReconcileReport> {
    checkOptions(options, { passwords: true })
    const { passwords = false } = options
    const result = this.#last.then(async () => {
      const report = await this.#sync.reconcile(passwords)
      this.#report(report)
      return report
    })
    this.#last = result.catch(() => {})
    return result
  }

  readonly kick: Kick = async ({ username, kind = 'revoked' }) => {
    if (kind === 'revoked') await this.#sync.kick(username)
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #end(): Promise<void> {
    this.#unfollow()
    this.#sync.stop()
    await this.#sync.idle()
    await this.#broker.close()
  }

  #follow(): void {
    const follow: ChangeListener = async ({ kind, type, id, username }) => {
      // Mosquitto knows no tokens.
      if (kind === 'tokens-revoked') return
      if (kind === 'removed') await this.#sync.removeDevice(username)
      else this.#warn(await this.#sync.writeDevice(type, id))
    }
    // A change that nobody told is found by looking at all there is.
    const onMissed = () => void this.#catchUp()
    this.#unfollow = this.#fleet.onChange(this.#name, follow, { onMissed })
  }

  /** Never rejects: a broker that cannot tell of itself may well carry commands. */
  async #watch(): Promise<void> {
    let problem = 'ended early'
    let isLost = false
    try {
      for await (const status of readStatuses(this.#broker)) {
        if (status.kind === 'connected') {
          if (isLost) void this.#catchUp()
          isLost = false
          continue
        }
        if (status.kind === 'error' || status.kind === 'reconnect-failed') continue
        isLost = true
        this.#link.lose(status.error)
        // Without an error it was closed on purpose.
        if (status.error) {
          const ended = status.kind === 'closed' ? ' for good' : ''
          this.#log('warn', `the connection was lost${ended}: ${describeError(status.error)}`)
        }
        if (status.kind === 'closed') return
      }
    } catch (error) {
      problem = `failed: ${describeError(error)}`
    }
    const effect = 'after a lost connection nothing is reconciled by itself from now on'
    this.#log('error', `the statuses of its broker ${problem}; ${effect}`)
  }

  async #catchUp(): Promise<void> {
    try {
      await this.reconcile()
    } catch (error) {
      if (this.#closing) return
      this.#log('error', `the reconciliation was cut off: ${describeError(error)}`)
    }
  }

  #report(report: ReconcileReport): void {
    this.#log('info', describeReport(report))
    this.#warn(report.findings)
    try {
      this.#onReconciled?.(report)
    } catch (error) {
      this.#log('error', `onReconciled failed: ${toError(error).name}`)
    }
  }

  #warn(findings: readonly LoginFinding[]): void {
    for (const { text } of findings.slice(0, MAX_LOGGED_FINDINGS)) this.#log('warn', text)
    const more = findings.length - MAX_LOGGED_FINDINGS
    if (more > 0) this.#log('warn', `and ${more} more findings`)
  }

  #log(level: 'info' | 'warn' | 'error', text: string): void {
    writeLine(this.#logger, level, `dynamic security: ${text}`)
  }
}
