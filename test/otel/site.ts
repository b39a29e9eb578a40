/**
 * The real SDK of OpenTelemetry, which keeps in memory what it is given, and a site that is traced.
 *
 * @module
 */
import { context, metrics, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import * as v from 'valibot'
import { type OpenTelemetryOptions, openTelemetry } from '../../adapters/otel/index.ts'
import {
  command,
  createFleet,
  createHub,
  defineDeviceType,
  type Message,
  memoryBroker,
  memoryServer,
  memoryStore,
} from '../../src/index.ts'
import { Collector } from '../support/wait.ts'

const spanExporter = new InMemorySpanExporter()
const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({
  exporter: metricExporter,
  exportIntervalMillis: 3_600_000,
})

/** Registers it, as the program of an application does. */
export function registerSdk(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(
    new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    }),
  )
  const spanProcessors = [new SimpleSpanProcessor(spanExporter)]
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }))
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
}

/** Takes the spans that ended since it was asked last. */
export function takeSpans(): readonly ReadableSpan[] {
  const spans = spanExporter.getFinishedSpans()
  spanExporter.reset()
  return spans
}

/** Every data point there is now: the name, the attributes, and how many. */
export async function readPoints(): Promise<readonly (readonly [string, object, number])[]> {
  metricExporter.reset()
  await reader.forceFlush()
  return metricExporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics)
    .flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => {
        const count = typeof value === 'number' ? value : (value as { count: number }).count
        return [descriptor.name, attributes, count] as const
      }),
    )
}

/** Ends what it runs. */
export const shutDown = () => reader.shutdown()

export const pump = defineDeviceType('pump', {
  data: v.object({ rpm: v.number() }),
  commands: {
    setRpm: command({ payload: v.object({ rpm: v.number() }), reply: v.object({}) }),
    fail: command({ reply: v.object({}) }),
  },
})

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

/** A fleet with a hub, and a device that answers. */
export async function openSite(options?: OpenTelemetryOptions) {
  const fleet = createFleet({ types: [pump], store: memoryStore(), ...openTelemetry(options) })
  const login = await fleet.provision(pump, 'P-1')
  const { topics } = login
  const server = memoryServer()
  const logger = { info() {}, warn() {}, error() {} }
  const hub = createHub(fleet, {
    brokers: { default: memoryBroker(server) },
    retry: { attempts: 1 },
    logger,
  })
  const device = memoryBroker(server)
  const received = new Collector<Message>()
  await device.connect({
    async onMessage(message) {
      received.push(message)
      const { command: name, id } = JSON.parse(new TextDecoder().decode(message.payload))
      const answer = name === 'fail' ? { error: { message: 'geheim' } } : { payload: {} }
      await device.publish({ topic: topics.reply, payload: encode({ id, ...answer }) })
    },
  })
  await device.subscribe([{ filter: topics.cmd }])
  return {
    fleet,
    hub,
    login,
    /** What the device got. */
    received,
    /** Sends data as the device, with user properties. */
    send: (data: unknown, userProperties?: Message['userProperties']) =>
      device.publish({
        topic: topics.data,
        payload: encode(data),
        qos: 1,
        ...(userProperties && { userProperties }),
      }),
    async [Symbol.asyncDispose]() {
      await hub.close()
      await device.close()
    },
  }
}
