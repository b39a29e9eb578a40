import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { type BrokerAuthOptions, brokerAuth } from '../../adapters/hono/index.ts'
import { emqx } from '../../src/product/products.ts'
import { ALLOW, type Answer, DENY, fixture, HUB_PASSWORD, request, SECRET } from './fixture.ts'

const STATION = 'weatherstation/STATION-001'
const OWN = 'things/weatherstation/STATION-001'
const OTHER = 'things/weatherstation/STATION-002'

const closing = ['#', '$SYS/#', '$event/#', '$file/#', '$file-async/#'].map((topic) => ({
  permission: 'deny',
  action: 'all',
  topic,
}))
const allow = (action: string, topic: string) => ({ permission: 'allow', action, topic })

function allowWith(acl: unknown, more = {}): Answer {
  return { ...ALLOW, text: JSON.stringify({ result: 'allow', acl, ...more }) }
}

const stationAcl = allowWith(
  [
    allow('publish', `${OWN}/data`),
    allow('publish', `${OWN}/status`),
    allow('publish', `${OWN}/reply`),
    allow('subscribe', `${OWN}/cmd`),
    ...closing,
  ],
  { client_attrs: { type: 'weatherstation', id: 'STATION-001' } },
)

const hubAcl = allowWith([
  allow('subscribe', 'things/weatherstation/+/data'),
  allow('subscribe', 'things/weatherstation/+/status'),
  allow('subscribe', 'things/weatherstation/+/reply'),
  allow('publish', 'things/weatherstation/+/cmd'),
  allow('subscribe', 'things/pump/+/data'),
  allow('subscribe', 'things/pump/+/status'),
  allow('publish', 'things/pump/+/cmd'),
  ...closing,
])

// Made here, since a suite cannot wait for anything on every runtime.
const parts = await fixture()

describe('/auth', () => {
  const { ask, fleet, log, password, pumpPassword } = parts

  const login = { username: STATION, password }
  // EMQX fills in "" for what a client did not send, and sends every value as text.
  const template = {
    username: STATION,
    password,
    clientid: `${STATION}///c-1`,
    peerhost: '10.0.0.9',
    cert_common_name: '',
    cert_subject: '',
  }
  const grants: [string, Record<string, unknown>, Answer][] = [
    ['user name, password and client id', { ...login, clientid: STATION }, stationAcl],
    ['a client id with a suffix', { ...login, clientid: `${STATION}//b` }, stationAcl],
    ['the longer template', template, stationAcl],
    ['the hub', { username: 'hub', password: HUB_PASSWORD, clientid: 'hub//1' }, hubAcl],
    // A rule of its own holds for a client id that is none here.
    [
      'a device with inexpressible rules',
      { username: 'pump/P-1', password: pumpPassword, clientid: 'pump/P-1///a/b' },
      allowWith(undefined, { client_attrs: { type: 'pump', id: 'P-1' } }),
    ],
  ]
  for (const [title, body, expected] of grants) {
    for (const path of ['/auth', '/auth/']) {
      test(`${path} allows ${title}`, async () => {
        log.lines.length = 0
        assert.deepEqual(await ask(path, body), expected)
        assert.deepEqual(log.lines, [])
      })
    }
  }

  const denials: [string, Record<string, unknown>, string][] = [
    ['a wrong password', { username: STATION, password: 'wrong' }, 'password-wrong'],
    ['the password of another', { username: STATION, password: pumpPassword }, 'password-wrong'],
    ['the password and more', { username: STATION, password: `${password}0` }, 'password-wrong'],
    ['the hub with a wrong one', { username: 'hub', password: 'wrong' }, 'password-wrong'],
    ['an unknown device', { username: 'weatherstation/X', password }, 'principal-unknown'],
    ['a wildcard for a user name', { username: 'weatherstation/+', password }, 'principal-unknown'],
    ['a device id alone', { username: 'STATION-001', password }, 'principal-unknown'],
    ['a user name with NUL', { username: `${STATION}\u0000`, password }, 'principal-unknown'],
    ['no user name', { password }, 'credentials-missing'],
    ['an empty user name', { username: '', password }, 'credentials-missing'],
    ['a null user name', { username: null, password }, 'credentials-missing'],
    ['no password', { username: STATION }, 'credentials-missing'],
    ['an empty password', { username: STATION, password: '' }, 'credentials-missing'],
    ['a null password', { username: STATION, password: null }, 'credentials-missing'],
    ['an empty object', {}, 'credentials-missing'],
    ['no client id', login, 'client-id-foreign'],
    ['an empty client id', { ...template, clientid: '' }, 'client-id-foreign'],
    ['a null client id', { ...template, clientid: null }, 'client-id-foreign'],
    ['a client id of any kind', { ...template, clientid: 'c-1' }, 'client-id-foreign'],
    ['the client id of another', { ...template, clientid: 'pump/P-1' }, 'client-id-foreign'],
    ['the client id of the hub', { ...template, clientid: 'hub' }, 'client-id-foreign'],
  ]
  for (const [title, body, reason] of denials) {
    for (const path of ['/auth', '/auth/']) {
      test(`${path} denies ${title}`, async () => {
        log.lines.length = 0
        assert.deepEqual(await ask(path, body), DENY)
        assert.equal(log.lines.length, 1)
        assert.ok(log.lines[0]?.startsWith(`warn: broker emqx/auth: denied: ${reason}, user name `))
        assert.ok(!log.lines[0]?.includes(password))
      })
    }
  }

  test('says in the log which client id it takes', async () => {
    log.lines.length = 0
    await ask('/auth', { ...login, clientid: 'hub' })
    await ask('/auth', login)
    const start = `warn: broker emqx/auth: denied: client-id-foreign, user name "${STATION}"`
    const end = 'it must be the user name, or that with "//" and a suffix'
    assert.deepEqual(log.lines, [
      `${start}, client id "hub": ${end}`,
      `${start}, no client id: ${end}`,
    ])
  })

  for (const clientid of ['c-1', 'hub', 'pump/P-1', '', null, undefined]) {
    test(`allows the client id ${JSON.stringify(clientid)} where any is taken`, async () => {
      const routes = brokerAuth(fleet, {
        ...{ secret: SECRET, products: [emqx], logger: log },
        clientIds: 'any',
      })
      const app = new Hono().route('/iot/broker', routes)
      assert.deepEqual(await request(app, '/auth', { ...login, clientid }), stationAcl)
      const wrong = { ...login, password: 'wrong', clientid }
      assert.deepEqual(await request(app, '/auth', wrong), DENY)
    })
  }

  for (const clientIds of ['all', true, null, ['any']]) {
    test(`is not made with clientIds: ${JSON.stringify(clientIds)}`, () => {
      const options = { secret: SECRET, clientIds } as unknown as BrokerAuthOptions
      assert.throws(() => brokerAuth(fleet, options), { name: 'ConfigError', key: 'clientIds' })
    })
  }

  test('denies a revoked device, and so does /acl', async () => {
    const { username, password } = await fleet.provision(fleet.types[0]!, 'STATION-009')
    const access = { username, topic: `things/${username}/data`, action: 'publish' }
    const login = { username, password, clientid: username }
    assert.match((await ask('/auth', login)).text, /^\{"result":"allow","acl":/)
    assert.deepEqual(await ask('/acl', access), ALLOW)
    await fleet.revoke(fleet.types[0]!, 'STATION-009')
    log.lines.length = 0
    assert.deepEqual(await ask('/auth', login), DENY)
    assert.deepEqual(await ask('/acl', access), DENY)
    assert.deepEqual(log.lines, [
      'warn: broker emqx/auth: denied: revoked, user name "weatherstation/STATION-009"',
      'warn: broker emqx/acl: denied: principal-unknown, weatherstation/STATION-009 may not publish to "things/weatherstation/STATION-009/data": no active device, service account or token has this user name.',
    ])
  })
})

describe('/acl', () => {
  const { ask, log } = parts
  const asked = (username: string, action: unknown, topic: string, more = {}) => ({
    username,
    topic,
    action,
    ...more,
  })
  const pump = (topic: string, more: Record<string, unknown>) =>
    asked('pump/P-1', 'publish', topic, more)

  const grants: [string, Record<string, unknown>][] = [
    ['its data', asked(STATION, 'publish', `${OWN}/data`)],
    ['its data, as pub', asked(STATION, 'pub', `${OWN}/data`)],
    ['its status', asked(STATION, 'publish', `${OWN}/status`)],
    ['its reply', asked(STATION, 'publish', `${OWN}/reply`)],
    ['its commands', asked(STATION, 'subscribe', `${OWN}/cmd`)],
    ['its commands, as sub', asked(STATION, 'sub', `${OWN}/cmd`)],
    [
      'the longer template',
      asked(STATION, 'publish', `${OWN}/data`, {
        clientid: 'c-1',
        peerhost: '10.0.0.9',
        qos: '1',
        retain: 'false',
      }),
    ],
    ['empty options', asked(STATION, 'subscribe', `${OWN}/cmd`, { qos: '', retain: '' })],
    ['null options', asked(STATION, 'publish', `${OWN}/data`, { qos: null, retain: null })],
    ['the hub every device', asked('hub', 'subscribe', 'things/weatherstation/+/data')],
    ['the hub a command', asked('hub', 'publish', `${OTHER}/cmd`)],
    ['a topic with its client id', pump('audit/c-1', { clientid: 'c-1' })],
    ['a QoS within the limit, as text', pump('logs/P-1/a', { qos: '1' })],
    ['a QoS within the limit, as a number', pump('logs/P-1/a', { qos: 0 })],
    ['the right retain flag, as text', pump('state/P-1', { retain: 'true' })],
    ['the right retain flag, as a boolean', pump('state/P-1', { retain: true })],
  ]
  for (const [title, body] of grants) {
    for (const path of ['/acl', '/acl/']) {
      test(`${path} allows ${title}`, async () => {
        log.lines.length = 0
        assert.deepEqual(await ask(path, body), ALLOW)
        assert.deepEqual(log.lines, [])
      })
    }
  }

  const denials: [string, Record<string, unknown>, RegExp][] = [
    ['the data of another', asked(STATION, 'publish', `${OTHER}/data`), /belongs to the device/],
    ['its own commands as publisher', asked(STATION, 'publish', `${OWN}/cmd`), /only to subscribe/],
    ['its own data as subscriber', asked(STATION, 'subscribe', `${OWN}/data`), /only to publish/],
    ['the commands of another', asked(STATION, 'subscribe', `${OTHER}/cmd`), /belongs to/],
    [
      'the commands of all',
      asked(STATION, 'subscribe', 'things/weatherstation/+/cmd'),
      /"\+" asks/,
    ],
    ['everything', asked(STATION, 'subscribe', '#'), /"#" asks for every topic/],
    ['all of its own', asked(STATION, 'subscribe', `${OWN}/#`), /no-rule-grants/],
    ['the broker’s statistics', asked(STATION, 'subscribe', '$SYS/#'), /no-rule-grants/],
    ['a wildcard as publisher', asked(STATION, 'publish', `${OWN}/+`), /topic-malformed/],
    ['a topic with NUL', asked(STATION, 'publish', `${OWN}/data\u0000`), /topic-malformed/],
    ['the hub data of one’s own', asked('hub', 'publish', `${OWN}/data`), /no-rule-grants/],
    ['the hub all channels', asked('hub', 'subscribe', 'things/weatherstation/+/#'), /no-rule/],
    ['an unknown device', asked('weatherstation/X', 'publish', `${OWN}/data`), /principal-unknown/],
    ['nobody', asked('', 'publish', `${OWN}/data`), /principal-unknown/],
    ['no user name', { topic: `${OWN}/data`, action: 'publish' }, /principal-unknown/],
    ['another client id', pump('audit/c-1', { clientid: 'c-2' }), /no-rule-grants/],
    ['an unknown client id', pump('audit/c-1', {}), /no-rule-grants/],
    ['a client id that is a wildcard', pump('audit/x', { clientid: '+' }), /no-rule-grants/],
    ['a QoS above the limit', pump('logs/P-1/a', { qos: '2' }), /up to QoS 1/],
    ['an unknown QoS below a limit', pump('logs/P-1/a', {}), /QoS asked for is not known/],
    ['the wrong retain flag', pump('state/P-1', { retain: 'false' }), /with the retain flag/],
    ['an unknown retain flag', pump('state/P-1', { retain: '' }), /with the retain flag/],
    ['what a rule denies', pump('logs/P-1/secret', { qos: 0 }), /denied-by-rule/],
    ['no topic', { username: STATION, action: 'publish' }, /"topic" is missing/],
    ['an empty topic', asked(STATION, 'publish', ''), /"topic" is missing/],
    ['no action', { username: STATION, topic: `${OWN}/data` }, /"action" is missing/],
    ['an empty action', asked(STATION, '', `${OWN}/data`), /"action" is missing/],
    ...['all', 'read', 'PUBLISH', 'publish ', '2', 'toString', '__proto__', `\${action}`].map(
      (action): [string, Record<string, unknown>, RegExp] => [
        `the action ${JSON.stringify(action)}`,
        asked(STATION, action, `${OWN}/data`),
        /"action" is not/,
      ],
    ),
    ...['3', '-1', ' 1', '1.0', `\${qos}`, 3, -1, 0.5, true, [1]].map(
      (qos): [string, Record<string, unknown>, RegExp] => [
        `the QoS ${JSON.stringify(qos)}`,
        asked(STATION, 'publish', `${OWN}/data`, { qos }),
        /"qos" is not/,
      ],
    ),
    ...['yes', 'TRUE', '1', 1, 0, {}].map((retain): [string, Record<string, unknown>, RegExp] => [
      `the retain flag ${JSON.stringify(retain)}`,
      asked(STATION, 'publish', `${OWN}/data`, { retain }),
      /"retain" is not/,
    ]),
  ]
  for (const [title, body, reason] of denials) {
    test(`denies ${title}`, async () => {
      for (const path of ['/acl', '/acl/']) {
        log.lines.length = 0
        assert.deepEqual(await ask(path, body), DENY)
        assert.equal(log.lines.length, 1)
        assert.match(log.lines[0]!, /^warn: broker emqx\/acl: denied: /)
        assert.match(log.lines[0]!, reason)
      }
    })
  }
})
