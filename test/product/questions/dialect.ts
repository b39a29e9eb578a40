/**
 * How one broker product writes its questions, and how it is told yes and no. What is asked and what
 * has to be answered is the same for all of them: `matrix.ts`.
 *
 * @module
 */
import type { Row } from './row.ts'

/** What a client connects with; `undefined` is what it leaves out. */
export interface Login {
  readonly username: string | undefined
  readonly password: string | undefined
  readonly clientId: string | undefined
}

/** What a client that is connected does. */
export interface Access {
  /** `deliver` is a message for the client; `both` is that and a publish in one question. */
  readonly action: 'publish' | 'subscribe' | 'deliver' | 'both'
  readonly topic: string
  readonly username: string | undefined
  readonly clientId: string | undefined
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
}

/** What a product may tell beside the user name and the topic. */
export type Told = 'clientId' | 'qos' | 'retain' | 'share'

/** A request below the mount, with the secret where the broker puts it. */
export type Asked = Pick<Row, 'path' | 'headers' | 'body'>

/** One way in which a product asks: a product with two encodings has two. */
export interface Dialect {
  /** What sets it apart from others of its product, such as `in a form`. Default: nothing. */
  readonly variant?: string
  readonly encoding: 'json' | 'form'
  readonly secretIn: 'header' | 'path'
  /** What it tells. A grant that needs more is a denial. */
  readonly tells: readonly Told[]
  /** What it asks about beside publishes and subscriptions. Default: nothing. */
  readonly asksAbout?: readonly ('deliver' | 'both')[]
  /** Whose topics it asks about. Default: those of the weather station and of the pump `P-1`. */
  readonly cast?: Cast
  login(login: Login): Asked
  access(access: Access): Asked
  /** Asks whether somebody may do everything, where a product does. */
  superuser?(login: Login): Asked
  /** The names of the fields for a user name and a topic. */
  readonly fields: { readonly username: string; readonly topic: string }
  /** How a login is granted. */
  allowLogin(login: Login): Row['answer']
  /** How a login is answered under a client id that is not its own. Default: denied. */
  foreignClientId?(login: Login): Row['answer']
  /** How anything else is granted. */
  allowAccess(access: Access): Row['answer']
  /** How all of them are denied. */
  readonly deny: Row['answer']
  /** How a login is answered that may be right and is not let in now. Default: denied. */
  readonly tryLater?: Row['answer']
  /** Cases that are answered in a way of their own, by their titles, and why. Default: none. */
  readonly except?: Readonly<Record<string, Exception>>
}

export interface Exception {
  readonly reason: string
  readonly answer: Row['answer']
}

/** A device of the fleet in `test/hono/site.ts`. */
export interface Device {
  readonly type: 'weatherstation' | 'pump'
  readonly id: string
  readonly username: string
  readonly password: string
}

/** Who asks. */
export interface Cast {
  /** With the rules that every device has. */
  readonly device: Device
  /** A pump, with the rules of its type. */
  readonly pump: Device
}

/** All that a product sends. */
export interface Exchanges {
  readonly dialects: readonly Dialect[]
  /** What no other product sends, or is answered. */
  readonly oddities: readonly Row[]
}

/** Such a path there is not. To each of the brokers it is a denial. */
export const NO_ROUTE: Row['answer'] = { status: 404, body: '404 Not Found' }
