/**
 * Which view is shown: it stands in the fragment of the address, so that it can be kept, sent, and gone back
 * to.
 *
 * @module
 */
import { signal } from '@preact/signals'

/** A view, and what narrows it. */
export interface Route {
  /** Its parts, such as `devices`, `pump`, `PUMP-1`. */
  readonly path: readonly string[]
  readonly query: Readonly<Record<string, string>>
}

/** What is shown now. */
export const route = signal<Route>(read())

addEventListener('hashchange', () => {
  route.value = read()
})

function read(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?')
  return {
    path: path.split('/').filter(Boolean).map(decode),
    query: Object.fromEntries(new URLSearchParams(query)),
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part // Typed by hand.
  }
}

/** The address of a view. What is empty or `undefined` is left out of its query. */
export function linkTo(
  path: readonly string[],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(query).filter((each): each is [string, string] => !!each[1])
  const search = new URLSearchParams(given).toString()
  return `#/${path.map(encodeURIComponent).join('/')}${search && `?${search}`}`
}

/**
 * Shows another view.
 *
 * @param replace Whether going back leads to what was before this one.
 */
export function go(link: string, replace = false): void {
  if (!replace) {
    location.hash = link
    return
  }
  history.replaceState(null, '', link)
  route.value = read()
}
