/**
 * The normative statements of MQTT 5 and of MQTT 3.1.1: each that concerns a server is shown, and of each
 * that is not the table says why.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clause } from './clauses/clause.ts'
import { CONNECT_CLAUSES } from './clauses/connect.ts'
import { DATA_CLAUSES } from './clauses/data.ts'
import { DISCONNECT_CLAUSES } from './clauses/disconnect.ts'
import { FLOW_CLAUSES } from './clauses/flow.ts'
import { MQTT5_IDS, MQTT311_IDS } from './clauses/ids.ts'
import { OLD_CLAUSES } from './clauses/old.ts'
import { PUBLISH_CLAUSES } from './clauses/publish.ts'
import { RETAIN_CLAUSES } from './clauses/retain.ts'
import { SESSION_CLAUSES } from './clauses/session.ts'
import { SHARED_CLAUSES } from './clauses/shared.ts'
import { SUBSCRIBE_CLAUSES } from './clauses/subscribe.ts'
import { WILL_CLAUSES } from './clauses/will.ts'
import { Site } from './fixture.ts'

const CLAUSES: readonly Clause[] = [
  ...DATA_CLAUSES,
  ...CONNECT_CLAUSES,
  ...WILL_CLAUSES,
  ...SESSION_CLAUSES,
  ...PUBLISH_CLAUSES,
  ...RETAIN_CLAUSES,
  ...FLOW_CLAUSES,
  ...SUBSCRIBE_CLAUSES,
  ...SHARED_CLAUSES,
  ...DISCONNECT_CLAUSES,
]

for (const [name, version, clauses, ids] of [
  ['MQTT 5', 5, CLAUSES, MQTT5_IDS],
  ['MQTT 3.1.1', 4, OLD_CLAUSES, MQTT311_IDS],
] as const) {
  for (const [id, says, how] of clauses) {
    if (typeof how !== 'function') continue
    test(`${name}, MQTT-${id}: ${says}`, () => how((options) => new Site({ version, ...options })))
  }

  test(`${name}: every statement of its appendix B is in the table, once, and no other`, () => {
    assert.deepEqual(clauses.map(([id]) => id).toSorted(), ids.toSorted())
    for (const [id, says, how] of clauses) {
      assert(says.length > 0, id)
      if (typeof how !== 'function') assert(how.because.length > 0, id)
    }
  })
}
