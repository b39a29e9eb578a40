/**
 * Finds the subscribers of a topic name among many filters, in time that depends on the levels of
 * the name and not on the number of filters.
 *
 * @module
 */
import { parseTopicFilter, parseTopicName } from './filter.ts'

interface Node<T> {
  children: Map<string, Node<T>> | undefined
  plus: Node<T> | undefined
  /** Values of filters that end here. */
  values: Set<T> | undefined
  /** Values of filters whose "#" follows here. */
  below: Set<T> | undefined
}

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
  const root = emptyNode<T>()
  let size = 0

  return {
    get size() {
      return size
    },

    add(filter, value) {
      const { levels } = parseTopicFilter(filter)
      let node = root
      for (const level of levels) {
        if (level === '#') break
        node = descend(node, level) ?? grow(node, level)
      }
      const place = endsWithHash(levels) ? 'below' : 'values'
      const set = node[place] ?? new Set()
      node[place] = set
      size += set.has(value) ? 0 : 1
      set.add(value)
    },

    delete(filter, value) {
      const { levels } = parseTopicFilter(filter)
      const path = [root]
      for (const level of levels) {
        if (level === '#') break
        const next = descend(path.at(-1)!, level)
        if (!next) return false
        path.push(next)
      }
      const node = path.at(-1)!
      const set = endsWithHash(levels) ? node.below : node.values
      if (!set?.delete(value)) return false
      size--
      prune(path, levels)
      return true
    },

    find(name) {
      const levels = parseTopicName(name)
      const found = new Set<T>()
      // Wildcards at the first level do not reach names that begin with "$" (section 4.7.2).
      const reserved = levels[0]!.startsWith('$')
      let nodes: Node<T>[] = [root]
      levels.forEach((level, i) => {
        const wildcards = i > 0 || !reserved
        const next: Node<T>[] = []
        for (const node of nodes) {
          if (wildcards) addAll(found, node.below)
          const child = node.children?.get(level)
          if (child) next.push(child)
          if (wildcards && node.plus) next.push(node.plus)
        }
        nodes = next
      })
      for (const node of nodes) {
        addAll(found, node.values)
        // "#" matches its parent level, too (section 4.7.1.2).
        addAll(found, node.below)
      }
      return found
    },
  }
}

function emptyNode<T>(): Node<T> {
  return { children: undefined, plus: undefined, values: undefined, below: undefined }
}

function descend<T>(node: Node<T>, level: string): Node<T> | undefined {
  return level === '+' ? node.plus : node.children?.get(level)
}

function grow<T>(node: Node<T>, level: string): Node<T> {
  const next = emptyNode<T>()
  if (level === '+') {
    node.plus = next
  } else {
    node.children ??= new Map()
    node.children.set(level, next)
  }
  return next
}

/** Takes nodes away that hold nothing any more, from the end of a path upwards. */
function prune<T>(path: readonly Node<T>[], levels: readonly string[]): void {
  for (let i = path.length - 1; i > 0; i--) {
    const { children, plus, values, below } = path[i]!
    if (children?.size || plus || values?.size || below?.size) return
    const parent = path[i - 1]!
    if (levels[i - 1] === '+') parent.plus = undefined
    else parent.children?.delete(levels[i - 1]!)
  }
}

function endsWithHash(levels: readonly string[]): boolean {
  return levels.at(-1) === '#'
}

function addAll<T>(found: Set<T>, values: ReadonlySet<T> | undefined): void {
  if (values) for (const value of values) found.add(value)
}
