/**
 * The files of a page that describes a set-up.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { allBlocks, fileName } from '../support/markdown.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The blocks of a page that name themselves in their first line. */
export function filesOf(page: string): ReadonlyMap<string, string> {
  return new Map(
    allBlocks(readFileSync(join(root, 'docs', page), 'utf8')).flatMap(({ source }) => {
      const name = fileName(source)
      return name ? [[name, source] as const] : []
    }),
  )
}

/** Why units cannot be looked at here, or `false`. */
export const systemdMissing: string | false = spawnSync('systemd-analyze', ['--version'], {
  timeout: 30_000,
}).error
  ? 'no systemd-analyze here'
  : false

/** What systemd finds wrong with units: lines about them alone, and not about others of this machine. */
export function findUnitProblems(units: Readonly<Record<string, string>>): readonly string[] {
  const place = mkdtempSync(join(tmpdir(), 'devicehub-units-'))
  try {
    for (const [name, text] of Object.entries(units)) {
      // What the page installs is not here.
      const there = text.replaceAll(/^(Exec\w+=)\/(?:srv|usr)\S+/gm, '$1/bin/true')
      writeFileSync(join(place, name), there.replaceAll(/^Requires=docker.service\n/gm, ''))
    }
    const paths = Object.keys(units).map((name) => join(place, name))
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], {
      encoding: 'utf8',
      timeout: 60_000,
    })
    return `${stdout}${stderr}`.split('\n').filter((line) => line.includes(place))
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}
