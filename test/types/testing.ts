/**
 * What virtual devices send and answer. Each `@ts-expect-error` names the error that the next line must
 * have; `test/package/types.node.test.ts` checks that it is that one.
 *
 * @module
 */
import { command, createFleet, defineDeviceType, memoryBroker, memoryStore } from 'devicehub'
import { virtualFleet } from 'devicehub/testing'
import * as v from 'valibot'
import { same } from './fixture.ts'

const text = v.pipe(v.string(), v.transform(Number))
const pump = defineDeviceType('pump', {
  data: v.object({ rpm: text }),
  commands: {
    stop: command(),
    set: command({ payload: v.object({ rpm: text }), reply: v.object({ rpm: text }) }),
  },
})
const fleet = createFleet({ types: [pump], store: memoryStore() })
const connection = () => memoryBroker()

const { devices } = await virtualFleet(fleet, pump, {
  ids: ['P-1'],
  connection,
  commands: {
    stop(payload) {
      same<typeof payload, undefined>()
    },
    set(payload, { type }) {
      same<typeof payload, { rpm: number }>()
      same<typeof type, typeof pump>()
      // What the hub's schema takes, before it makes a number of it.
      return { rpm: `${payload.rpm}` }
    },
  },
})
await devices[0]!.sendData({ rpm: '1450' })
// @ts-expect-error TS2322: what is sent is what the schema takes
await devices[0]!.sendData({ rpm: 1450 })

// @ts-expect-error TS2322: the reply is what its schema takes
await virtualFleet(fleet, pump, { ids: [], connection, commands: { set: () => ({ rpm: 1 }) } })

// @ts-expect-error TS2353: the type declares no such command
await virtualFleet(fleet, pump, { ids: [], connection, commands: { start() {} } })
