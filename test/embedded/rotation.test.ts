/**
 * Passwords that are rotated while their devices come and go: with an overlap none is ever refused.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFleet, type Fleet, memoryStore } from '../../src/index.ts'
import { Collector, within } from '../support/wait.ts'
import { openSite, pump, reasonOf, type Site } from './fixture.ts'

const DEVICES = ['L-1', 'L-2', 'L-3', 'L-4']
const ROTATIONS = 25
/** Longer than the test takes, in seconds. */
const OVERLAP = 3_600
const LIMIT_MS = 60_000
const BAD_LOGIN = 0x86

/** A device that connects, publishes and goes, again and again, with the password it was told last. */
class RestlessDevice {
  readonly username: string
  password: string
  /** The password of each connection that was made. */
  readonly #connections = new Collector<string>()
  readonly #site: Site
  #isOver = false

  constructor(site: Site, username: string, password: string) {
    this.#site = site
    this.username = username
    this.password = password
  }

  async run(): Promise<void> {
    while (!this.#isOver) {
      const { username, password } = this
      const { mqtt } = await this.#site.connect({ username, password })
      await within(mqtt.publishAsync(`things/${username}/data`, '{"rpm":1}', { qos: 1 }), 'PUBACK')
      await mqtt.endAsync()
      this.#connections.push(password)
    }
  }

  /** Settles when it has come with the password it has now. One connection may be under way with another. */
  async comes(): Promise<void> {
    const { length } = this.#connections.items
    const connections = await this.#connections.reach(length + 2, 'connections', LIMIT_MS)
    assert.equal(connections[length + 1], this.password)
  }

  end(): void {
    this.#isOver = true
  }
}

/** Rotates a device's password, and tells the device after it has come with the old one once more. */
async function rotate(fleet: Fleet, device: RestlessDevice, id: string): Promise<void> {
  const { password } = await fleet.rotate(pump, id, { overlap: OVERLAP })
  await device.comes()
  device.password = password
  await device.comes()
}

describe('a device that reconnects in a loop never sees a refusal', () => {
  for (const [by, isElsewhere] of [
    ['the fleet that the broker asks', false],
    ['another process', true],
  ] as const) {
    test(`while its password is rotated ${ROTATIONS} times by ${by}`, async () => {
      const store = memoryStore()
      await using site = await openSite({ store })
      const fleet = isElsewhere ? createFleet({ types: [pump], store }) : site.fleet
      const first = new Map<string, string>()
      const work = DEVICES.map(async (id) => {
        const { username, password } = await site.fleet.provision(pump, id)
        first.set(username, password)
        const device = new RestlessDevice(site, username, password)
        const rotating = async () => {
          for (let i = 0; i < ROTATIONS; i++) await rotate(fleet, device, id)
          device.end()
        }
        await Promise.all([device.run(), rotating()])
        return device
      })
      const devices = await Promise.all(work)
      assert.deepEqual(site.log.lines, [])
      for (const { username, password } of devices) {
        // Its last password is good still, and its first one, of so many, is not.
        await site.connect({ username, password })
        const login = { username, password: first.get(username)! }
        assert.equal(await reasonOf(site.connect(login)), BAD_LOGIN)
      }
    })
  }

  test('and without an overlap the old password is refused at once', async () => {
    await using site = await openSite()
    const { username, password } = await site.fleet.provision(pump, 'L-1')
    await site.connect({ username, password })
    const rotated = await site.fleet.rotate(pump, 'L-1')
    assert.equal(await reasonOf(site.connect({ username, password })), BAD_LOGIN)
    await site.connect({ username, password: rotated.password })
  })
})
