/**
 * Migrated devices and a hub with slow passwords in workerd, by itself and as Cloudflare runs it, beside
 * logins under names that nobody has.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { pbkdf2, randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { after, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { PASSWORD, SCRYPT } from '../credential/fixture.ts'
import { type Hashes, SECRET } from './migrated.ts'
import { type Host, migratedHosts } from './server.ts'

/** Cheap, so that logins end in time on a slow machine. */
const CHEAP = 20_000
/** A check of it takes many times as long as a request. */
const LONG = 90_000
/** More than the runtime runs on Cloudflare. */
const BEYOND = 100_001
/** Strangers at once, and how often. */
const CROWD = 300
const CROWDS = 3

async function makeHash(rounds: number): Promise<string> {
  const salt = randomBytes(11).toString('hex')
  const key = await promisify(pbkdf2)(PASSWORD, salt, rounds, 32, 'sha256')
  return `pbkdf2_sha256$${rounds}$${salt}$${key.toString('base64')}`
}

function makeHashes(count: number, rounds: number): Promise<readonly string[]> {
  return Promise.all(Array.from({ length: count }, () => makeHash(rounds)))
}

/** Sends requests to a worker. */
class Client {
  readonly #agent = new Agent({ keepAlive: true })
  readonly #port: number
  #peers = 0

  constructor(port: number) {
    this.#port = port
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Makes a fleet. */
  async make(name: string, hashes: Hashes): Promise<void> {
    await this.#send('PUT', name, hashes)
  }

  /** How often the routes of a fleet answered what. */
  async count(name: string): Promise<Readonly<Record<string, number>>> {
    return JSON.parse(await this.#send('GET', name))
  }

  /** Logs in as EMQX does it, from an address of its own, and tells the result. */
  async login(name: string, username: string, password: string): Promise<string> {
    const peer = ++this.#peers
    const peerhost = `10.0.${peer >> 8}.${peer & 255}`
    const body = { username, password, clientid: username, peerhost }
    return JSON.parse(await this.#send('POST', `${name}/emqx/auth`, body)).result
  }

  #send(method: string, path: string, body?: unknown): Promise<string> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` }
    const options = { agent: this.#agent, host: '127.0.0.1', port: this.#port, method, headers }
    return new Promise((resolve, reject) => {
      request({ ...options, path: `/${path}` }, (response) => {
        text(response).then(resolve, reject)
      })
        .once('error', reject)
        .end(body && JSON.stringify(body))
    })
  }
}

function testHost({ name: host, missing, start }: Host): void {
  describe(host, { skip: missing }, async () => {
    if (missing) return
    const { port, stop } = await start()
    const client = new Client(port)
    after(async () => {
      client.close()
      await stop()
    })

    test('beside a flood of them all those on record are let in, and nobody else', async () => {
      const devices = [...(await makeHashes(19, CHEAP)), await makeHash(BEYOND)]
      await client.make('flood', { devices, hub: SCRYPT })
      const names = [...devices.map((_, i) => `pump/P-${i}`), 'hub']
      // From now on an unknown name takes time, that of one of the three.
      for (const username of ['pump/P-0', 'pump/P-19', 'hub']) {
        assert.equal(await client.login('flood', username, 'wrong'), 'deny')
      }
      for (let crowd = 0; crowd < CROWDS; crowd++) {
        const strangers = Array.from({ length: CROWD }, (_, i) => {
          return client.login('flood', `stranger-${crowd}-${i}`, PASSWORD)
        })
        for (const username of names.splice(0, Math.ceil(21 / CROWDS))) {
          const logins = ['wrong', PASSWORD, PASSWORD, 'wrong again']
          const results: string[] = []
          for (const password of logins) {
            results.push(await client.login('flood', username, password))
          }
          assert.deepEqual([username, ...results], [username, 'deny', 'allow', 'allow', 'deny'])
        }
        for (const result of await Promise.all(strangers)) assert.equal(result, 'deny')
      }
      assert.equal((await client.count('flood')).login, 2 * 21)
    })

    const guessed: [who: string, username: string, code: string, atOnce: number][] = [
      ['a device', 'pump/P-0', 'password-wrong', 30],
      // What workerd does not run by itself waits for one place, and beyond four is refused as busy.
      ['the hub', 'hub', 'password-wrong', 5],
      ['nobody', 'nobody', 'principal-unknown', 30],
    ]
    for (const [i, [who, username, code, atOnce]] of guessed.entries()) {
      test(`of 30 guesses at the name of ${who}, ${atOnce} at once, ten are tried`, async () => {
        const name = `guesses-${i}`
        await client.make(name, { devices: await makeHashes(2, CHEAP), hub: SCRYPT })
        assert.equal(await client.login(name, 'pump/P-1', 'wrong'), 'deny')
        for (let made = 0; made < 30; made += atOnce) {
          const guesses = Array.from({ length: atOnce }, (_, i) => {
            return client.login(name, username, `guess ${made + i}`)
          })
          for (const result of await Promise.all(guesses)) assert.equal(result, 'deny')
        }
        assert.equal(await client.login(name, username, PASSWORD), 'deny')
        assert.equal(await client.login(name, 'pump/P-1', PASSWORD), 'allow')
        const { 'password-wrong': wrong = 0, ...counts } = await client.count(name)
        const tried = { 'password-wrong': wrong - 1, ...counts }[code]
        assert.deepEqual([tried, counts.throttled, counts.login], [10, 21, 1])
      })
    }

    for (const [kind, rounds] of [
      ['that the runtime checks', LONG],
      ['of more rounds than it runs on Cloudflare', BEYOND],
    ] as const) {
      test(`an unknown name takes about as long as a wrong password ${kind}`, async () => {
        const name = `times-${rounds}`
        const devices = await makeHashes(5, rounds)
        await client.make(name, { devices, hub: SCRYPT })
        const times = { device: [] as number[], nobody: [] as number[] }
        for (const i of devices.keys()) {
          for (const [who, username] of [
            ['device', `pump/P-${i}`],
            ['nobody', `nobody-${i}`],
          ] as const) {
            const start = performance.now()
            assert.equal(await client.login(name, username, 'wrong'), 'deny')
            times[who].push(performance.now() - start)
          }
        }
        const [device, nobody] = [times.device, times.nobody].map(
          (all) => all.toSorted((a, b) => a - b)[2]!,
        )
        const ratio = nobody! / device!
        assert.ok(ratio > 1 / 3 && ratio < 3, `${nobody} ms, and ${device} ms of a device`)
      })
    }
  })
}

for (const host of migratedHosts) testHost(host)
