/**
 * Device records in Redis: each is one hash, which is written whole under its revision.
 *
 * @module
 */
import { DeviceExistsError, RevisionConflictError } from '../../src/base/errors.ts'
import { hasAttributes } from '../../src/device/query.ts'
import type { DevicePage, DeviceQuery, DeviceRecord, DeviceStore } from '../../src/device/store.ts'
import { type IoRedis, redisOf, type SendRedisCommand, strangeAnswer } from './client.ts'
import { cursorAfter, rangeOf } from './place.ts'
import { type RedisOptions, readPrefix } from './prefix.ts'
import { DELETE_DEVICE, FIND_DEVICE, INSERT_DEVICE, LIST_DEVICES, UPDATE_DEVICE } from './script.ts'

const DEFAULT_LIMIT = 100
/** Most devices that are looked at for one page, where it is narrowed by more than where it begins and ends. */
const MAX_LOOKED_AT = 500
const FIELDS = ['username', 'revision', 'revoked', 'record'] as const

/** What of a record has no field of its own. */
type Rest = Pick<DeviceRecord, 'credentials' | 'rules' | 'attributes' | 'clientIds' | 'createdAt'>

/**
 * Keeps devices in Redis or Valkey, through a client that stays yours. Each write is a script, which Redis
 * runs undisturbed: all of it has an effect or nothing. **Redis has to be set up to keep what it is given**:
 * `appendonly yes`, and a `maxmemory-policy` of `noeviction` or `volatile-…`. A write survives what its
 * append-only file survives, of `appendfsync everysec` all but the last second. Redis Cluster is not
 * supported.
 *
 * A method rejects as the contract says; with a {@link RedisError} if the client rejects, or 2 seconds pass
 * without an answer, when a write may have been made all the same; and with a `TypeError` for an answer
 * that Redis does not give. A listing by `revoked`, or by `idPrefix` without a `type`, looks at 500 devices for
 * a page, and may find none there; one by `attributes` looks on until it finds one.
 *
 * @param client A client of `ioredis` or `iovalkey`, or a function that sends commands through another, and
 * settles with an array where Redis answers with one.
 * @throws {ConfigError} If the client is neither, or an option is not valid.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType } from 'devicehub'
 * import { redisFeed, redisKeys, redisStore } from 'devicehub/redis'
 * import { Redis } from 'ioredis'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const redis = new Redis('redis://localhost:6379', { maxRetriesPerRequest: 0, commandTimeout: 1_000 })
 * const fleet = createFleet({
 *   types: [pump],
 *   store: redisStore(redis),
 *   keys: redisKeys(redis),
 *   feed: redisFeed(redis),
 * })
 * ```
 */
export function redisStore(
  client: IoRedis | SendRedisCommand,
  options: RedisOptions = {},
): DeviceStore {
  const prefix = readPrefix(options)
  const redis = redisOf(client)
  const devices = `${prefix}devices`
  const deviceKeys = `${prefix}device/`
  const usernameKeys = `${prefix}username/`
  const keyOf = (type: string, id: string) => `${deviceKeys}${type}/${id}`

  return {
    filters: ['type', 'revoked', 'idPrefix', 'attributes'],

    async get(type, id) {
      const answer = textsOf(await redis.ask('HMGET', keyOf(type, id), ...FIELDS))
      return recordOf(`${type}/${id}`, answer)
    },

    async findByUsername(username) {
      const answer = await redis.evaluate(FIND_DEVICE, [usernameKeys + username], [deviceKeys])
      if (answer === null) return undefined
      const [name, ...fields] = textsOf(answer)
      return recordOf(`${name}`, fields)
    },

    async insert(record) {
      const { type, id, username } = record
      const keys = [keyOf(type, id), usernameKeys + username, devices]
      const values = [`${type}/${id}`, username, ...fieldsOf(record)]
      const answer = await redis.evaluate(INSERT_DEVICE, keys, values)
      if (answer === 'device id' || answer === 'user name') {
        throw new DeviceExistsError(type, id, answer)
      }
      if (answer !== 'OK') throw strangeAnswer(answer)
    },

    async update(record) {
      const { type, id, revision } = record
      const values = [`${revision - 1}`, ...fieldsOf(record)]
      checkWritten(type, id, await redis.evaluate(UPDATE_DEVICE, [keyOf(type, id)], values))
    },

    async delete(type, id, revision) {
      const keys = [keyOf(type, id), devices]
      const values = [`${revision}`, `${type}/${id}`, usernameKeys]
      checkWritten(type, id, await redis.evaluate(DELETE_DEVICE, keys, values))
    },

    async list({ attributes, ...query } = {}) {
      if (!attributes) return look(query)
      const { limit = DEFAULT_LIMIT } = query
      for (let { cursor } = query; ; ) {
        const page = await look({ ...query, limit: MAX_LOOKED_AT, ...(cursor && { cursor }) })
        const found = page.records.filter((record) => hasAttributes(record, attributes))
        const records = found.slice(0, limit)
        const last = records.at(-1)
        if (last && (page.cursor !== undefined || found.length > limit)) {
          return { records, cursor: cursorAfter(`${last.type}/${last.id}`) }
        }
        if (page.cursor === undefined) return { records }
        cursor = page.cursor
      }
    },
  }

  /** A page that is narrowed by what the list of all and a field tell. */
  async function look(query: DeviceQuery): Promise<DevicePage> {
    const { cursor, limit = DEFAULT_LIMIT, type, idPrefix = '', revoked } = query
    const range = rangeOf({ type, idPrefix, cursor })
    const isRevoked = revoked === undefined ? '' : digitOf(revoked)
    const isNarrowed = revoked !== undefined || (type === undefined && idPrefix !== '')
    const lookedAt = isNarrowed ? MAX_LOOKED_AT : limit
    const values = [...range, `${lookedAt}`, `${limit}`, isRevoked, idPrefix, deviceKeys]
    const answer = textsOf(await redis.evaluate(LIST_DEVICES, [devices], values))
    const [last, ...found] = answer
    const records: DeviceRecord[] = []
    for (let i = 0; i < found.length; i += FIELDS.length + 1) {
      const record = recordOf(`${found[i]}`, found.slice(i + 1, i + 1 + FIELDS.length))
      if (record) records.push(record)
    }
    return last ? { records, cursor: cursorAfter(last) } : { records }
  }
}

/** Redis's `OK`, or the script's word that there is no such record of the revision. */
function checkWritten(type: string, id: string, answer: unknown): void {
  if (answer === null) throw new RevisionConflictError(type, id)
  if (answer !== 'OK') throw strangeAnswer(answer)
}

function textsOf(answer: unknown): readonly (string | null)[] {
  if (!Array.isArray(answer)) throw strangeAnswer(answer)
  const strange = answer.find((each) => each !== null && typeof each !== 'string')
  if (strange !== undefined) throw strangeAnswer(strange)
  return answer
}

function digitOf(isRevoked: boolean): string {
  return isRevoked ? '1' : '0'
}

/** The fields of a record but for its user name, which stays, in their order. */
function fieldsOf(record: DeviceRecord): readonly string[] {
  const { revision, revoked, credentials, rules, attributes, clientIds, createdAt } = record
  const rest: Rest = { credentials, rules, attributes, ...(clientIds && { clientIds }), createdAt }
  return [`${revision}`, digitOf(revoked), JSON.stringify(rest)]
}

/** @param name Type and id. */
function recordOf(name: string, fields: readonly (string | null)[]): DeviceRecord | undefined {
  const [username, revision, revoked, rest] = fields
  if (typeof rest !== 'string') return undefined
  const end = name.indexOf('/')
  const { credentials, rules, attributes, clientIds, createdAt }: Rest = JSON.parse(rest)
  return {
    type: name.slice(0, end),
    id: name.slice(end + 1),
    username: `${username}`,
    credentials,
    rules,
    attributes,
    ...(clientIds && { clientIds }),
    revoked: revoked === '1',
    createdAt,
    revision: Number(revision),
  }
}
