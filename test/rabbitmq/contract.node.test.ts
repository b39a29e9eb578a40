/**
 * What RabbitMQ asks its HTTP back end about MQTT clients, and what the answers do.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { type Rabbitmq, rabbitmqMissing, startRabbitmq } from '../support/rabbitmq.ts'
import { Collector } from '../support/wait.ts'
import { connect, cut, outcome, refusal, subscribeRaw } from './client.ts'
import {
  ACTS,
  CONNECTIONS,
  LOGIN,
  publish,
  QUEUE_0,
  QUEUE_1,
  STATION,
  subscribe,
  TOPIC,
} from './events.ts'
import { type RecordedName, recorded } from './recorded.ts'
import { ALLOW, DENY, type Recorder, type RecorderAnswer, startRecorder } from './recorder.ts'

describe('RabbitMQ', { skip: rabbitmqMissing, timeout: 180_000 }, () => {
  let recorder!: Recorder
  let rabbitmq!: Rabbitmq
  let splitting!: Rabbitmq
  before(async () => {
    recorder = await startRecorder()
    const { url: authUrl } = recorder
    // One after the other, so that none is left running where the other does not start.
    rabbitmq = await startRabbitmq({ authUrl })
    splitting = await startRabbitmq({ authUrl, advanced: '[].' })
  })
  after(async () => {
    await Promise.all([rabbitmq?.stop(), splitting?.stop(), recorder?.stop()])
  })

  /** One test about what is asked: nothing else may have been asked when it ends. */
  function asks(title: string, check: () => Promise<void>): void {
    test(title, async () => {
      recorder.rest()
      await check()
      assert.deepEqual(recorder.rest(), [])
    })
  }
  async function assertAsked(names: readonly RecordedName[], step = ''): Promise<void> {
    const asked = await recorder.take(names.length)
    assert.deepEqual({ step, asked }, { step, asked: names })
  }

  describe('asks', () => {
    for (const [title, steps] of Object.entries(CONNECTIONS)) {
      asks(`about ${title}`, async () => {
        const client = await connect(rabbitmq.url, STATION)
        await assertAsked(LOGIN)
        for (const [step, act, names] of steps) {
          await act(client)
          await assertAsked(names, step)
        }
        await client.endAsync()
      })
    }

    asks('about a will when the connection is cut, and not when it is made', async () => {
      const payload = Buffer.from('off')
      const will = { topic: `${TOPIC}/status`, payload, qos: 1, retain: true } as const
      const client = await connect(rabbitmq.url, { ...STATION, will })
      await assertAsked(LOGIN)
      await cut(client)
      await assertAsked(['publish status', 'the exchange, to write', 'publish status'])
    })

    asks('about the queue of a session, and no longer about its topics', async () => {
      const [toConfigure, toRead] = QUEUE_1
      const first = await connect(rabbitmq.url, { ...STATION, clean: false })
      await assertAsked(LOGIN)
      await subscribe(`${TOPIC}/cmd`, 1)(first)
      await assertAsked([...QUEUE_1, 'the exchange, to read', 'subscribe to cmd'])
      await first.endAsync()
      const second = await connect(rabbitmq.url, { ...STATION, clean: false })
      await assertAsked([...LOGIN, toConfigure, toRead])
      await second.endAsync()
      const clean = await connect(rabbitmq.url, { ...STATION, clean: true })
      await assertAsked([...LOGIN, toConfigure])
      await clean.endAsync()
    })

    asks('about names with other characters in UTF-8, a space as a plus', async () => {
      const login = {
        username: 'pümp/P 1+&=%"',
        password: 's3cret&= ü',
        clientId: 'pump/P-1:Ü +#.*&="%',
      }
      const client = await connect(rabbitmq.url, login)
      await assertAsked([
        'a login with other characters',
        'its virtual host, with other characters',
      ])
      await subscribe('x')(client)
      await assertAsked([
        'its queue, to configure',
        'its queue, to read',
        'its queue, to write',
        'its exchange, to read',
        'its topic, to subscribe',
      ])
      await client.endAsync()
    })

    asks('about a filter that MQTT forbids, as it was sent', async () => {
      const suback = await subscribeRaw(rabbitmq.port, STATION, 'things/#/cmd')
      assert.deepEqual([...suback], [0x90, 3, 0, 1, 0])
      await assertAsked([
        ...LOGIN,
        ...QUEUE_0,
        'the exchange, to read',
        'subscribe with # in the middle',
      ])
    })

    asks('about an empty password, and not about a missing one', async () => {
      const client = await connect(rabbitmq.url, { ...STATION, password: '' })
      await assertAsked(['an empty password', 'its virtual host'])
      await client.endAsync()
      const { username, clientId } = STATION
      assert.equal(await refusal(rabbitmq.url, { username, clientId }), 4)
      assert.equal(await refusal(rabbitmq.url, { clientId }), 4)
    })

    asks('about a user name with a colon, which may be a virtual host before it', async () => {
      const login = (username: string) => ({ ...STATION, username })
      const client = await connect(rabbitmq.url, login('weatherstation/00:1A'))
      await assertAsked(['a user name with a colon', 'its virtual host, too'])
      await client.endAsync()
      const other = await connect(splitting.url, login('/:STATION-001'))
      await assertAsked(['a user name behind a virtual host', 'that virtual host'])
      await other.endAsync()
      assert.equal(await refusal(splitting.url, login('weatherstation/00:1A')), 4)
    })

    asks('nobody about a client of MQTT 5, which it does not speak', async () => {
      assert.notEqual(await refusal(rabbitmq.url, { ...STATION, protocolVersion: 5 }), 'accepted')
    })

    test('all that is recorded', () => {
      assert.deepEqual(
        Object.keys(recorded).filter((name) => !recorder.seen.has(name)),
        [],
      )
    })
  })

  describe('when it is answered', () => {
    /** Everything else is allowed. */
    const answerTo = (name: RecordedName, answer: RecorderAnswer) => {
      recorder.answer = (asked) => (asked === name ? answer : ALLOW)
    }
    afterEach(() => {
      recorder.answer = () => ALLOW
    })

    const DENIALS: Readonly<Record<string, RecorderAnswer>> = {
      deny: DENY,
      'status 403': { status: 403, body: 'allow' },
      'status 500': { status: 500, body: 'allow' },
    }
    for (const [said, answer] of Object.entries(DENIALS)) {
      for (const [name, code] of [
        ['a login', 4],
        ['its virtual host', 5],
      ] as const) {
        test(`${said} to ${name}, it refuses the connection with ${code}`, async () => {
          answerTo(name, answer)
          assert.equal(await refusal(rabbitmq.url, STATION), code)
        })
      }
      for (const [title, act, names] of ACTS) {
        for (const name of names) {
          test(`${said} to ${name}, it closes the connection on ${title}`, async () => {
            answerTo(name, answer)
            const client = await connect(rabbitmq.url, STATION)
            assert.equal(await outcome(client, act), 'closed')
          })
        }
      }
    }

    test('with capitals or tags, it takes it for allow', async () => {
      for (const body of ['Allow', ' allow ', 'allow device']) {
        answerTo('a login', { body })
        assert.equal(await refusal(rabbitmq.url, STATION), 'accepted', body)
      }
    })

    test('deny to a will, it does not publish it', async () => {
      const observer = await connect(rabbitmq.url, { ...STATION, clientId: 'observer' })
      const received = new Collector<string>()
      observer.on('message', (topic) => received.push(topic))
      await observer.subscribeAsync('things/#')
      answerTo('publish data', DENY)
      for (const channel of ['data', 'status']) {
        const topic = `${TOPIC}/${channel}`
        const will = { topic, payload: Buffer.from('off'), qos: 0, retain: false } as const
        recorder.rest()
        const client = await connect(rabbitmq.url, { ...STATION, will })
        await cut(client)
        await recorder.take(LOGIN.length + 1)
      }
      assert.deepEqual(await received.reach(1, 'will'), [`${TOPIC}/status`])
      await observer.endAsync()
    })
  })

  test('delivers a dot as a slash, a star as a plus, and $-topics to #', async () => {
    const client = await connect(rabbitmq.url, STATION)
    const received = new Collector<string>()
    client.on('message', (topic) => received.push(topic))
    await client.subscribeAsync('#')
    const DELIVERED = { 'a.b/c': 'a/b/c', 'a/*/c': 'a/+/c', '$a/b': '$a/b', '/a//': '/a//' }
    for (const topic of Object.keys(DELIVERED)) await client.publishAsync(topic, 'x')
    assert.deepEqual(await received.reach(4, 'messages'), Object.values(DELIVERED))
    await client.endAsync()
  })

  test('refuses new clients without its back end, and knows what it has asked before', async () => {
    const client = await connect(rabbitmq.url, STATION)
    await publish(`${TOPIC}/data`, 1)(client)
    await recorder.stop()
    assert.equal(await refusal(rabbitmq.url, { ...STATION, clientId: 'c-2' }), 4)
    assert.equal(await outcome(client, publish(`${TOPIC}/data`, 1)), 'acknowledged')
    assert.equal(await outcome(client, publish(`${TOPIC}/status`, 1)), 'closed')
  })
})
