/**
 * What a device type declares, checked whole. It stands apart from declaring one, which pages do too.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { checkRules } from '../rule/rule.ts'
import { checkSchema } from './schema.ts'
import { checkTimestamp } from './timestamp.ts'
import { type Commands, type DeviceType, isDeviceType } from './type.ts'

/**
 * Checks a device type.
 *
 * @param key Where it stands, for a value that is none. The keys of others begin with their name.
 * @throws {ConfigError} If a schema is none, or another setting is not valid.
 * @throws {InvalidTopicError} If a rule's filter is not well formed.
 */
export function checkDeviceType(type: DeviceType, key: string): void {
  if (!isDeviceType(type)) throw new ConfigError(key, 'must come from defineDeviceType')
  const { name, heartbeat, broker, messageId, stateFields } = type
  checkSchema(`${name}.data`, type.data)
  checkSchema(`${name}.status`, type.status)
  checkCommands(`${name}.commands`, type.commands)
  if (!(Number.isFinite(heartbeat) && heartbeat > 0)) {
    throw new ConfigError(`${name}.heartbeat`, 'must be a number of seconds above 0')
  }
  if (typeof broker !== 'string' || broker === '') {
    throw new ConfigError(`${name}.broker`, 'must name a broker')
  }
  checkRules(type.rules, `${name}.rules`)
  if (messageId !== undefined && (typeof messageId !== 'string' || messageId === '')) {
    throw new ConfigError(`${name}.messageId`, 'must name a field of data')
  }
  checkStateFields(`${name}.stateFields`, stateFields)
  checkTimestamp(`${name}.timestamp`, type.timestamp)
}

function checkStateFields(key: string, names: unknown): void {
  if (!Array.isArray(names)) throw new ConfigError(key, 'must be a list of fields of data')
  for (const [i, name] of names.entries()) {
    if (typeof name === 'string' && name !== '') continue
    throw new ConfigError(`${key}.${i}`, 'must name a field of data')
  }
}

function checkCommands(key: string, commands: Commands): void {
  if (typeof commands !== 'object' || Array.isArray(commands)) {
    throw new ConfigError(key, 'must be an object of commands')
  }
  for (const [name, one] of Object.entries<unknown>(commands)) {
    const isCommand = typeof one === 'object' && one !== null && 'payload' in one && 'reply' in one
    if (!isCommand) throw new ConfigError(`${key}.${name}`, 'must be made by command()')
    if (one.payload !== undefined) checkSchema(`${key}.${name}.payload`, one.payload)
    if (one.reply !== undefined) checkSchema(`${key}.${name}.reply`, one.reply)
  }
}
