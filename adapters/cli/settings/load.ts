/**
 * From a configuration file and the environment to settings.
 *
 * @module
 */
import { dirname } from 'node:path'
import process from 'node:process'
import { DeviceHubError, MissingDependencyError } from '../../../src/base/errors.ts'
import { loadTogether } from '../../../src/base/load-package.ts'
import { loadMqtt } from '../../mqtt/package.ts'
import { checkSettings, type Settings } from './check.ts'
import { configFailure, findConfigFile, missingConfigFile, readConfigFile } from './file.ts'

export { openFleet, type Settings } from './check.ts'

/**
 * Loads the settings, or returns `undefined` if there is no configuration file and none was asked
 * for.
 *
 * @param file The file asked for. Default: the one in the working directory.
 * @throws {CommandFailure} If something is wrong with it.
 */
export async function loadSettings(file: string | undefined): Promise<Settings | undefined> {
  const found = findConfigFile(file)
  if (found === undefined) return undefined
  const config = await readConfigFile(found)
  try {
    return checkSettings(config, process.env, dirname(found))
  } catch (error) {
    if (!(error instanceof DeviceHubError) || error instanceof MissingDependencyError) throw error
    throw configFailure(found, error.message, error)
  }
}

/**
 * Loads the settings of a verb that uses their brokers. Where the package is missing that reads them, it
 * is not known whether one of them needs `mqtt`, as nearly all do: if that is missing, it is named, too.
 *
 * @throws {CommandFailure} If there are none, too.
 */
export async function requireSettings(file: string | undefined): Promise<Settings> {
  const settings = await loadSettings(file).catch(async (error) => {
    if (error instanceof MissingDependencyError) {
      await loadTogether([Promise.reject(error), loadMqtt()])
    }
    throw error
  })
  if (!settings) throw missingConfigFile()
  return settings
}
