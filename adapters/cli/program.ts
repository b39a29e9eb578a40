/**
 * The command line: verbs and their options.
 *
 * @module
 */
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import type { DeviceRef } from '../../src/device/reference.ts'
import { devicesVerbs } from './devices/program.ts'
import { VERSION } from './version.ts'

/** Describes the command line. Each verb is loaded when it is run. */
export function devicehubProgram(): Command {
  const program = new Command('devicehub')
    .description('A typed fleet of MQTT devices: try it, watch it, configure its broker.')
    .version(VERSION, '--version', 'print the version')
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({
      // A suggestion stands on a line of its own.
      outputError: (text, write) =>
        write(text.replace(/^error:/, 'devicehub:').replace(/\n(?=\()/, ' ')),
    })

  const verb = (name: string, description: string, under = program) => {
    const words = under === program ? name : `${under.name()} ${name}`
    return under
      .command(name)
      .description(description)
      .showHelpAfterError(`Usage: devicehub ${words} [options]; --help lists them`)
  }

  verb('dev', 'run a broker, the HTTP routes, a hub and simulated devices, on this machine only')
    .option('--config <file>', 'take the device types of this configuration file')
    .option('--seconds <n>', 'end by itself after so long', readSeconds)
    .option('--devices <n>', 'how many devices to simulate, 20 to 1000 (default: 24)', readCount)
    .option('--device <type/id...>', 'show a login for these devices of your own', readDevice)
    .option('--store <file>', 'keep the devices in this SQLite file (default: in memory)')
    .action(async (options) => (await import('./dev/dev.ts')).dev(options))

  verb('listen', 'print one line for each thing that devices say, until SIGINT or SIGTERM')
    .option('--config <file>', 'use this configuration file')
    .option('--broker <name...>', 'listen to these brokers alone (default: all that types use)')
    .option('--json', 'print each line as a JSON object')
    .option('--shared', 'join the share group: each message goes to one of its members')
    .action(async (options) => (await import('./listen/listen.ts')).listen(options))

  verb('publish', 'publish a message of JSON through a configured broker')
    .argument('<topic>', 'the topic name')
    .argument('<json>', 'the payload, such as \'{"rpm":1450}\'')
    .option('--config <file>', 'use this configuration file')
    .option('--broker <name>', 'through this broker (default: that of the device type)')
    .option('--qos <n>', '0, 1 or 2 (default: 1)', readQos)
    .option('--retain', 'have the broker keep it for whoever subscribes later')
    .action(async (topic, json, options) =>
      (await import('./publish.ts')).publish(topic, json, options),
    )

  verb('explain', 'say whether a user name may do something, and why: code 0 if it may, 1 if not')
    .argument('<user>', 'the user name, such as pump/P-1')
    .addArgument(new Argument('<action>', 'what it wants to do').choices(['publish', 'subscribe']))
    .argument('<topic>', 'a topic name to publish to, a topic filter to subscribe with')
    .option('--config <file>', 'use this configuration file')
    .option('--qos <n>', '0, 1 or 2 (default: 1)', readQos)
    .option('--retain', 'publish with the retain flag')
    .option('--client-id <id>', 'connected under this client id')
    .option('--json', 'print a JSON object')
    .action(async (user, action, topic, options) =>
      (await import('./explain.ts')).explain(user, action, topic, options),
    )

  verb('config', 'print the configuration of a broker that asks a fleet')
    .argument('<broker>', 'the product, such as mosquitto; any other word lists them')
    .option('--routes <url>', 'where the broker reaches the routes (default: auth.internal)')
    .option('--out <dir>', 'write the files to this folder instead')
    .option('--force', 'replace files that are there')
    .option('--json', 'print a JSON object, with the notes in it')
    .action(async (broker, options) => (await import('./config.ts')).config(broker, options))

  verb('simulate', 'connect devices of a type to the configured broker, and have them send data')
    .argument('<type>', 'the device type, such as pump')
    .option('--config <file>', 'use this configuration file')
    .option(
      '--devices <n>',
      'how many, 1 to 10000 (default: all of --logins, or else 10)',
      readMany,
    )
    .option('--rate <n>', 'messages a second of all together (default: one of each)', readRate)
    .option('--duration <seconds>', 'end by itself after so long', readSeconds)
    .option('--realistic', 'values that drift, in the place of a sample')
    .option('--device-url <url>', 'where devices reach the broker (default: where the hub does)')
    .option('--logins <file>', 'JSON lines with logins (default: devices made for the time)')
    .option('--json', 'print the summary as a JSON object')
    .action(async (type, options) =>
      (await import('./simulate/simulate.ts')).simulate(type, options),
    )

  const token = verb('token', 'issue a login that ends by itself and may do what is said here')
    .option('--config <file>', 'use this configuration file')
    .option('--publish <filter...>', 'it may publish there, such as "{prefix}/pump/{deviceId}/cmd"')
    .option('--subscribe <filter...>', 'it may subscribe there')
    .option('--attribute <name=value...>', 'what a placeholder stands for', readAttribute)
    .option('--expires-in <seconds>', 'for so long, up to 86400 (default: 3600)', Number)
    .option('--subject <text>', 'whose it is: tokens of one subject have one user name')
    .option('--json', 'print a JSON object')
    .action(async (options) => (await import('./token.ts')).token(options))

  verb('revoke', 'revoke the tokens of a subject, through a service, and end its sessions', token)
    .argument('<subject>', 'whose they are, as they were issued')
    .requiredOption(
      '--url <url>',
      'where the service has the routes of devicehub/admin, such as https://example.com/admin',
    )
    .option(
      '--secret-file <file>',
      'a file with its secret (default: DEVICEHUB_ADMIN_SECRET, or asked for)',
    )
    .option('--json', 'print a JSON object')
    .action(async (subject, options) =>
      (await import('./token-revoke.ts')).revokeTokens(subject, options),
    )

  verb('doctor', 'find what is wrong with brokers, routes, rules, certificates, clock and store')
    .option('--config <file>', 'use this configuration file')
    .option('--routes <url>', 'ask the routes there, with DEVICEHUB_ROUTES_SECRET')
    .option('--hub <url>', 'read the status of a running hub there')
    .option('--device-url <url>', 'where devices reach the broker (default: where the hub does)')
    .option('--device <type/id>', 'try with this device, with DEVICEHUB_DEVICE_PASSWORD')
    .option('--verbose', 'print what was looked at, and what was not')
    .option('--json', 'print a JSON object')
    .action(async (options) => (await import('./doctor/doctor.ts')).doctor(options))

  const store = verb('store', 'the tables of the store that a fleet has in a database')
  const ofStore = (name: string, description: string) =>
    verb(name, description, store)
      .option('--config <file>', 'use this configuration file')
      .option('--store <file>', 'this SQLite file, in the place of what the configuration says')

  ofStore('status', 'tell their version: code 0 if it is that of this program, 1 if not')
    .option('--json', 'print a JSON object')
    .action(async (options) => (await import('./store/status.ts')).storeStatus(options))

  ofStore('migrate', 'make them, or bring them to the version of this program').action(
    async (options) => (await import('./store/migrate.ts')).storeMigrate(options),
  )

  verb('sql', 'print their SQL, for tools that keep migrations themselves', store)
    .addOption(
      new Option('--dialect <name>', 'of SQLite and D1, or of PostgreSQL')
        .choices(['sqlite', 'postgres'])
        .default('sqlite'),
    )
    .option('--out <dir>', 'write a numbered file for each version to this folder instead')
    .action(async (options) => (await import('./store/sql.ts')).storeSql(options))

  verb('complete', 'print the script by which a shell completes this command: bash, zsh or fish')
    .argument('[words...]', 'the shell')
    .passThroughOptions() // The words of another command line are none of this one's.
    .action(async (words) => (await import('./complete.ts')).complete(program, words))

  devicesVerbs(verb)

  return program
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (seconds > 0 && seconds <= 86_400) return seconds
  throw new InvalidArgumentError('It must be a number above 0, up to 86400.')
}

function readCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 20 && count <= 1000) return count
  throw new InvalidArgumentError('It must be a whole number from 20 to 1000.')
}

function readMany(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= 10_000) return count
  throw new InvalidArgumentError('It must be a whole number from 1 to 10000.')
}

function readRate(text: string): number {
  const rate = Number(text)
  if (rate > 0 && rate <= 10_000) return rate
  throw new InvalidArgumentError('It must be a number above 0, up to 10000.')
}

function readAttribute(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  if (at > 0) return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
  throw new InvalidArgumentError('It must be NAME=VALUE, such as deviceId=P-1.')
}

function readQos(text: string): 0 | 1 | 2 {
  if (text === '0' || text === '1' || text === '2') return Number(text) as 0 | 1 | 2
  throw new InvalidArgumentError('It must be 0, 1 or 2.')
}

function readDevice(text: string, before: readonly DeviceRef[] = []): readonly DeviceRef[] {
  const [type, id, ...more] = text.split('/')
  if (type && id && more.length === 0) return [...before, { type, id }]
  throw new InvalidArgumentError('It must be TYPE/ID, such as pump/P-1.')
}
