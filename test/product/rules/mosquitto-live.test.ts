/** What the exported rules do on a running Mosquitto, where it is not about single rules. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { connectAsync, type MqttClient } from 'mqtt'
import * as v from 'valibot'
import { deviceRules, hubRules } from '../../../src/device/default-rules.ts'
import { defineDeviceType } from '../../../src/device/type.ts'
import { mosquittoAclFile } from '../../../src/product/mosquitto/acl-file.ts'
import { mosquittoDynsecRoles } from '../../../src/product/mosquitto/roles.ts'
import type { Principal } from '../../../src/rule/principal.ts'
import {
  type Mosquitto,
  mosquittoMissing,
  mosquittoVersion,
  startMosquitto,
} from '../../support/mosquitto.ts'
import { dynsecMissing, startDynsec } from '../../support/mosquitto-export.ts'
import { device } from './arbitrary.ts'
import { PATTERNS, SECTIONS } from './mosquitto-recorded.ts'

const PASSWORD = 'only-for-this-test'
const GROUP = '$share/devicehub/things/pump/+/data'
const pump = defineDeviceType('pump', { data: v.object({}) })
const rules = deviceRules(pump, 'things')
const hub: Principal = { kind: 'service', username: 'hub', rules: hubRules([pump]), attributes: {} }

describe('an acl_file', { skip: mosquittoMissing, timeout: 30_000 }, () => {
  test('grants nothing when it names nobody', async () => {
    await using broker = await start(mosquittoAclFile([]).output)
    const client = await broker.login('pump/7')
    assert.equal(await mayPublish(client, 'things/pump/7/data'), false)
  })

  test('gives each device of a fleet its own topics, and no other', async () => {
    const devices = ['8', '9'].map((id) => device(rules, 'pump', id))
    await using broker = await start(mosquittoAclFile([...devices, hub]).output)
    for (const [username, topic, may] of [
      ['pump/9', 'things/pump/9/data', true],
      ['pump/9', 'things/pump/9/status', true],
      ['pump/9', 'things/pump/9/cmd', false],
      ['pump/9', 'things/pump/8/data', false],
      ['pump/9', 'things/pump/data', false],
      ['pump/9', 'things/pump/9/x/data', false],
      ['9', 'things/pump/9/data', false],
      ['9', 'things/9/data', false],
      ['pump', 'things/pump/9/data', false],
      ['pump/10', 'things/pump/10/data', false],
      ['hub', 'things/pump/9/cmd', true],
      ['hub', 'things/pump/9/data', false],
      ['hub', 'things/hub/data', false],
    ] as const) {
      const client = await broker.login(username)
      assert.equal(await mayPublish(client, topic), may, `${username} ${topic}`)
    }
  })

  for (const [what, { file, answers }] of Object.entries({ SECTIONS, PATTERNS })) {
    const skip = mosquittoVersion !== '2.1' && 'it is about Mosquitto 2.1'
    test(`is read as it was recorded: ${what}`, { skip }, async () => {
      await using broker = await start(file)
      for (const [username, topic, granted] of answers) {
        const client = await broker.login(username)
        assert.equal(await mayPublish(client, topic), granted, `${username} ${topic}`)
      }
    })
  }

  for (const id of ['7 x', '"', '\\', "it's", 'à', '水', '%u', '%c', '&;|']) {
    test(`holds the device id ${JSON.stringify(id)}`, async () => {
      await using broker = await start(mosquittoAclFile([device(rules, 'pump', id)]).output)
      const client = await broker.login(`pump/${id}`)
      assert.equal(await mayPublish(client, `things/pump/${id}/data`), true)
      assert.equal(await mayPublish(client, 'things/pump/7/data'), false)
      const other = await broker.login('pump/7')
      assert.equal(await mayPublish(other, `things/pump/${id}/data`), false)
    })
  }

  test("lets any user join a hub's group, as documented, and gives it nothing", async () => {
    await using broker = await start(mosquittoAclFile([hub, device(rules, 'pump', '7')]).output)
    const { hubGot, otherGot } = await shareGroup(broker)
    assert.equal(otherGot, 0)
    assert.ok(hubGot < 10, 'Mosquitto now leaves the group whole: the documentation can say so')
  })
})

describe('dynamic security', { skip: dynsecMissing, timeout: 30_000 }, () => {
  test("keeps a hub's group to the hub", async () => {
    await using broker = await startWithRoles([hub, device(rules, 'pump', '7')])
    const { hubGot, otherGot } = await shareGroup(broker)
    assert.deepEqual({ hubGot, otherGot }, { hubGot: 10, otherGot: 0 })
  })

  for (const id of ['7 x', '"', '\\', 'à', '水']) {
    test(`holds the device id ${JSON.stringify(id)}`, async () => {
      await using broker = await startWithRoles([device(rules, 'pump', id)])
      const client = await broker.login(`pump/${id}`)
      assert.equal(await mayPublish(client, `things/pump/${id}/data`), true)
      assert.equal(await mayPublish(client, 'things/pump/7/data'), false)
    })
  }
})

interface Running extends AsyncDisposable {
  login(username: string): Promise<MqttClient>
}

function running(broker: Mosquitto): Running {
  const clients: MqttClient[] = []
  return {
    async login(username) {
      const options = { username, password: PASSWORD, protocolVersion: 5 } as const
      const client = await connectAsync(broker.url, { ...options, reconnectPeriod: 0 })
      clients.push(client)
      return client
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.endAsync(true)))
      await broker.stop()
    },
  }
}

/** A broker that believes every user name, and judges by the file. */
async function start(acl: string): Promise<Running> {
  return running(await startMosquitto({ acl: acl.split('\n') }))
}

async function startWithRoles(principals: readonly Principal[]): Promise<Running> {
  const { roles, defaultAccess } = mosquittoDynsecRoles(principals).output
  const broker = await startDynsec()
  const commands = [
    { command: 'setDefaultACLAccess', acls: defaultAccess },
    ...roles.flatMap(({ username, rolename, acls }) => [
      { command: 'createRole', rolename, acls },
      { command: 'createClient', username, password: PASSWORD },
      { command: 'addClientRole', username, rolename },
    ]),
  ]
  try {
    await broker.command(commands)
  } catch (error) {
    await broker.stop()
    throw error
  }
  return running(broker)
}

async function mayPublish(client: MqttClient, topic: string): Promise<boolean> {
  return client.publishAsync(topic, '', { qos: 1 }).then(
    () => true,
    () => false,
  )
}

/** Has a device try to join the hub's group, and counts who gets ten messages of another. */
async function shareGroup(broker: Running): Promise<{ hubGot: number; otherGot: number }> {
  const [service, other, sender] = [
    await broker.login('hub'),
    await broker.login('pump/7'),
    await broker.login('pump/7'),
  ]
  let hubGot = 0
  let otherGot = 0
  service.on('message', () => hubGot++)
  other.on('message', () => otherGot++)
  await service.subscribeAsync(GROUP)
  await other.subscribeAsync(GROUP).catch(() => undefined)
  for (let i = 0; i < 10; i++) assert.ok(await mayPublish(sender, 'things/pump/7/data'))
  // Their answers come after all the messages.
  await service.unsubscribeAsync(GROUP)
  await other.unsubscribeAsync(GROUP)
  return { hubGot, otherGot }
}
