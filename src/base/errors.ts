/**
 * The errors this library throws on purpose. Each has a stable `code` to switch on and the facts
 * as readonly fields; messages say what to do and may change in any release. No message ever holds
 * a secret. Anything else that escapes is a bug.
 *
 * @module
 */
import { printable, quote } from './quote.ts'

/** Base of all errors thrown on purpose. */
export abstract class DeviceHubError extends Error {
  /** Stable name of the kind of failure. */
  abstract readonly code: string
}

/** Base of the errors that one adapter alone throws, such as that for Mosquitto. */
export abstract class AdapterError extends DeviceHubError {}

/** A setting is missing, wrongly typed or contradicts another. */
export class ConfigError extends DeviceHubError {
  override readonly name = 'ConfigError'
  readonly code = 'ERR_CONFIG'
  /** Dotted path of the setting at fault, such as `brokers.default.port`. */
  readonly key: string

  constructor(key: string, problem: string, options?: ErrorOptions) {
    super(`${key}: ${problem}`, options)
    this.key = key
  }
}

/** A device id, type name, prefix or user name could change the shape of a topic, or is too long. */
export class InvalidNameError extends DeviceHubError {
  override readonly name = 'InvalidNameError'
  readonly code = 'ERR_NAME_INVALID'
  /** Which value was refused, such as `device id`. */
  readonly field: string

  constructor(field: string, problem: string) {
    super(`The ${field} ${problem}`)
    this.field = field
  }
}

/** A topic name, topic filter or template is not well formed (MQTT 5, section 4.7). */
export class InvalidTopicError extends DeviceHubError {
  override readonly name = 'InvalidTopicError'
  readonly code = 'ERR_TOPIC_INVALID'
  /** The text as given, cut to 200 characters. */
  readonly topic: string
  /** What is wrong with it, as half a sentence. */
  readonly problem: string

  constructor(
    kind: 'topic name' | 'topic filter' | 'topic template',
    topic: string,
    problem: string,
  ) {
    super(`Invalid ${kind} ${quote(topic)}: ${problem}`)
    this.topic = topic.slice(0, 200)
    this.problem = problem
  }
}

/** The device has no credential of this id. Nothing was written. */
export class CredentialUnknownError extends DeviceHubError {
  override readonly name = 'CredentialUnknownError'
  readonly code = 'ERR_CREDENTIAL_UNKNOWN'
  readonly type: string
  readonly id: string
  readonly credentialId: string

  constructor(type: string, id: string, credentialId: string) {
    super(
      `Device ${type}/${id} has no credential ${quote(credentialId)}: its record names those it has`,
    )
    this.type = type
    this.id = id
    this.credentialId = credentialId
  }
}

/** A device, or the user name asked for, is in the store already. Nothing was written. */
export class DeviceExistsError extends DeviceHubError {
  override readonly name = 'DeviceExistsError'
  readonly code = 'ERR_DEVICE_EXISTS'
  readonly type: string
  readonly id: string
  /** What clashed. */
  readonly field: 'device id' | 'user name'

  constructor(type: string, id: string, field: 'device id' | 'user name') {
    super(
      field === 'device id'
        ? `Device ${type}/${id} is provisioned already`
        : `Device ${type}/${id} cannot have this user name: another principal has it`,
    )
    this.type = type
    this.id = id
    this.field = field
  }
}

/** No such device is in the store, or it is revoked. */
export class DeviceUnknownError extends DeviceHubError {
  override readonly name = 'DeviceUnknownError'
  readonly code = 'ERR_DEVICE_UNKNOWN'
  readonly type: string
  readonly id: string

  constructor(type: string, id: string) {
    super(`Device ${type}/${id} is not provisioned`)
    this.type = type
    this.id = id
  }
}

/** The fleet has no device type of this name. */
export class DeviceTypeUnknownError extends DeviceHubError {
  override readonly name = 'DeviceTypeUnknownError'
  readonly code = 'ERR_DEVICE_TYPE_UNKNOWN'
  /** The name that was asked for, cut to 200 characters. */
  readonly type: string

  constructor(type: string, known: readonly string[]) {
    const names = known.length > 0 ? `there is ${known.join(', ')}` : 'there is none at all'
    super(printable(`There is no device type ${quote(type)}: ${names}`))
    this.type = type.slice(0, 200)
  }
}

/** The device is revoked, which nothing takes back. Nothing was written. */
export class DeviceRevokedError extends DeviceHubError {
  override readonly name = 'DeviceRevokedError'
  readonly code = 'ERR_DEVICE_REVOKED'
  readonly type: string
  readonly id: string

  constructor(type: string, id: string) {
    super(`Device ${type}/${id} is revoked`)
    this.type = type
    this.id = id
  }
}

/** A sealed secret cannot be opened: another key sealed it, or the text is damaged. */
export class SealedPasswordError extends DeviceHubError {
  override readonly name = 'SealedPasswordError'
  readonly code = 'ERR_PASSWORD_SEALED'
  readonly type: string
  readonly id: string

  constructor(type: string, id: string, problem: string) {
    super(`The sealed secret of device ${type}/${id} cannot be opened: ${problem}`)
    this.type = type
    this.id = id
  }
}

/** Another writer changed the record since it was read. Read it again and repeat the change. */
export class RevisionConflictError extends DeviceHubError {
  override readonly name = 'RevisionConflictError'
  readonly code = 'ERR_REVISION_CONFLICT'
  readonly type: string
  readonly id: string

  constructor(type: string, id: string) {
    super(`Device ${type}/${id} was changed by another writer`)
    this.type = type
    this.id = id
  }
}

/**
 * One finding: where in the payload, and what is wrong there. Both may hold what a device sent, so both
 * are one line of printable characters, cut to 200.
 */
export interface PayloadIssue {
  /** Dotted path into the payload; empty for the payload itself. */
  readonly path: string
  readonly message: string
}

const MAX_ISSUES = 20
const MAX_ISSUE_LENGTH = 200

/** A payload does not satisfy the schema its device type declares. The message is cut to 600 characters. */
export class PayloadError extends DeviceHubError {
  override readonly name = 'PayloadError'
  readonly code = 'ERR_PAYLOAD_INVALID'
  /** The first 20 findings. */
  readonly issues: readonly PayloadIssue[]

  constructor(what: string, issues: readonly PayloadIssue[]) {
    const told = issues.slice(0, MAX_ISSUES).map(({ path, message }) => ({
      path: printable(path, MAX_ISSUE_LENGTH),
      message: printable(message, MAX_ISSUE_LENGTH),
    }))
    const more = issues.length > told.length ? [`and ${issues.length - told.length} more`] : []
    const texts = told.map(({ path, message }) => (path ? `${path}: ${message}` : message))
    super(printable(`${what}: ${[...texts, ...more].join('; ')}`))
    this.issues = told
  }
}

/** What kept a broker from doing what it was asked. */
export type BrokerErrorCode =
  /** Not connected at the moment; nothing was sent. */
  | 'ERR_BROKER_NOT_CONNECTED'
  /** The connection could not be made. */
  | 'ERR_BROKER_UNREACHABLE'
  /** The broker refused the user name, the password or the client id. */
  | 'ERR_BROKER_LOGIN_REFUSED'
  /** The function that gives user name and password failed, or gave no login that can be used. */
  | 'ERR_BROKER_CREDENTIALS'
  /** A certificate stands in the way: see {@link CertificateError}. */
  | 'ERR_BROKER_CERTIFICATE'
  /** The broker refused this publish, subscribe or unsubscribe; or a rule does, before it is asked. */
  | 'ERR_BROKER_NOT_AUTHORIZED'
  /** The broker refused for another reason: see `reasonCode`. */
  | 'ERR_BROKER_REFUSED'
  /** The broker sent what MQTT forbids, or more than is taken: the connection was ended because of it. */
  | 'ERR_BROKER_PROTOCOL'
  /** No answer in time. A publish may or may not have reached the broker. */
  | 'ERR_BROKER_TIMEOUT'
  /** The connection was lost before the broker answered. A publish may or may not have reached it. */
  | 'ERR_BROKER_CONNECTION_LOST'
  /** The offline queue was full: this message, or an older one it made room for, was not sent. */
  | 'ERR_BROKER_QUEUE_FULL'
  /** The message expired while it waited for a connection; nothing was sent. */
  | 'ERR_BROKER_MESSAGE_EXPIRED'
  /** The broker was closed, by `close()`, before this was done. */
  | 'ERR_BROKER_CLOSED'

/** A broker could not do what it was asked. */
export class BrokerError<Code extends BrokerErrorCode = BrokerErrorCode> extends DeviceHubError {
  override readonly name: string = 'BrokerError'
  readonly code: Code
  /** MQTT 5 reason code (section 2.4), where the broker gave one, or was given it. */
  readonly reasonCode: number | undefined
  /**
   * Where else to connect, where the broker said so: it goes with the reason codes 0x9C (use another
   * server) and 0x9D (server moved) of MQTT 5 (section 4.11), and nothing follows it by itself.
   */
  readonly serverReference: string | undefined

  constructor(
    code: Code,
    message: string,
    options?: ErrorOptions & { reasonCode?: number; serverReference?: string | undefined },
  ) {
    super(message, options)
    this.code = code
    this.reasonCode = options?.reasonCode
    this.serverReference = options?.serverReference
  }
}

/** What is wrong with a certificate. Stable, to switch on. */
export type CertificateProblem =
  /** The broker's certificate is past its time. */
  | 'expired'
  /** The time of the broker's certificate has not begun; or this machine's clock is behind. */
  | 'not-yet-valid'
  /** The broker's certificate is for other host names than the one connected to. */
  | 'host-mismatch'
  /** No authority that is trusted here stands behind the broker's certificate. */
  | 'unknown-authority'
  /** The broker's certificate is not good for another reason. */
  | 'not-trusted'
  /** The broker wants a client certificate, and none was given. */
  | 'client-certificate-missing'
  /** The broker refused the client certificate. */
  | 'client-certificate-refused'
  /** The private key belongs to another certificate. */
  | 'key-mismatch'
  /** A file cannot be read, or what it holds is no certificate or private key in PEM. */
  | 'unreadable'

/** No connection was made, because of a certificate. */
export class CertificateError extends BrokerError<'ERR_BROKER_CERTIFICATE'> {
  override readonly name = 'CertificateError'
  /** What is wrong. */
  readonly problem: CertificateProblem

  constructor(problem: CertificateProblem, message: string, options?: ErrorOptions) {
    super('ERR_BROKER_CERTIFICATE', message, options)
    this.problem = problem
  }
}

/** How a command ended, when it did not end in a reply. */
export type CommandErrorCode =
  /** The device type declares no such command. Nothing was sent. */
  | 'ERR_COMMAND_UNKNOWN'
  /** The device answered that it failed. */
  | 'ERR_COMMAND_FAILED'
  /** No answer within the time given. The device may have done it. */
  | 'ERR_COMMAND_TIMED_OUT'
  /** The device answered, but not with what the type declares. */
  | 'ERR_COMMAND_REPLY_INVALID'
  /** The broker refused the publish. */
  | 'ERR_COMMAND_NOT_AUTHORIZED'
  /** The command never left this process. */
  | 'ERR_COMMAND_NOT_SENT'

/** A command did not end in a reply. */
export class CommandError extends DeviceHubError {
  override readonly name = 'CommandError'
  readonly code: CommandErrorCode
  /** The device, as `{type}/{deviceId}`. */
  readonly device: string
  readonly command: string
  /** The device's own error code, when it sent one: printable, and cut to 100 characters. */
  readonly deviceCode: string | undefined

  constructor(
    code: CommandErrorCode,
    device: string,
    command: string,
    problem: string,
    options?: ErrorOptions & { deviceCode?: string | undefined },
  ) {
    super(`Command ${command} to ${device}: ${problem}`, options)
    this.code = code
    this.device = device
    this.command = command
    this.deviceCode = options?.deviceCode
  }
}

/** An adapter was used but a package it drives is not installed, or Deno does not permit to load it. */
export class MissingDependencyError extends DeviceHubError {
  override readonly name = 'MissingDependencyError'
  readonly code = 'ERR_DEPENDENCY_MISSING'
  /** All packages that could not be loaded, by name. */
  readonly dependencies: readonly string[]
  /** What to install for that, as `npm install` is told it: the names, with a version where it matters. */
  readonly install: readonly string[]

  constructor(dependencies: readonly string[], install: readonly string[], options?: ErrorOptions) {
    const cause = options?.cause
    // Deno has the package, and says which permission it needs.
    const isDenied = cause instanceof Error && cause.name === 'NotCapable'
    const [what, them] = dependencies.length === 1 ? ['package', 'it'] : ['packages', 'them']
    const line = `npm install ${install.join(' ')}`
    const advice = isDenied ? cause.message : `install ${them} beside devicehub (${line})`
    const names = dependencies.map((name) => JSON.stringify(name)).join(', ')
    super(`Cannot load the ${what} ${names}: ${advice}`, options)
    this.dependencies = dependencies
    this.install = install
  }
}

/** This runtime cannot do what was asked of it. */
export class UnsupportedRuntimeError extends DeviceHubError {
  override readonly name = 'UnsupportedRuntimeError'
  readonly code = 'ERR_RUNTIME_UNSUPPORTED'
  /** What is not supported, such as `the embedded broker`. */
  readonly feature: string
  /** The runtime's name, such as `Deno`. */
  readonly runtime: string

  constructor(feature: string, runtime: string, instead: string) {
    super(`${feature} does not run on ${runtime}: ${instead}`)
    this.feature = feature
    this.runtime = runtime
  }
}

/** Whether something that was thrown is told by a code, whatever its class. */
export function hasCode(thrown: unknown, code: string): boolean {
  return (
    typeof thrown === 'object' && thrown !== null && (thrown as { code?: unknown }).code === code
  )
}

/** What was thrown, as an error: anything else is put into one, as text. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown
  try {
    return new Error(String(thrown))
  } catch {
    // Not every value has a form as text.
    return new Error(`a thrown ${typeof thrown}`)
  }
}
