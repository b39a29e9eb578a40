/**
 * Traces and metrics, as the real SDK of OpenTelemetry gets them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { openTelemetry } from '../../adapters/otel/index.ts'
import { createFleet, createHub, memoryBroker, memoryStore, type Tracing } from '../../src/index.ts'
import { deferred, within } from '../support/wait.ts'
import { openSite, pump, readPoints, registerSdk, shutDown, takeSpans } from './site.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`

before(() => registerSdk())
beforeEach(() => void takeSpans())
after(() => shutDown())

describe('a message', () => {
  test('is handled in a span of its own, which the spans of handlers are in', async () => {
    await using site = await openSite()
    site.hub.onData(pump, async () => {
      await Promise.resolve()
      trace.getTracer('application').startSpan('insert').end()
    })
    await site.hub.start()
    await site.send({ rpm: 1 })
    await site.hub.close()
    const [insert, process] = takeSpans()
    assert.deepEqual([insert!.name, process!.name], ['insert', 'process pump/data'])
    assert.equal(insert!.parentSpanContext?.spanId, process!.spanContext().spanId)
    assert.equal(process!.parentSpanContext, undefined)
    assert.equal(process!.kind, SpanKind.CONSUMER)
    assert.deepEqual(process!.attributes, {
      'messaging.system': 'mqtt',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'things/pump/P-1/data',
      'devicehub.type': 'pump',
      'devicehub.device': 'P-1',
      'devicehub.channel': 'data',
      'devicehub.broker': 'default',
    })
    assert.equal(process!.status.code, SpanStatusCode.UNSET)
  })

  const cases: readonly (readonly [
    string,
    Record<string, string | string[]>,
    string | undefined,
  ])[] = [
    ['a context', { traceparent: TRACEPARENT, tracestate: 'a=b' }, SPAN],
    ['a context alone', { traceparent: TRACEPARENT }, SPAN],
    ['none', {}, undefined],
    ['one that is none', { traceparent: 'x'.repeat(60_000) }, undefined],
    ['one that came twice', { traceparent: [TRACEPARENT, TRACEPARENT] }, undefined],
    ['a state without it', { tracestate: 'a=b' }, undefined],
    ['what another way of carrying uses', { b3: `${TRACE}-${SPAN}-1` }, undefined],
  ]
  for (const [title, properties, parent] of cases) {
    test(`that comes with ${title} is in ${parent ? 'it' : 'a trace of its own'}`, async () => {
      await using site = await openSite()
      await site.hub.start()
      await site.send({ rpm: 1 }, properties)
      await site.hub.close()
      const [process] = takeSpans()
      assert.equal(process!.parentSpanContext?.spanId, parent)
      assert.equal(process!.spanContext().traceId === TRACE, parent !== undefined)
      if (properties.tracestate && parent) {
        assert.equal(process!.spanContext().traceState?.serialize(), 'a=b')
      }
    })
  }

  test('brings no baggage in', async () => {
    await using site = await openSite()
    let found: unknown = 'not called'
    site.hub.onData(pump, () => {
      found = propagation.getActiveBaggage()
    })
    await site.hub.start()
    await site.send({ rpm: 1 }, { traceparent: TRACEPARENT, baggage: 'role=admin' })
    await site.hub.close()
    assert.equal(found, undefined)
  })

  test('that waited behind another is in its own trace, and not in that one', async () => {
    await using site = await openSite()
    const going = deferred()
    const traces: (string | undefined)[] = []
    site.hub.onData(pump, async ({ data }) => {
      if (data.rpm === 1) await going.promise
      traces.push(trace.getActiveSpan()?.spanContext().traceId)
    })
    await site.hub.start()
    const other = 'a'.repeat(32)
    await site.send({ rpm: 1 }, { traceparent: TRACEPARENT })
    await site.send({ rpm: 2 }, { traceparent: `00-${other}-${SPAN}-01` })
    going.resolve()
    await site.hub.close()
    assert.deepEqual(traces, [TRACE, other])
  })

  for (const [code, data, handler] of [
    ['payload-invalid', { rpm: 'geheim' }, () => {}],
    [
      'handler-failed',
      { rpm: 1 },
      () => {
        throw new Error('geheim')
      },
    ],
  ] as const) {
    test(`that is rejected has the code ${code}, and not what it sent`, async () => {
      await using site = await openSite()
      site.hub.onData(pump, handler)
      await site.hub.start()
      await site.send(data)
      await site.hub.close()
      const [process] = takeSpans()
      assert.deepEqual(
        [process!.attributes['error.type'], process!.status],
        [code, { code: SpanStatusCode.ERROR }],
      )
      assert.ok(!JSON.stringify([process!.attributes, process!.events]).includes('geheim'))
    })
  }
})

describe('a command', () => {
  test('is a span until its reply, in the trace of whoever sends it, and tells the device', async () => {
    await using site = await openSite()
    await site.hub.start()
    const tracer = trace.getTracer('application')
    await tracer.startActiveSpan('request', async (request) => {
      const baggage = propagation.createBaggage({ customer: { value: 'geheim' } })
      await context.with(propagation.setBaggage(context.active(), baggage), () =>
        site.hub.device(pump, 'P-1').send('setRpm', { rpm: 1 }),
      )
      request.end()
    })
    const spans = takeSpans()
    const request = spans.find(({ name }) => name === 'request')!
    const send = spans.find(({ name }) => name === 'send setRpm')!
    assert.equal(send.parentSpanContext?.spanId, request.spanContext().spanId)
    assert.equal(send.kind, SpanKind.PRODUCER)
    const [message] = await site.received.reach(1, 'command')
    const { traceId, spanId } = send.spanContext()
    // Baggage is the application's own.
    assert.deepEqual({ ...message!.userProperties }, { traceparent: `00-${traceId}-${spanId}-01` })
  })

  test('that fails has the code of its error, and not what the device said', async () => {
    await using site = await openSite()
    await site.hub.start()
    await assert.rejects(site.hub.device(pump, 'P-1').send('fail'), { code: 'ERR_COMMAND_FAILED' })
    const [send] = takeSpans()
    assert.equal(send!.attributes['error.type'], 'ERR_COMMAND_FAILED')
    assert.equal(send!.status.code, SpanStatusCode.ERROR)
    assert.ok(!JSON.stringify([send!.attributes, send!.status, send!.events]).includes('geheim'))
  })
})

test('nothing is carried where that is turned off', async () => {
  await using site = await openSite({ propagate: false })
  await site.hub.start()
  await site.send({ rpm: 1 }, { traceparent: TRACEPARENT })
  await site.hub.device(pump, 'P-1').send('setRpm', { rpm: 1 })
  const [message] = await site.received.reach(1, 'command')
  assert.equal(message!.userProperties, undefined)
  await site.hub.close()
  assert.ok(takeSpans().every((span) => span.spanContext().traceId !== TRACE))
})

test('logins and decisions are spans in that of the request, and say how they ended', async () => {
  await using site = await openSite()
  const { username, password } = site.login
  await trace.getTracer('application').startActiveSpan('request', async (request) => {
    await site.fleet.authenticate({ username, password })
    await site.fleet.authenticate({ username, password: 'geheim' })
    await site.fleet.findDenial({ username, action: 'subscribe', topic: '#' })
    request.end()
  })
  const spans = takeSpans()
  const request = spans.find(({ name }) => name === 'request')!
  const told = spans.filter((span) => span !== request)
  assert.deepEqual(
    told.map(({ name, attributes, status }) => [name, attributes, status.code]),
    [
      ['devicehub.login', { 'devicehub.effect': 'allow', 'devicehub.code': 'login' }, 0],
      ['devicehub.login', { 'devicehub.effect': 'deny', 'devicehub.code': 'password-wrong' }, 0],
      [
        'devicehub.decision',
        {
          'devicehub.effect': 'deny',
          'devicehub.code': 'no-rule-grants',
          'devicehub.action': 'subscribe',
        },
        0,
      ],
    ],
  )
  for (const { parentSpanContext } of told) {
    assert.equal(parentSpanContext?.spanId, request.spanContext().spanId)
  }
})

test('instruments count what was done, and name no device, user or topic', async () => {
  await using site = await openSite()
  await site.hub.start()
  const count = async (name: string, attributes: object) => {
    const points = await readPoints()
    assert.ok(!JSON.stringify(points).includes('P-1'))
    const wanted = JSON.stringify(attributes)
    return (
      points.find((point) => point[0] === name && JSON.stringify(point[1]) === wanted)?.[2] ?? 0
    )
  }
  const message = { type: 'pump', channel: 'data', broker: 'default' }
  const wrong = { effect: 'deny', code: 'credentials-missing' }
  const rejected = { code: 'payload-invalid', broker: 'default' }
  const sent = { type: 'pump', command: 'setRpm', code: 'done' }
  const rows = [
    ['devicehub.messages', message],
    ['devicehub.message.duration', message],
    ['devicehub.logins', wrong],
    ['devicehub.login.duration', wrong],
    ['devicehub.rejections', rejected],
    ['devicehub.commands', sent],
    ['devicehub.command.duration', sent],
  ] as const
  const counts = async () => {
    const all: number[] = []
    for (const [name, attributes] of rows) all.push(await count(name, attributes))
    return all
  }
  const before = await counts()
  await site.send({ rpm: 'fast' })
  await site.hub.device(pump, 'P-1').send('setRpm', { rpm: 1 })
  await site.fleet.authenticate({ username: undefined, password: undefined })
  await site.hub.close()
  const later = await counts()
  assert.deepEqual(
    later.map((count, i) => count - before[i]!),
    rows.map(() => 1),
  )
})

test('a tracing that fails keeps no message and no command from its way', async () => {
  const broken: Tracing = {
    message: () => {
      throw new Error('broken')
    },
    command: () => {
      throw new Error('broken')
    },
  }
  const fleet = createFleet({ types: [pump], store: memoryStore(), tracing: broken })
  const { topics } = await fleet.provision(pump, 'P-1')
  const broker = memoryBroker()
  const logger = { info() {}, warn() {}, error() {} }
  await using hub = createHub(fleet, { brokers: { default: broker }, logger })
  const handled = deferred()
  hub.onData(pump, () => handled.resolve())
  await hub.start()
  await broker.publish({ topic: topics.data, payload: new TextEncoder().encode('{"rpm":1}') })
  await within(handled.promise, 'message')
  const sent = hub.device(pump, 'P-1').send('setRpm', { rpm: 1 }, { timeout: 0.05 })
  await assert.rejects(sent, { code: 'ERR_COMMAND_TIMED_OUT' })
})

for (const [key, make] of [
  ['sampler', () => openTelemetry({ sampler: 1 } as object)],
  ['tracing', () => createFleet({ types: [], store: memoryStore(), tracing: 1 as never })],
  [
    'tracing.command',
    () => createFleet({ types: [], store: memoryStore(), tracing: { message() {} } as never }),
  ],
] as const) {
  test(`${key} is refused`, () => assert.throws(make, { code: 'ERR_CONFIG', key }))
}
