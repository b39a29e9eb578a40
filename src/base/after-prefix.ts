/**
 * Texts by their beginning, in the order of their bytes.
 *
 * @module
 */

const LAST = 0x10ffff
const BEFORE_SURROGATES = 0xd7ff
const AFTER_SURROGATES = 0xe000

/**
 * The first text, by the bytes of UTF-8, that is behind all those that begin with a prefix; `undefined`
 * if there is none. The bytes of UTF-8 are ordered as code points are.
 */
export function afterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!)
  for (let point = points.pop(); point !== undefined; point = points.pop()) {
    if (point === LAST) continue
    const next = point === BEFORE_SURROGATES ? AFTER_SURROGATES : point + 1
    return String.fromCodePoint(...points, next)
  }
  return undefined
}
