/**
 * The type of all errors names every class of error there is.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { MosquittoReloadError } from '../../adapters/mosquitto/reload.ts'
import { CommandError, ConfigError, isDeviceHubError } from '../../src/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const sources = ['src', 'adapters'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, folder, name), 'utf8')),
)
const classes = sources.flatMap((source) =>
  [
    ...source.matchAll(
      /^export class (\w+)(?:<[^{]*>)? extends (?:DeviceHubError|BrokerError|AdapterError)\b/gm,
    ),
  ].map(([, name]) => name!),
)

describe('the type of all errors', () => {
  test('names each class', () => {
    assert.ok(classes.includes('ConfigError') && classes.includes('AccessDeniedError'))
    const text = readFileSync(join(root, 'src/any-error.ts'), 'utf8')
    const union = text.match(/export type AnyDeviceHubError =\n([\s\S]*?)\n\n/)?.[1] ?? ''
    const named = [...union.matchAll(/^ {2}\| (\w+)/gm)].map(([, name]) => name!)
    const ofAdapters = [
      'DynamicSecurityError',
      'MosquittoReloadError',
      'RedisError',
      'SchemaError',
      'StoreTimeoutError',
    ]
    assert.deepEqual([...named, ...ofAdapters].sort(), classes.sort())
  })

  test('and each says its own name', () => {
    for (const name of classes) {
      const source = sources.find((one) => one.includes(`export class ${name}`)) ?? ''
      const own = source
        .slice(source.indexOf(`export class ${name}`))
        .match(/readonly name.* = '(\w+)'/)
      assert.equal(own?.[1], name)
    }
  })

  for (const [title, error, expected] of [
    ['an error of an adapter alone', new MosquittoReloadError('acl'), false],
    ['a setting', new ConfigError('prefix', 'is empty'), true],
    ['a command', new CommandError('ERR_COMMAND_FAILED', 'pump/P-1', 'stop', 'stuck'), true],
    ['an error of the runtime', new TypeError('no'), false],
    ['an object with a code', { code: 'ERR_CONFIG' }, false],
    ['nothing', undefined, false],
  ] as const) {
    test(`${title}: ${expected}`, () => assert.equal(isDeviceHubError(error), expected))
  }
})
