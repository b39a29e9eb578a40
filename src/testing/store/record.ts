/**
 * Records that the cases write.
 *
 * @module
 */
import type { DeviceRecord } from '../../device/store.ts'

/** Words that mean something to a database, a map or a file system, or are easily taken for equal. */
export const ODD_NAMES: readonly string[] = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  '0',
  '1e3',
  '..',
  '%',
  '_',
  '*',
  "'; DROP TABLE devices; --",
  '"',
  '\\',
  ':',
  ' ',
  'a ',
  'A',
  'a',
  'é',
  'e\u0301',
  'ß',
  'ss',
  '\uff21',
  '\u{1f600}',
  '😀'.repeat(128),
  '{deviceId}',
]

/** A record with something in every field. */
export function record(type: string, id: string, change: Partial<DeviceRecord> = {}): DeviceRecord {
  return {
    type,
    id,
    username: `${type}/${id}`,
    credentials: [
      { id: 'c-1', kind: 'password', hash: '$dh-sha256$00ff', createdAt: 1_763_800_000_001 },
      { id: 'c-2', kind: 'password', hash: '$dh-sha256$11ff', createdAt: 1_763_800_000_002 },
    ],
    rules: [
      { effect: 'allow', actions: ['publish'], filter: 'x/{site}/#', maxQos: 0, retain: false },
      { effect: 'allow', actions: ['subscribe'], filter: 'y/+', share: 'g' },
      { effect: 'deny', actions: ['publish', 'subscribe'], filter: 'z/é😀/"\'' },
    ],
    attributes: { site: 'north', constructor: 'c', empty_not: '水' },
    revoked: false,
    createdAt: 1_763_800_000_000,
    revision: 1,
    ...change,
  }
}
