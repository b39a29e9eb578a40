/**
 * The command line: verbs and their options.
 *
 * @module
 */
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import type { DeviceRef } from '../../src/device/reference.ts'
import { VERSION } from './version.ts'

/** Describes the command line. Each verb is loaded when it is run. */
export function devicehubProgram(): Command {
  const program = new Command('devicehub')
    .description('A typed fleet of MQTT devices: try it, watch it, configure its broker.')
    .version(VERSION, '--version', 'print the version')
    .exitOverride()
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
    .action(async (user, action, topic, options) =>
      (await import('./explain.ts')).explain(user, action, topic, options),
    )

  verb('config', 'print the configuration of a broker that asks a fleet')
    .argument('<broker>', 'the product, such as mosquitto; any other word lists them')
    .option('--routes <url>', 'where the broker reaches the routes (default: auth.internal)')
    .option('--out <dir>', 'write the files to this folder instead')
    .option('--force', 'replace files that are there')
    .action(async (broker, options) => (await import('./config.ts')).config(broker, options))

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

function readQos(text: string): 0 | 1 | 2 {
  if (text === '0' || text === '1' || text === '2') return Number(text) as 0 | 1 | 2
  throw new InvalidArgumentError('It must be 0, 1 or 2.')
}

function readDevice(text: string, before: readonly DeviceRef[] = []): readonly DeviceRef[] {
  const [type, id, ...more] = text.split('/')
  if (type && id && more.length === 0) return [...before, { type, id }]
  throw new InvalidArgumentError('It must be TYPE/ID, such as pump/P-1.')
}
