/**
 * Runs the cases in a guest with `node:test`: those of a page or edge worker, then those of the
 * broker contract.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { brokerContract } from '../../src/testing/index.ts'
import { contractTitle, exceptions, notShared } from '../conformance/cells.ts'
import { mosquittoMissing } from '../support/mosquitto.ts'
import { cases } from './cases.ts'
import type { Place, Tried } from './place.ts'
import { openSite, type Site } from './site.ts'

/** A page or an edge worker that runs. */
export interface Guest extends AsyncDisposable {
  /** Runs the case with this title. Settles with what went wrong, or `''`. */
  run(title: string, place: Place, over?: Tried): Promise<string>
}

/** Over what the contract is tried, with the titles of cases that do not hold there, and why. */
const contract: Readonly<Partial<Record<Tried, Readonly<Record<string, string>>>>> = {
  memory: {},
  'Mosquitto and WS': exceptions.Mosquitto,
  'Mosquitto and WSS': exceptions.Mosquitto,
  'the embedded broker and WS': exceptions['the embedded broker'],
  'the embedded broker and WSS': exceptions['the embedded broker'],
  'devicehub/browser on Mosquitto and WSS': { ...exceptions.Mosquitto, ...notShared },
  'devicehub/browser on the embedded broker and WSS': {
    ...exceptions['the embedded broker'],
    ...notShared,
  },
}

/** So many of them are tried at once. */
const AT_ONCE = 4

/**
 * @param missing Why there is no such guest here, or `false`.
 * @param prepare Gives the page's program, if there is one, and starts the guest.
 */
export function runsIn(
  name: string,
  missing: string | false,
  prepare: () => Promise<{ script?: string; start(site: Site): Promise<Guest> }>,
): void {
  describe(name, { skip: missing }, () => {
    let site: Site
    let guest: Guest
    before(async () => {
      const { script = '', start } = await prepare()
      site = await openSite(script)
      guest = await start(site)
    })
    after(async () => {
      await guest?.[Symbol.asyncDispose]()
      await site?.[Symbol.asyncDispose]()
    })
    const declare = (title: string, skip: string | false, over?: Tried) => {
      test(title, { skip, timeout: 60_000 }, async () => {
        assert.equal(await guest.run(title, site.place, over), '')
      })
    }
    describe('does what it is there for', () => {
      for (const title of Object.keys(cases)) declare(title, false)
    })
    // Beside each other: Mosquitto looks at its WebSockets ten times a second, so most of it is waiting.
    describe('keeps the broker contract', { concurrency: AT_ONCE }, () => {
      for (const over of Object.keys(contract) as Tried[]) {
        const skip = over.includes('Mosquitto') ? mosquittoMissing : false
        describe(contractTitle(over), { skip, concurrency: 1 }, () => {
          for (const { name } of brokerContract) {
            declare(name, contract[over]![name] ?? false, over)
          }
        })
      }
    })
  })
}
