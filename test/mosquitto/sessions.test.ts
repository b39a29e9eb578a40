/**
 * Whose a session is on a real Mosquitto, with the listeners of the generated configuration: what a
 * client gets, and what it ruins, that logs in rightly under the client id of another.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type MqttClient, connect as open } from 'mqtt'
import { dynamicSecurityDocument, writeMosquittoFiles } from '../../adapters/mosquitto/index.ts'
import { ADMIN } from '../support/dynsec-site.ts'
import { generatedMosquitto } from '../support/generated.ts'
import { freePort, type Mosquitto, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { dynsecMissing, plugin } from '../support/mosquitto-export.ts'
import { within } from '../support/wait.ts'
import { type Credentials, HUB, makeFleet, pump } from './site.ts'

/** Who is robbed: what it hears, and who says it. */
interface Victim {
  readonly login: Credentials
  readonly filters: readonly string[]
  readonly topic: string
  readonly sender: Credentials
}

interface Client {
  readonly got: string[]
  readonly isPresent: boolean
  readonly mqtt: MqttClient
  /** Settles when it has got a message. */
  hears(payload: string): Promise<void>
}

for (const [form, skip] of [
  ['files', mosquittoMissing],
  ['dynamic security', dynsecMissing],
] as const) {
  describe(`a session, with ${form}`, { skip, timeout: 120_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'devicehub-sessions-'))
    const fleet = makeFleet()
    let broker: Mosquitto
    let ports: readonly [devices: number, hubs: number]
    let stranger: Credentials
    let victims: Readonly<Record<'device' | 'hub', Victim>>
    let last = 0

    before(async () => {
      const own = await fleet.provision(pump, 'P-own')
      stranger = await fleet.provision(pump, 'P-other')
      const topic = (channel: string) => `things/${own.username}/${channel}`
      victims = {
        device: { login: own, filters: [topic('cmd')], topic: topic('cmd'), sender: HUB },
        hub: {
          login: HUB,
          filters: ['things/pump/+/data', '$share/devicehub/things/pump/+/status'],
          topic: topic('data'),
          sender: own,
        },
      }
      ports = [await freePort(), await freePort()]
      broker = await startMosquitto({ config: await write() })
    })
    after(async () => {
      await broker?.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    async function write(): Promise<readonly string[]> {
      const path = (name: string) => join(folder, name)
      const pid_file = path('pid')
      if (form === 'files') {
        const files = { passwordFile: path('passwords'), aclFile: path('acl') }
        await writeMosquittoFiles(fleet, files)
        const values = { password_file: files.passwordFile, acl_file: files.aclFile, pid_file }
        return generatedMosquitto('mosquitto-files', values, ports)
      }
      const { output } = await dynamicSecurityDocument(fleet, { admin: ADMIN })
      const file = path('dynamic-security.json')
      writeFileSync(file, output, { mode: 0o600 })
      const values = { plugin: String(plugin), plugin_opt_config_file: file, pid_file }
      return generatedMosquitto('mosquitto', values, ports)
    }

    /** Connects; without a clean start the session stays. `undefined` if it is refused. */
    async function login(
      port: number,
      { username, password }: Credentials,
      clientId: string,
      { version = 5, clean = false }: { version?: 4 | 5; clean?: boolean } = {},
    ): Promise<Client | undefined> {
      const mqtt = open(`mqtt://127.0.0.1:${port}`, {
        username,
        password,
        clientId,
        clean,
        protocolVersion: version,
        reconnectPeriod: 0,
        ...(version === 5 && !clean && { properties: { sessionExpiryInterval: 600 } }),
      })
      const got: string[] = []
      mqtt.on('message', (_topic, payload) => void got.push(String(payload)))
      // Both ends are told: an error of the connection is the other end.
      const isPresent = await new Promise<boolean | undefined>((resolve) => {
        mqtt.once('connect', ({ sessionPresent }) => resolve(sessionPresent))
        mqtt.on('error', () => resolve(undefined))
        mqtt.once('close', () => resolve(undefined))
      })
      if (isPresent === undefined) return undefined
      const hears = async (payload: string) => {
        while (!got.includes(payload)) {
          await within(new Promise((resolve) => mqtt.once('message', resolve)), payload)
        }
      }
      return { got, isPresent, mqtt, hears }
    }

    /** Publishes, from the listener of the hubs. */
    async function say(sender: Credentials, topic: string, ...payloads: readonly string[]) {
      const client = (await login(ports[1], sender, `${sender.username}//sender`, { clean: true }))!
      for (const payload of payloads) await client.mqtt.publishAsync(topic, payload, { qos: 1 })
      await client.mqtt.endAsync()
    }

    /** The client of a victim, under a fresh client id, with its subscriptions. */
    async function settle(port: number, { login: own, filters }: Victim, version: 4 | 5) {
      // On the listener for devices every client of an account has one session.
      const fresh = await login(port, own, `${own.username}//${++last}`, { version, clean: true })
      await fresh!.mqtt.endAsync()
      const client = (await login(port, own, `${own.username}//${last}`, { version }))!
      for (const filter of filters) await client.mqtt.subscribeAsync(filter, { qos: 1 })
      return { client, clientId: `${own.username}//${last}` }
    }

    /** The client ids that a stranger tries: the one that the victim brought, or has. */
    const foreign = (listener: 0 | 1, { username }: Credentials, clientId: string) =>
      listener === 0 ? [clientId, username] : [clientId]

    /** What a client has got until now: a message to itself is the last of it. */
    async function gotSoFar(client: Client): Promise<readonly string[]> {
      const topic = `things/${stranger.username}/cmd`
      await client.mqtt.subscribeAsync(topic, { qos: 1 })
      await say(HUB, topic, 'mark')
      await client.hears('mark')
      return client.got.filter((payload) => payload !== 'mark')
    }

    for (const version of [5, 4] as const) {
      for (const who of ['device', 'hub'] as const) {
        const title = (text: string) =>
          `${text}, ${who}, ${version === 5 ? 'MQTT 5' : 'MQTT 3.1.1'}`

        for (const [listener, what, clean, password, kept] of [
          [0, 'is not reached under a foreign client id', false, undefined, 'all'],
          [0, 'is not cleared under a foreign client id', true, undefined, 'all'],
          [0, 'outlasts a failed login', false, 'wrong', 'all'],
          [1, 'gives nothing away but loses what waits', false, undefined, 'subscriptions'],
          [1, 'is cleared by a clean start', true, undefined, 'nothing'],
          [1, 'outlasts a failed login there', false, 'wrong', 'all'],
        ] as const) {
          test(title(`of one who is away: it ${what}`), async () => {
            const { login: own, topic, sender } = victims[who]
            const { client, clientId } = await settle(ports[listener], victims[who], version)
            await client.mqtt.endAsync()
            await say(sender, topic, 'one', 'two')
            const credentials = { ...stranger, password: password ?? stranger.password }
            for (const id of foreign(listener, own, clientId)) {
              const other = await login(ports[listener], credentials, id, { version, clean })
              assert.equal(other === undefined, password === 'wrong')
              if (!other) continue
              if (listener === 1) assert.equal(other.isPresent, !clean)
              await say(sender, topic, 'while it is there')
              assert.deepEqual(await gotSoFar(other), [])
              await other.mqtt.endAsync()
            }
            await say(sender, topic, 'three')
            const back = (await login(ports[listener], own, clientId, { version }))!
            assert.equal(back.isPresent, kept !== 'nothing')
            if (kept !== 'nothing') {
              await say(sender, topic, 'four')
              await back.hears('four')
            }
            const expected = {
              all: ['one', 'two', 'three', 'four'],
              subscriptions: ['four'],
              nothing: [],
            }
            // The hub has it by each of its subscriptions.
            const got = new Set(back.got.filter((payload) => payload !== 'while it is there'))
            assert.deepEqual([...got], expected[kept])
            await back.mqtt.endAsync()
          })

          test(title(`of one who is connected: it ${what}`), async () => {
            const { login: own, topic, sender } = victims[who]
            const { client, clientId } = await settle(ports[listener], victims[who], version)
            const ended = new Promise<void>((resolve) => client.mqtt.once('close', () => resolve()))
            const credentials = { ...stranger, password: password ?? stranger.password }
            const others: Client[] = []
            for (const id of foreign(listener, own, clientId)) {
              const other = await login(ports[listener], credentials, id, { version, clean })
              if (other) others.push(other)
            }
            if (kept === 'all') {
              await say(sender, topic, 'one')
              await client.hears('one')
            } else await within(ended, 'end of the connection')
            const other = others.at(-1)
            assert.equal(other === undefined, password === 'wrong')
            if (other) assert.deepEqual(await gotSoFar(other), [])
            for (const { mqtt } of [client, ...others]) await mqtt.endAsync(true)
          })
        }

        test(title('of one account is one on the listener for devices'), async () => {
          const { login: own, topic, sender } = victims[who]
          const { client } = await settle(ports[0], victims[who], version)
          const ended = new Promise<void>((resolve) => client.mqtt.once('close', () => resolve()))
          const second = (await login(ports[0], own, 'quite another', { version }))!
          await within(ended, 'end of the first connection')
          assert.equal(second.isPresent, true)
          await say(sender, topic, 'one')
          await second.hears('one')
          await second.mqtt.endAsync()
        })

        test(title('of one account are several on the listener for hubs'), async () => {
          const { topic, sender } = victims[who]
          const first = await settle(ports[1], victims[who], version)
          const second = await settle(ports[1], victims[who], version)
          await say(sender, topic, 'one')
          for (const { client } of [first, second]) {
            await client.hears('one')
            await client.mqtt.endAsync()
          }
        })
      }
    }
  })
}
