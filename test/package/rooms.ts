/**
 * The rooms of the core: the order in which its folders stand on each other, and what breaks it.
 *
 * @module
 */
import { isFile, readImports } from './imports.ts'

/** The folders of `src/` from the ground. What is no folder, `index.ts`, stands above all of them. */
export const FLOORS: readonly string[] = [
  'base',
  'topic',
  'rule',
  'device',
  'credential',
  'fleet',
  'broker',
  'product',
  'presence',
  'hub',
]

/** Files of the core with their sources. */
export type Sources = Readonly<Record<string, string>>

/** The imports that lead to a floor above the one they stand on, in words. */
export function upwardImports(sources: Sources): readonly string[] {
  return arrowsOf(sources)
    .filter(([file, target]) => floorOf(target) > floorOf(file))
    .map(([file, target]) => `${file} -> ${target}`)
}

/** The files that import each other in a circle, each circle as one list. */
export function importCircles(sources: Sources): readonly (readonly string[])[] {
  const targets = new Map(Object.keys(sources).map((file) => [file, [] as string[]]))
  for (const [file, target] of arrowsOf(sources)) targets.get(file)?.push(target)
  const reached = new Map([...targets.keys()].map((file) => [file, reach(file, targets)]))
  const circles = new Map<string, readonly string[]>()
  for (const [file, behind] of reached) {
    if (!behind.has(file)) continue
    const circle = [...behind].filter((other) => reached.get(other)?.has(file)).sort()
    circles.set(circle.join(' '), circle)
  }
  return [...circles.values()]
}

/** The folders that stand on no floor. */
export function homelessFolders(sources: Sources): readonly string[] {
  const folders = Object.keys(sources).flatMap((file) => roomOf(file) ?? [])
  return [...new Set(folders)].filter((room) => !FLOORS.includes(room))
}

function arrowsOf(sources: Sources): readonly (readonly [file: string, target: string])[] {
  return Object.entries(sources).flatMap(([file, source]) =>
    readImports(file, source)
      .filter(({ target }) => isFile(target))
      .map(({ target }) => [file, target] as const),
  )
}

/** All files that can be reached from one by at least one import. */
function reach(file: string, targets: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const found = new Set(targets.get(file)) // Grows while it is walked.
  for (const next of found) for (const target of targets.get(next) ?? []) found.add(target)
  return found
}

function roomOf(file: string): string | undefined {
  const [, room, ...rest] = file.split('/')
  return rest.length > 0 ? room : undefined
}

function floorOf(file: string): number {
  const room = roomOf(file)
  return room === undefined ? FLOORS.length : FLOORS.indexOf(room)
}
