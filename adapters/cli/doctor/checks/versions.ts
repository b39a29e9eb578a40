/**
 * Whether what runs is what devicehub was made for.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { VERSION } from '../../version.ts'
import type { Report } from '../report.ts'

/** The packages that are driven: the major version, and the first minor one. */
export const DRIVEN: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  mqtt: [5, 16],
  hono: [4, 6],
}

/** Makes the check. */
export async function checkVersions(report: Report): Promise<void> {
  await report.check('versions', 'versions', (found) => {
    const own = installed('devicehub')
    if (own !== undefined && own !== VERSION) {
      found(
        'version-other',
        `devicehub ${own} is installed here, and this is ${VERSION}`,
        'run the one that is installed: npx devicehub doctor',
      )
    }
    for (const [name, [major, minor]] of Object.entries(DRIVEN)) {
      const version = installed(name)
      const [first = 0, second = 0] = version?.split('.').map(Number) ?? [major, minor]
      if (first === major && second >= minor) continue
      found(
        'package-version',
        `${name} ${version} is installed here, and devicehub drives ${major}.${minor} or a later ${major}`,
        `npm install ${name}@${major}`,
      )
    }
  })
}

/** The version that a program in this folder would get; `undefined` if none. */
function installed(name: string): string | undefined {
  try {
    const here = createRequire(join(process.cwd(), 'package.json'))
    const { version } = JSON.parse(readFileSync(here.resolve(`${name}/package.json`), 'utf8'))
    return typeof version === 'string' ? version : undefined
  } catch {
    return undefined
  }
}
