/**
 * What a person sees who tries the embedded broker with Mosquitto's clients.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mosquittoClientsMissing, runClient, startClient } from '../support/mosquitto-clients.ts'
import { OFFICE, openSite, portOf, pump, type Site } from './fixture.ts'

/** Settles when somebody has subscribed to something. */
async function subscription({ broker }: Site): Promise<void> {
  const end = performance.now() + 10_000
  while (broker.counters.subscriptions === 0) {
    assert.ok(performance.now() < end, 'No subscription within 10 seconds')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe("Mosquitto's clients", { skip: mosquittoClientsMissing }, () => {
  test("a device publishes its data, and the office's subscription gets it", async () => {
    await using site = await openSite()
    const port = portOf(site.broker.url)
    const office = startClient(
      'mosquitto_sub',
      { port, ...OFFICE },
      ...['-t', 'things/+/+/data', '-q', '1', '-C', '1', '-v'],
    )
    await subscription(site)
    const { exitCode, output } = await runClient(
      'mosquitto_pub',
      { port, ...site.p1 },
      ...['-t', 'things/pump/P-1/data', '-q', '1', '-m', '{"rpm":1450}'],
    )
    assert.deepEqual([exitCode, output], [0, ''])
    const received = await office.ended
    assert.equal(received.exitCode, 0)
    assert.match(received.output, /^things\/pump\/P-1\/data \{"rpm":1450\}$/m)
    assert.deepEqual(site.denials.items, [])
  })

  test('a device gets its commands', async () => {
    await using site = await openSite()
    const port = portOf(site.broker.url)
    const topic = 'things/pump/P-1/cmd'
    const device = startClient(
      'mosquitto_sub',
      { port, ...site.p1 },
      ...['-t', topic, '-q', '1', '-C', '1'],
    )
    await subscription(site)
    await runClient('mosquitto_pub', { port, ...OFFICE }, '-t', topic, '-q', '1', '-m', 'start')
    const received = await device.ended
    assert.equal(received.exitCode, 0)
    assert.match(received.output, /^start$/m)
  })

  for (const topic of ['things/pump/P-2/data', 'things/pump/P-1/cmd', 'elsewhere']) {
    test(`a device may not publish to ${topic}`, async () => {
      await using site = await openSite()
      const { output } = await runClient(
        'mosquitto_pub',
        { port: portOf(site.broker.url), ...site.p1 },
        ...['-t', topic, '-q', '1', '-m', 'forged'],
      )
      assert.match(output, /Publish 1 failed: Not authorized/)
      assert.deepEqual(
        site.denials.items.map((denial) => [denial.username, denial.topic]),
        [['pump/P-1', topic]],
      )
    })
  }

  for (const filter of ['things/#', '#', 'things/pump/P-2/cmd', 'things/pump/+/cmd']) {
    test(`a device may not subscribe to ${filter}`, async () => {
      await using site = await openSite()
      const { exitCode, output } = await runClient(
        'mosquitto_sub',
        { port: portOf(site.broker.url), ...site.p1 },
        ...['-t', filter, '-q', '1'],
      )
      // It ends by itself, since nothing is left to wait for.
      assert.deepEqual([exitCode, output], [0, 'All subscription requests were denied.\n'])
      assert.deepEqual(
        site.denials.items.map((denial) => [denial.action, denial.topic]),
        [['subscribe', filter]],
      )
    })
  }

  for (const [name, makeLogin, reason] of [
    ['a wrong password', ({ username }) => ({ username, password: 'guess' }), 'password-wrong'],
    ['an unknown user', (login) => ({ ...login, username: 'pump/P-9' }), 'principal-unknown'],
    ['no password', ({ username }) => ({ username }), 'credentials-missing'],
    ['no user name', () => ({}), 'credentials-missing'],
    ['a revoked device', (login) => login, 'revoked'],
  ] satisfies [string, (login: { username: string; password: string }) => object, string][]) {
    test(`${name} is refused at connect`, async () => {
      await using site = await openSite()
      if (reason === 'revoked') await site.fleet.revoke(pump, 'P-1')
      const login = { port: portOf(site.broker.url), ...makeLogin(site.p1) }
      const { exitCode, output } = await runClient(
        'mosquitto_pub',
        login,
        ...['-t', 'things/pump/P-1/data', '-q', '1', '-m', 'x'],
      )
      assert.notEqual(exitCode, 0)
      assert.match(output, /Bad user name or password/i)
      assert.deepEqual(
        site.denials.items.map((denial) => [denial.action, denial.code]),
        [['connect', reason]],
      )
      assert.equal(site.log.lines.join().includes(site.p1.password), false)
    })
  }

  test('MQTT 3.1.1 works as well', async () => {
    await using site = await openSite()
    const { exitCode, output } = await runClient(
      'mosquitto_pub',
      { port: portOf(site.broker.url), ...site.p1 },
      ...['-V', 'mqttv311', '-t', 'things/pump/P-1/data', '-q', '2', '-m', '{"rpm":1}'],
    )
    assert.deepEqual([exitCode, output], [0, ''])
  })
})
