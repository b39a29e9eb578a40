/**
 * What a property of MQTT 5 can hold (section 2.2.2.2), read, measured and written.
 *
 * @module
 */
import type { Body } from './body.ts'
import { PacketError, protocolError } from './error.ts'
import { REASON } from './reason.ts'
import { textSize } from './utf8.ts'
import { variableSize, type Writer } from './writer.ts'

/** One form of a value. */
export interface Value<T> {
  /** @param name The property, for the error. */
  read(body: Body, name: string): T
  /** Bytes of the value. */
  size(value: T): number
  write(out: Writer, value: T): void
}

/** A byte that is 0 or 1. */
export const byteFlag: Value<number> = {
  read(body, name) {
    const value = body.u8()
    if (value > 1) throw protocolError(`${name} is ${value}, not 0 or 1`)
    return value
  },
  size: () => 1,
  write: (out, value) => out.u8(value),
}

/** 0 to 65,535. */
export const twoBytes: Value<number> = {
  read: (body) => body.u16(),
  size: () => 2,
  write: (out, value) => out.u16(value),
}

/** 0 to 4,294,967,295. */
export const fourBytes: Value<number> = {
  read: (body) => body.u32(),
  size: () => 4,
  write: (out, value) => out.u32(value),
}

/** 1 to 65,535. */
export const positiveTwo: Value<number> = /* @__PURE__ */ positive(twoBytes)

/** 1 to 4,294,967,295. */
export const positiveFour: Value<number> = /* @__PURE__ */ positive(fourBytes)

/** 1 to 65,535, with a reason code of its own (section 3.3.4). */
export const alias: Value<number> = /* @__PURE__ */ positive(twoBytes, REASON.topicAliasInvalid)

/** A subscription identifier: 1 to 268,435,455. */
export const identifier: Value<number> = /* @__PURE__ */ positive({
  read: (body) => body.variable(),
  size: variableSize,
  write: (out, value) => out.variable(value),
})

/** A text. */
export const text: Value<string> = {
  read: (body) => body.text(),
  size: textSize,
  write: (out, value) => out.text(value),
}

/** Binary data. */
export const binary: Value<Uint8Array> = {
  read: (body) => body.binary(),
  size: ({ length }) => 2 + length,
  write: (out, value) => out.binary(value),
}

/** Two texts. */
export const pair: Value<readonly [name: string, value: string]> = {
  read: (body) => [body.text(), body.text()],
  size: ([name, value]) => textSize(name) + textSize(value),
  write(out, [name, value]) {
    out.text(name)
    out.text(value)
  },
}

function positive(value: Value<number>, code: number = REASON.protocolError): Value<number> {
  return {
    ...value,
    read(body, name) {
      const number = value.read(body, name)
      if (number === 0) throw new PacketError(code, `${name} is 0`)
      return number
    },
  }
}
