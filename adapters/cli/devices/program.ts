/**
 * The verbs of `devicehub devices`, and their options.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { DeviceRef } from '../../../src/device/reference.ts'

/** Adds a verb, under another one where that is named. */
export type AddVerb = (name: string, description: string, under?: Command) => Command

/** Longest overlap, in seconds, as `fleet.rotate` takes it. */
const MAX_OVERLAP = 2_592_000
/** Most devices that one run numbers. */
const MAX_COUNT = 10_000_000

/** Adds `devices` and what is under it. */
export function devicesVerbs(verb: AddVerb): void {
  const devices = verb('devices', 'the devices of a fleet: over its store, or through a service')
  const ofFleet = (name: string, description: string) =>
    verb(name, description, devices)
      .option('--config <file>', 'use this configuration file')
      .option('--store <file>', 'this SQLite file, in the place of what the configuration says')
      .option(
        '--url <url>',
        'where a service has the routes of devicehub/admin, such as https://example.com/admin',
      )
      .option(
        '--secret-file <file>',
        'a file with its secret (default: DEVICEHUB_ADMIN_SECRET, or asked for)',
      )
  const filtered = (command: Command) =>
    command
      .option('--type <name>', 'those of this type')
      .option('--prefix <text>', 'those whose id begins so')
      .option('--revoked', 'those that are revoked')
      .option('--active', 'those that are not')
      .option('--connected', 'those that are connected')
      .option('--offline', 'those whose last connection ended')
      .option('--silent', 'those not heard from for 2.5 heartbeats, or never')
      .option('--status <text>', 'those whose last status was this')
      .option('--battery-below <percent>', 'those whose battery was below that', readPercent)
      .option('--firmware <text>', 'those with this firmware')
      .option('--firmware-other-than <text>', 'those that told another firmware')
  const format = () =>
    new Option('--format <name>', 'how the file is written (default: by its name)').choices([
      'csv',
      'jsonl',
    ])

  filtered(ofFleet('list', 'print the devices'))
    .option('--limit <n>', 'so many at most', readCount)
    .option('--json', 'print a JSON object for each')
    .action(async (options) => (await import('./list.ts')).listDevices(options))

  ofFleet('show', 'print a device: its login, without its password, and what it told last')
    .argument('<type/id>', 'the device, such as pump/P-1', readDevice)
    .option('--json', 'print a JSON object')
    .action(async (device, options) => (await import('./list.ts')).showDevice(device, options))

  ofFleet('provision', 'put new devices on record, and print their passwords, which is done once')
    .argument('<type>', 'the device type')
    .argument('[id...]', 'the ids, such as P-1 P-2')
    .option('--count <n>', 'number so many instead', readCount)
    .option('--prefix <text>', 'what the ids of numbered ones begin with, such as P-')
    .option('--first <n>', 'the number of the first of them (default: 1)', readCount)
    .option('--username <name>', 'a user name from elsewhere (default: TYPE/ID)')
    .option('--attribute <name=value...>', 'attributes that they get', readAttribute)
    .option('--output <file>', 'a file for the passwords, which nobody else can read')
    .option('--json', 'print a JSON object for each')
    .action(async (type, ids, options) =>
      (await import('./provision.ts')).provisionDevices(type, ids, options),
    )

  ofFleet('import', 'put the devices of a file on record; the same command goes on after a stop')
    .argument('<file>', 'a file of CSV, or of a JSON object on each line')
    .option('--type <name>', 'the type of those that name none')
    .addOption(format())
    .option(
      '--result <file>',
      'where what became of each line is written (default: FILE.result.jsonl)',
    )
    .option('--dry-run', 'put none on record: say what would become of them')
    .option('--json', 'print the numbers as a JSON object')
    .action(async (file, options) => (await import('./import.ts')).importDevices(file, options))

  filtered(ofFleet('export', 'print the devices as import takes them'))
    .addOption(format())
    .option('--output <file>', 'write this file instead, which nobody else can read')
    .option('--with-hashes', 'with the hashes of their passwords; needs --output')
    .option('--force', 'replace a file that is there')
    .action(async (options) => (await import('./export.ts')).exportDevices(options))

  verb(
    'labels',
    'write a sheet of labels with QR codes, of what provision or import wrote',
    devices,
  )
    .argument('<result>', 'the file that they wrote')
    .requiredOption('--output <file>', 'the sheet, a page of HTML, which nobody else can read')
    .option('--force', 'replace a file that is there')
    .action(async (file, options) => (await import('./labels.ts')).printLabels(file, options))

  const onEach = (name: string, description: string) =>
    ofFleet(name, description)
      .argument('<type/id...>', 'the devices, such as pump/P-1', readDevices)
      .option('--json', 'print a JSON object for each')

  onEach('rotate', 'give devices new passwords, and print them, which is done once')
    .option('--overlap <seconds>', 'for how long those before stay good (default: 0)', readOverlap)
    .option('--output <file>', 'a file for the passwords, which nobody else can read')
    .action(async (refs, options) => (await import('./change.ts')).rotateDevices(refs, options))

  ofFleet('retire', 'end one password of a device, and keep the others')
    .argument('<type/id>', 'the device, such as pump/P-1', readDevice)
    .argument('<credential>', 'its id, which show prints')
    .option('--json', 'print a JSON object')
    .action(async (device, credential, options) =>
      (await import('./change.ts')).retireCredential(device, credential, options),
    )

  onEach('revoke', 'keep devices out, and end their sessions where something is there to do it')
    .option('--yes', 'do not ask')
    .action(async (refs, options) => (await import('./change.ts')).revokeDevices(refs, options))

  onEach('restore', 'let revoked devices in again').action(async (refs, options) =>
    (await import('./change.ts')).restoreDevices(refs, options),
  )

  onEach(
    'kick',
    'end connections and sessions of devices at their brokers, which may log in again',
  ).action(async (refs, options) => (await import('./change.ts')).kickDevices(refs, options))

  onEach('delete', 'revoke devices and take them off record')
    .option('--yes', 'do not ask')
    .action(async (refs, options) => (await import('./change.ts')).deleteDevices(refs, options))
}

function readDevice(text: string): DeviceRef {
  const slash = text.indexOf('/')
  const [type, id] = [text.slice(0, slash), text.slice(slash + 1)]
  if (slash > 0 && id !== '' && !id.includes('/')) return { type, id }
  throw new InvalidArgumentError('It must be TYPE/ID, such as pump/P-1.')
}

function readDevices(text: string, before: readonly DeviceRef[] = []): readonly DeviceRef[] {
  return [...before, readDevice(text)]
}

function readAttribute(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const equals = text.indexOf('=')
  if (equals > 0) return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) }
  throw new InvalidArgumentError('It must be NAME=VALUE, such as site=north.')
}

function readCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= MAX_COUNT) return count
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_COUNT}.`)
}

function readOverlap(text: string): number {
  const seconds = Number(text)
  if (/^\d+$/.test(text) && seconds <= MAX_OVERLAP) return seconds
  throw new InvalidArgumentError(`It must be a whole number of seconds, up to ${MAX_OVERLAP}.`)
}

function readPercent(text: string): number {
  const percent = Number(text)
  if (text.trim() !== '' && percent >= 0 && percent <= 100) return percent
  throw new InvalidArgumentError('It must be a number from 0 to 100.')
}
