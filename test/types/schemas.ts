/**
 * Any Standard Schema validator gives the types, not only valibot. Each `@ts-expect-error` names
 * the error that the next line must have; `test/package/types.node.test.ts` checks that it is that one.
 *
 * @module
 */
import {
  command,
  createFleet,
  createHub,
  type DataOf,
  defineDeviceType,
  type InferInput,
  type InferOutput,
  memoryBroker,
  memoryStore,
  type PayloadOf,
  type ReplyOf,
  type StatusOf,
} from 'devicehub'
import { same, type station } from './fixture.ts'

/** A validator of another make, as the Standard Schema specification has it: text in, date out. */
interface DateSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: 'handmade'
    readonly validate: (
      value: unknown,
    ) =>
      | { readonly value: { at: Date }; readonly issues?: undefined }
      | { readonly issues: ReadonlyArray<{ readonly message: string }> }
    readonly types?: { readonly input: { at: string }; readonly output: { at: Date } }
  }
}
declare const dates: DateSchema

same<InferInput<DateSchema>, { at: string }>()
same<InferOutput<DateSchema>, { at: Date }>()

const clock = defineDeviceType('clock', {
  data: dates,
  status: dates,
  commands: { adjust: command({ payload: dates, reply: dates }) },
})
same<DataOf<typeof clock>, { at: Date }>()
same<StatusOf<typeof clock>, { at: Date }>()
same<PayloadOf<typeof clock.commands.adjust>, { at: string }>()
same<ReplyOf<typeof clock.commands.adjust>, { at: Date }>()
same<PayloadOf<typeof station.commands.reboot>, undefined>()
same<ReplyOf<typeof station.commands.reboot>, undefined>()

const fleet = createFleet({ types: [clock], store: memoryStore() })
const hub = createHub(fleet, { brokers: { default: memoryBroker() } })

hub.onData(clock, ({ data }) => {
  same<typeof data, { at: Date }>()

  // @ts-expect-error TS2322: the handler receives what the schema gives back, not what it takes
  const text: string = data.at
  void text
})

const reply = await hub.device(clock, 'C-1').send('adjust', { at: '2026-01-01' })
same<typeof reply, { at: Date }>()

// @ts-expect-error TS2322: a payload is what the schema takes, not what it gives back
await hub.device(clock, 'C-1').send('adjust', { at: new Date() })

// @ts-expect-error TS2741: no validator
defineDeviceType('broken', { data: {} })

// @ts-expect-error TS2345: data is required
defineDeviceType('broken', {})

// @ts-expect-error TS2353: no such setting
defineDeviceType('broken', { data: dates, topics: [] })

// @ts-expect-error TS2554: the two types differ, so `same` itself can fail
same<{ at: Date }, { at: Date | string }>()
