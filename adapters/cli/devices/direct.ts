/**
 * A fleet over its store, in this process.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import process from 'node:process'
import { ConfigError, DeviceUnknownError, toError } from '../../../src/base/errors.ts'
import { listDevices } from '../../../src/device/query.ts'
import type { DeviceStore } from '../../../src/device/store.ts'
import type { DeviceType } from '../../../src/device/type.ts'
import type { ChangeReport } from '../../../src/fleet/changes.ts'
import { createFleet } from '../../../src/fleet/create.ts'
import type { Fleet } from '../../../src/fleet/fleet.ts'
import { deviceView } from '../../admin/views.ts'
import { CommandFailure, exitCode, firstLine } from '../failure.ts'
import type { Settings } from '../settings/check.ts'
import { findConfigFile, missingConfigFile } from '../settings/file.ts'
import { requireSettings } from '../settings/load.ts'
import { type OpenedStore, openStore, type StoreSetting } from '../store/setting.ts'
import { describeSqlite } from '../store/sqlite-file.ts'
import { Deeds } from './deeds.ts'
import type { OperatedFleet, Report } from './operated.ts'
import { outcomeOf, refusalOf, reportIn, reportOf } from './outcome.ts'
import { rehearsalAt } from './rehearsal.ts'

/** The variable that holds the pepper of a fleet that the configuration does not have whole. */
export const PEPPER = 'DEVICEHUB_PEPPER'
/** As many as a store takes by one statement. */
const BATCH = 1_000

/** Which store. */
export interface DirectOptions {
  readonly config?: string
  /** A SQLite file in the place of the configuration's store. */
  readonly store?: string
}

/** A fleet, and what it is over. */
interface Opened {
  readonly fleet: Fleet
  /** Of a fleet that was made here: whether its pepper is known, so that it may make passwords. */
  readonly mayHash: boolean
  readonly kicks: Settings['kicks']
  close(): void
}

/**
 * Opens the fleet of the configuration, or one of its device types over a store.
 *
 * @param use To `read` alone, for which a SQLite file takes no configuration, or to `change` it.
 * @throws {CommandFailure} If the configuration is wrong, or there is no store.
 */
export async function openDirect(
  options: DirectOptions,
  use: 'read' | 'change',
): Promise<OperatedFleet> {
  const { fleet, mayHash, kicks, close } = await open(options, use)
  const { store } = fleet
  const place = options.store ?? 'the store'
  const rehearse = rehearsalAt(fleet)
  // Where the pepper is not known, that of a hash is not either.
  const peppers = mayHash ? fleet : { pepperOf: () => undefined }

  const deeds = new Deeds(store)

  function change(
    action: string,
    type: string,
    id: string,
    work: (type: DeviceType) => Promise<ChangeReport>,
  ): Promise<Report> {
    return changing(() => deeds.on(action, type, id, () => work(fleet.type(type))))
  }

  function checkMayHash(): void {
    if (mayHash) return
    const problem = `passwords are hashed under the pepper of the fleet, and the configuration has its types alone: set ${PEPPER} to it, or to nothing where the fleet has none`
    throw new CommandFailure(exitCode.misused, problem)
  }

  return {
    place,
    batch: BATCH,

    list: (query) =>
      asking(async () => {
        const { records, ...rest } = await listDevices(store, query)
        return { devices: records.map((record) => deviceView(peppers, record)), ...rest }
      }),

    records: (query) => asking(() => listDevices(store, query)),

    show: (type, id) =>
      asking(async () => {
        const record = await store.get(type, id)
        if (!record) throw new DeviceUnknownError(type, id)
        const state = await store.states?.read(type, id)
        return deviceView(peppers, { ...record, ...(state && { state }) })
      }),

    async provisionMany(type, devices) {
      if (devices.some(({ passwordHash }) => passwordHash === undefined)) checkMayHash()
      return asking(async () => {
        const provision = () => fleet.provisionMany(fleet.type(type), devices)
        const outcomes = await deeds.provisioning(type, devices, provision)
        return outcomes.map(outcomeOf)
      })
    },

    async rehearse(type, devices) {
      if (fleet.types.length === 0) throw missingConfigFile()
      return asking(() => rehearse(type, devices))
    },

    async rotate(type, id, overlap) {
      checkMayHash()
      return change('rotate', type, id, (of) => fleet.rotate(of, id, { overlap }))
    },

    retire: (type, id, credentialId) =>
      change('retire', type, id, (of) => fleet.retire(of, id, credentialId)),
    revoke: (type, id) => change('revoke', type, id, (of) => fleet.revoke(of, id)),
    restore: (type, id) => change('restore', type, id, (of) => fleet.restore(of, id)),
    remove: (type, id) => change('delete', type, id, (of) => fleet.remove(of, id)),

    async kick(type, id) {
      const names = Object.keys(kicks)
      if (names.length === 0) {
        const advice = 'add "kicks", such as { emqx: emqxKick(…) }, or name a service by --url'
        throw new CommandFailure(exitCode.misused, `the configuration has no kicks: ${advice}`)
      }
      const record = await asking(() => store.get(type, id))
      if (!record) throw refusalOf(new DeviceUnknownError(type, id))
      const { username } = record
      const kick = () => Promise.allSettled(names.map(async (name) => kicks[name]!({ username })))
      const outcomes = await asking(() => deeds.kicking(type, id, kick))
      const failed = outcomes.flatMap((outcome, i) =>
        outcome.status === 'fulfilled'
          ? []
          : [{ name: names[i]!, problem: firstLine(toError(outcome.reason)) }],
      )
      const done = names.filter((_, i) => outcomes[i]!.status === 'fulfilled')
      return { type, id, done, failed }
    },

    close,
  }
}

async function open(
  { config, store: file }: DirectOptions,
  use: 'read' | 'change',
): Promise<Opened> {
  // Looking at a file takes no device type.
  if (file !== undefined && use === 'read' && findConfigFile(config) === undefined) {
    const { store, close } = await openThere({ file }, use)
    return { fleet: createFleet({ types: [], store }), mayHash: false, kicks: {}, close }
  }
  const settings = await requireSettings(config)
  const { fleet: given, isFleetGiven, kicks } = settings
  const setting = file === undefined ? settings.store : { file }
  if (!setting) {
    if (isFleetGiven) return { fleet: given, mayHash: true, kicks, close() {} }
    const advice = 'add "store" beside "types", or name a SQLite file by --store'
    throw new CommandFailure(exitCode.misused, `the configuration has no store: ${advice}`)
  }
  const { store, close } = await openThere(setting, use)
  try {
    return { ...fleetOver(store, given), kicks, close }
  } catch (error) {
    close()
    throw error
  }
}

function fleetOver(store: DeviceStore, { types, prefix }: Fleet): Omit<Opened, 'kicks' | 'close'> {
  const pepper = process.env[PEPPER]
  try {
    const fleet = createFleet({ types, prefix, store, ...(pepper && { pepper }) })
    return { fleet, mayHash: pepper !== undefined }
  } catch (cause) {
    if (!(cause instanceof ConfigError) || cause.key !== 'pepper') throw cause
    throw new CommandFailure(exitCode.misused, `${PEPPER}: ${firstLine(cause).slice(8)}`, { cause })
  }
}

/** A file has to be there: none is made, which would have no tables. */
async function openThere(setting: StoreSetting, use: 'read' | 'change'): Promise<OpenedStore> {
  const isNew = 'file' in setting && !existsSync(setting.file)
  return openStore(setting, use === 'read' || isNew ? 'read' : 'make')
}

async function changing(change: () => Promise<ChangeReport>): Promise<Report> {
  return asking(async () => {
    try {
      return reportOf(await change())
    } catch (error) {
      const report = reportIn(error)
      if (report) return report
      throw error
    }
  })
}

/** Tells what is refused from what fails. */
async function asking<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw refusalOf(error) ?? storeFailure(error)
  }
}

function storeFailure(cause: unknown): Error {
  if (cause instanceof CommandFailure) return cause
  return new CommandFailure(exitCode.failed, `the store: ${describeSqlite(cause)}`, { cause })
}
