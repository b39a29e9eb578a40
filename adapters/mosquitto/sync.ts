/**
 * Makes dynamic security what the fleet is: one login at a time, or all of them.
 *
 * Whatever is written is written under one lock, by what the store says while it is held. A change
 * of the fleet is on record before anybody is told of it, so a reconciliation that is under way can
 * never take it back.
 *
 * @module
 */
import { BrokerError } from '../../src/base/errors.ts'
import type { DeviceRecord } from '../../src/device/store.ts'
import type { BrokerAccount } from '../../src/fleet/broker-account.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { mosquittoDynsecRoles, ROLE_PREFIX } from '../../src/product/mosquitto/roles.ts'
import {
  type ActualState,
  accept,
  hasDefaultAccess,
  isNotFound,
  readLogin,
  readState,
} from './actual.ts'
import { Batches } from './batch.ts'
import { type Command, type ControlLink, DynamicSecurityError } from './control.ts'
import type { LoginFinding } from './finding.ts'
import { Lock } from './lock.ts'
import { type LoginPlan, planLogin } from './plan.ts'
import { type ReconcileReport, ReportBuilder } from './report.ts'

/** Most records read at once. */
const PAGE = 500
const SMALLEST_PAGE = 8

/** Of a login: who, and how to have it as it is now. */
interface Subject {
  readonly username: string
  readonly login: BrokerAccount | undefined
}

/** What a reconciliation knows while it runs. */
interface Run {
  readonly state: ActualState
  readonly tellPasswords: boolean
  readonly report: ReportBuilder
}

/** See the module. */
export class Sync {
  readonly #fleet: Fleet
  readonly #link: ControlLink
  readonly #lock = new Lock()
  readonly #batches: Batches
  #isStopped = false
  /** User names written while a reconciliation runs: what it has read of them is out of date. */
  #touched: Set<string> | undefined

  constructor(fleet: Fleet, link: ControlLink) {
    this.#fleet = fleet
    this.#link = link
    this.#batches = new Batches(link)
  }

  /** Writes one device as it is on record. @returns What is not as it is in the fleet. */
  writeDevice(type: string, id: string): Promise<readonly LoginFinding[]> {
    return this.#locked(async () => {
      const record = await this.#fleet.store.get(type, id)
      if (!record) return []
      this.#touched?.add(record.username)
      return (await this.#write(this.#subject(record), false)).findings
    })
  }

  /** Removes the client and the role of a device that is on record no more. */
  removeDevice(username: string): Promise<void> {
    return this.#locked(async () => {
      // Somebody else may have this user name by now.
      if (!(await this.#isNobody(username))) return
      this.#touched?.add(username)
      const { client, role } = await readLogin(this.#link, username)
      if (client && !client.isOwned) return
      // The role goes after its client: 2.0 must find no client that has it.
      const commands: Command[] = []
      if (client) commands.push({ command: 'deleteClient', username })
      if (role) commands.push({ command: 'deleteRole', rolename: ROLE_PREFIX + username })
      if (commands.length === 0) return
      for (const answer of await this.#link.run(commands)) {
        // Somebody else was quicker.
        if (!isNotFound(answer)) accept(answer)
      }
    })
  }

  /** Ends the connections of a client, whoever made it, and leaves it as it is. */
  kick(username: string): Promise<void> {
    return this.#locked(async () => {
      // Whatever is changed of a client, nothing included, it is disconnected (2.0 and 2.1).
      const [answer] = await this.#link.run([{ command: 'modifyClient', username }])
      if (!isNotFound(answer!)) accept(answer!)
    })
  }

  /** Makes everything what it is in the fleet. Not to be called while it runs. */
  async reconcile(tellPasswords: boolean): Promise<ReconcileReport> {
    const report = new ReportBuilder()
    const state = await this.#locked(async () => {
      this.#touched = new Set()
      report.closedDefaults = await this.#closeDefaults()
      return readState(this.#link)
    })
    try {
      const run: Run = { state, tellPasswords, report }
      await this.#writeServices(run)
      await this.#writeDevices(run)
      await this.#removeOthers(run)
      return report.build()
    } finally {
      this.#touched = undefined
    }
  }

  /** Begins nothing more. */
  stop(): void {
    this.#isStopped = true
  }

  /** Settles when what was begun is done. */
  idle(): Promise<void> {
    return this.#lock.run(async () => {})
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    return this.#lock.run(async () => {
      if (!this.#isStopped) return work()
      throw new BrokerError('ERR_BROKER_CLOSED', 'The reconciliation was stopped')
    })
  }

  #subject(record: DeviceRecord): Subject {
    return { username: record.username, login: this.#fleet.brokerAccount(record) }
  }

  async #closeDefaults(): Promise<boolean> {
    const { defaultAccess } = mosquittoDynsecRoles([]).output
    if (await hasDefaultAccess(this.#link, defaultAccess)) return false
    const [answer] = await this.#link.run([{ command: 'setDefaultACLAccess', acls: defaultAccess }])
    accept(answer!)
    return true
  }

  async #writeServices(run: Run): Promise<void> {
    let waiting: readonly Subject[] = this.#fleet
      .serviceAccounts()
      .map((login) => ({ username: login.principal.username, login }))
    while (waiting.length > 0) {
      const done = await this.#locked(() => this.#writeSome(run, waiting))
      waiting = waiting.slice(done)
    }
  }

  async #writeDevices(run: Run): Promise<void> {
    let cursor: string | undefined
    let limit = PAGE
    /** What is done of the page that begins at the cursor. */
    const done = new Set<string>()
    for (let more = true; more; ) {
      await this.#locked(async () => {
        const page = await this.#fleet.list({ limit, ...(cursor !== undefined && { cursor }) })
        const left = page.records.filter(({ username }) => !done.has(username))
        const subjects = left.map((record) => this.#subject(record))
        const count = await this.#writeSome(run, subjects)
        if (count < left.length) {
          // What did not fit is read again, as it is then.
          for (const { username } of left.slice(0, count)) done.add(username)
          return
        }
        limit = done.size > 0 ? Math.max(left.length, SMALLEST_PAGE) : Math.min(2 * limit, PAGE)
        done.clear()
        cursor = page.cursor
        more = cursor !== undefined
      })
    }
  }

  /** Writes as many as fit into a batch. @returns How many that were, one at least. */
  async #writeSome(run: Run, subjects: readonly Subject[]): Promise<number> {
    const { clients, roles } = run.state
    const batch = this.#batches.begin()
    const planned: { readonly subject: Subject; readonly plan: LoginPlan }[] = []
    let done = 0
    for (const subject of subjects) {
      const { username, login } = subject
      if (!this.#touched?.has(username)) {
        const actual = { client: clients.get(username), role: roles.get(ROLE_PREFIX + username) }
        const plan = await planLogin(username, login, actual, run.tellPasswords)
        if (!batch.add(plan.commands)) break
        planned.push({ subject, plan })
      }
      done++
    }
    const answers = await this.#batches.send(batch)
    let at = 0
    for (const { subject, plan } of planned) {
      const own = answers.slice(at, at + plan.commands.length)
      at += plan.commands.length
      const isRefused = own.some(({ error }) => error !== undefined)
      this.#note(run, isRefused ? await this.#writeAgain(subject, run) : plan)
    }
    return done
  }

  /** Puts an outcome into the report. What is in the state in the end is nobody's. */
  #note({ report, state: { clients, roles } }: Run, outcome: LoginPlan): void {
    const { username, change, commands, findings } = outcome
    report.counts[change]++
    report.findings.push(...findings)
    if (clients.get(username)?.isOwned || commands.length > 0) roles.delete(ROLE_PREFIX + username)
    clients.delete(username)
  }

  /** Another administrator may have been in between: tries once more, by what is there now. */
  async #writeAgain(subject: Subject, { tellPasswords }: Run): Promise<LoginPlan> {
    try {
      return await this.#write(subject, tellPasswords)
    } catch (error) {
      if (!(error instanceof DynamicSecurityError)) throw error
      const { username } = subject
      const finding: LoginFinding = {
        username,
        code: 'refused',
        text: `${username}: ${error.message}.`,
      }
      return { username, commands: [], change: 'unchanged', findings: [finding] }
    }
  }

  /** Writes one login by what is there now. @throws {DynamicSecurityError} If that is refused. */
  async #write({ username, login }: Subject, tellPassword: boolean): Promise<LoginPlan> {
    const actual = await readLogin(this.#link, username)
    const plan = await planLogin(username, login, actual, tellPassword)
    if (plan.commands.length > 0) {
      for (const answer of await this.#link.run(plan.commands)) accept(answer)
    }
    return plan
  }

  /** Removes clients that are not in the fleet, and then the roles that nobody needs. */
  async #removeOthers({ state: { clients, roles }, report }: Run): Promise<void> {
    const names = [...clients.values()].filter((client) => client.isOwned).map((c) => c.username)
    report.counts.removed = await this.#removeEach(names, async (username) => {
      if (await this.#isNobody(username)) return { command: 'deleteClient', username }
      roles.delete(ROLE_PREFIX + username)
      return undefined
    })
    // A role goes after its client: 2.0 must find no client that has it.
    await this.#removeEach([...roles.keys()], async (rolename) => {
      if (this.#touched?.has(rolename.slice(ROLE_PREFIX.length))) return undefined
      return { command: 'deleteRole', rolename }
    })
  }

  async #isNobody(username: string): Promise<boolean> {
    if (this.#touched?.has(username)) return false
    const services = this.#fleet.serviceAccounts()
    if (services.some((login) => login.principal.username === username)) return false
    return (await this.#fleet.store.findByUsername(username)) === undefined
  }

  /** Sends a command for each name that has one. @returns How many had one. */
  async #removeEach(
    names: readonly string[],
    toCommand: (name: string) => Promise<Command | undefined>,
  ): Promise<number> {
    let removed = 0
    for (let done = 0; done < names.length; ) {
      await this.#locked(async () => {
        const batch = this.#batches.begin()
        for (const name of names.slice(done)) {
          const command = await toCommand(name)
          if (command && !batch.add([command])) break
          done++
        }
        for (const answer of await this.#batches.send(batch)) {
          // Somebody else was quicker.
          if (!isNotFound(answer)) accept(answer)
          removed++
        }
      })
    }
    return removed
  }
}
