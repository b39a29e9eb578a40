/**
 * A recorded exchange: a request exactly as a broker sends it, and the exact answer.
 *
 * @module
 */

export interface Row {
  readonly title: string
  /** Below the mount, with the secret where the broker puts it. */
  readonly path: string
  /** Default: `POST`. */
  readonly method?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly answer: {
    readonly status: number
    readonly body: string
    /** The `content-type`. Default: not looked at. */
    readonly type?: string
    /** Further headers by lower-case name; one that is `null` must not be there. Default: none. */
    readonly headers?: Readonly<Record<string, string | null>>
  }
}
