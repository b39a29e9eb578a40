/**
 * Whether a request comes from a page of another origin.
 *
 * @module
 */

/**
 * A browser sends cookies along with what pages of other origins make it send. It says so, and no page can
 * keep it from that (Fetch Metadata; before it the `Origin` of the Fetch Standard). Whoever is no browser
 * says neither.
 */
export function isForeignPage({ headers, url }: Request): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== null) return site !== 'same-origin' && site !== 'none'
  const origin = headers.get('origin')
  return origin !== null && hostOf(origin) !== (headers.get('host') ?? new URL(url).host)
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host
  } catch {
    // Such as "null".
    return undefined
  }
}
