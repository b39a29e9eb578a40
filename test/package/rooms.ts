/**
 * The rooms of the core: the order in which its folders stand on each other, and what breaks it.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isFile, readImports } from './imports.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The folders of `src/` from the ground. What is no folder, `index.ts`, stands above all of them. */
export const FLOORS: readonly string[] = [
  'base',
  'topic',
  'packet',
  'server',
  'rule',
  'device',
  'credential',
  'fleet',
  'broker',
  'client',
  'message',
  'command',
  'watch',
  'product',
  'presence',
  'hub',
  'testing',
]

/** Files with their sources. */
export type Sources = Readonly<Record<string, string>>

/** All files of some folders at the root of the repository. */
export function readSources(...folders: readonly string[]): Sources {
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
  )
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]))
}

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

/**
 * The arrows between rooms, adapters among them, as a drawing has them: without those that a longer way
 * makes needless. Sorted.
 */
export function drawnArrows(sources: Sources): readonly string[] {
  const targets = new Map<string, string[]>()
  for (const [file, target] of arrowsOf(sources)) {
    const [from, to] = [roomOf(file), roomOf(target)]
    if (from === undefined || to === undefined || from === to) continue
    targets.set(from, [...(targets.get(from) ?? []), to])
  }
  return [...targets]
    .flatMap(([from, rooms]) =>
      [...new Set(rooms)]
        .filter((to) => !rooms.some((between) => reach(between, targets).has(to)))
        .map((to) => `${from} --> ${to}`),
    )
    .sort()
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

/** All that can be reached from a file, or a room, by at least one arrow. */
function reach(from: string, targets: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const found = new Set(targets.get(from)) // Grows while it is walked.
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
