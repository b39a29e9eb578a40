/**
 * Finds the subscribers of a topic name among many filters, in time that depends on the levels of
 * the name and not on the number of filters.
 *
 * @module
 */
import { copyOf } from '../base/text.ts'
import { parseTopicFilter, parseTopicName } from './filter.ts'

/** Several values under one filter; a lone one stands for itself. */
class Several<T> extends Set<T> {}
type Values<T> = T | Several<T>

/** Where filters part. */
class Fork<T> {
  children: Map<string, Branch<T>> | undefined = undefined
  plus: Branch<T> | undefined = undefined
  /** Values of the filter that ends here. */
  here: Values<T> | undefined = undefined
  /** Values of the filter whose "#" follows here. */
  below: Values<T> | undefined = undefined
}

/** A filter that shares none of the levels that remain of it with another one. */
class Leaf<T> {
  readonly rest: readonly string[]
  values: Values<T>

  constructor(rest: readonly string[], values: Values<T>) {
    this.rest = rest
    this.values = values
  }
}

type Branch<T> = Fork<T> | Leaf<T>

/** A set of values under topic filters. Make one with {@link filterTree}. */
export interface FilterTree<T> {
  /** How many pairs of filter and value it holds. */
  readonly size: number
  /**
   * Puts a value under a filter. The same value twice under one filter is there once. A share
   * prefix plays no part.
   * @throws {InvalidTopicError} If the filter is not well formed.
   */
  add(filter: string, value: T): void
  /**
   * Takes a value away from a filter, and tells whether it was there.
   * @throws {InvalidTopicError} If the filter is not well formed.
   */
  delete(filter: string, value: T): boolean
  /**
   * The values of every filter that matches a topic name, each once, in no order.
   * @throws {InvalidTopicError} If the name is not well formed.
   */
  find(name: string): ReadonlySet<T>
}

/** Makes an empty tree. */
export function filterTree<T>(): FilterTree<T> {
  const root = new Fork<T>()
  const share = sharedRests()
  let size = 0

  /** Values with one more. */
  function withValue(values: Values<T> | undefined, value: T): Values<T> {
    if (values instanceof Several) {
      size += values.has(value) ? 0 : 1
      return values.add(value)
    }
    if (isOne(values, value)) return values as T
    size++
    if (values !== undefined) return new Several<T>([values, value])
    return value === undefined || value instanceof Several ? new Several<T>([value]) : value
  }

  return {
    get size() {
      return size
    },

    add(filter, value) {
      const { levels } = parseTopicFilter(filter)
      let fork = root
      for (let at = 0; ; at++) {
        const level = levels[at]
        if (level === undefined) {
          fork.here = withValue(fork.here, value)
          return
        }
        if (level === '#') {
          fork.below = withValue(fork.below, value)
          return
        }
        const branch = branchOf(fork, level)
        if (branch instanceof Fork) {
          fork = branch
          continue
        }
        const rest = share(levels.slice(at + 1))
        if (!branch || isSame(branch.rest, rest)) {
          const values = withValue(branch?.values, value)
          if (branch) branch.values = values
          else setBranch(fork, level, new Leaf(rest, values))
          return
        }
        const parting = new Fork<T>()
        setRest(parting, branch, share)
        setBranch(fork, level, parting)
        fork = parting
      }
    },

    delete(filter, value) {
      const { levels } = parseTopicFilter(filter)
      const path = [root]
      for (let at = 0; ; at++) {
        const fork = path.at(-1)!
        const level = levels[at]
        if (level === undefined || level === '#') {
          const place = level === undefined ? 'here' : 'below'
          const left = withoutValue(fork[place], value)
          if (left === NOT_THERE) return false
          fork[place] = left
          break
        }
        const branch = branchOf(fork, level)
        if (branch instanceof Fork) {
          path.push(branch)
          continue
        }
        if (!branch || !isSame(branch.rest, levels.slice(at + 1))) return false
        const left = withoutValue(branch.values, value)
        if (left === NOT_THERE) return false
        if (left === undefined) setBranch(fork, level, undefined)
        else branch.values = left
        break
      }
      size--
      prune(path, levels)
      return true
    },

    find(name) {
      const levels = parseTopicName(name)
      const found = new Set<T>()
      // Wildcards at the first level do not reach names that begin with "$" (section 4.7.2).
      if (!levels[0]!.startsWith('$')) collect(root, levels, 0, found)
      else collectFrom(root.children?.get(levels[0]!), levels, 1, found)
      return found
    },
  }
}

function collectFrom<T>(
  branch: Branch<T> | undefined,
  levels: readonly string[],
  at: number,
  found: Set<T>,
): void {
  if (branch instanceof Fork) collect(branch, levels, at, found)
  else if (branch && matchesRest(branch.rest, levels, at)) addAll(found, branch.values)
}

function collect<T>(fork: Fork<T>, levels: readonly string[], at: number, found: Set<T>): void {
  // "#" matches its parent level, too (section 4.7.1.2).
  if (fork.below !== undefined) addAll(found, fork.below)
  if (at === levels.length) {
    if (fork.here !== undefined) addAll(found, fork.here)
    return
  }
  collectFrom(fork.children?.get(levels[at]!), levels, at + 1, found)
  collectFrom(fork.plus, levels, at + 1, found)
}

function matchesRest(rest: readonly string[], levels: readonly string[], at: number): boolean {
  for (let i = 0; i < rest.length; i++) {
    const want = rest[i]
    if (want === '#') return true
    const have = levels[at + i]
    if (have === undefined || (want !== '+' && want !== have)) return false
  }
  return at + rest.length === levels.length
}

function branchOf<T>(fork: Fork<T>, level: string): Branch<T> | undefined {
  return level === '+' ? fork.plus : fork.children?.get(level)
}

function setBranch<T>(fork: Fork<T>, level: string, branch: Branch<T> | undefined): void {
  if (level === '+') {
    fork.plus = branch
  } else if (branch) {
    fork.children ??= new Map()
    fork.children.set(copyOf(level), branch)
  } else {
    fork.children?.delete(level)
  }
}

/** Puts what remains of a leaf into a fork that takes its place. */
function setRest<T>(fork: Fork<T>, { rest, values }: Leaf<T>, share: SharedRests): void {
  const [level] = rest
  if (level === undefined) fork.here = values
  else if (level === '#') fork.below = values
  else setBranch(fork, level, new Leaf(share(rest.slice(1)), values))
}

/** Takes forks away that hold nothing any more, from the end of a path upwards. */
function prune<T>(path: readonly Fork<T>[], levels: readonly string[]): void {
  for (let i = path.length - 1; i > 0; i--) {
    const { children, plus, here, below } = path[i]!
    if (children?.size || plus || here !== undefined || below !== undefined) return
    setBranch(path[i - 1]!, levels[i - 1]!, undefined)
  }
}

const NOT_THERE: unique symbol = Symbol('not there')

/** Values with one less: `undefined` if none is left. */
function withoutValue<T>(
  values: Values<T> | undefined,
  value: T,
): Values<T> | undefined | typeof NOT_THERE {
  if (values instanceof Several) {
    if (!values.delete(value)) return NOT_THERE
    return values.size === 0 ? undefined : values
  }
  return isOne(values, value) ? undefined : NOT_THERE
}

/** Whether a lone value is this one, as a set would tell it. */
function isOne<T>(values: Values<T> | undefined, value: T): boolean {
  return values !== undefined && (values === value || (Number.isNaN(values) && Number.isNaN(value)))
}

function addAll<T>(found: Set<T>, values: Values<T>): void {
  if (values instanceof Several) for (const value of values) found.add(value)
  else found.add(values)
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((level, i) => level === b[i]))
}

type SharedRests = (rest: readonly string[]) => readonly string[]

const MAX_SHARED_RESTS = 1_000

/**
 * Keeps one list of each short rest: most filters of a fleet end in one of a few channels, and a
 * list apiece would be most of the memory.
 */
function sharedRests(): SharedRests {
  const known = new Map<string | undefined, readonly string[]>()
  return (rest) => {
    if (rest.length > 1) return rest
    const same = known.get(rest[0])
    if (same) return same
    if (known.size === MAX_SHARED_RESTS) known.clear()
    known.set(rest[0], rest)
    return rest
  }
}
