/** The parts of packages without types of their own that benches use. */

declare module 'qlobber' {
  interface QlobberOptions {
    readonly separator: string
    readonly wildcard_one: string
    readonly wildcard_some: string
    readonly match_empty_levels: boolean
  }
  class Qlobber<T> {
    constructor(options: QlobberOptions)
    add(filter: string, value: T): this
    match(topic: string): T[]
  }
  class QlobberDedup<T> {
    constructor(options: QlobberOptions)
    add(filter: string, value: T): this
    match(topic: string): Set<T>
  }
}
