/**
 * A package registry on this machine: it has the packages that are installed here, at the versions
 * of `package-lock.json`, and one of the test's own. So a package manager installs what it would for
 * a user, and needs no network.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const root = fileURLToPath(new URL('../..', import.meta.url))
const locked: Readonly<Record<string, Manifest>> = JSON.parse(
  readFileSync(join(root, 'package-lock.json'), 'utf8'),
).packages

/** What a lock file and a registry say of one version of a package. */
export interface Manifest {
  /** In a lock file only where the folder has another name. */
  readonly name?: string
  readonly version: string
}

/** One version of a package. */
interface Release {
  readonly manifest: Manifest
  /** `undefined` where it is not installed, such as a program for another platform. */
  readonly tarball: Buffer | undefined
}

/** A running registry. */
export interface Registry {
  readonly url: string
  stop(): Promise<void>
}

/**
 * Starts a registry on 127.0.0.1. Settles when it listens.
 *
 * @param name Of a package that it has beside those installed, with its `package.json` and the path
 *   of its tarball.
 */
export async function startRegistry(
  name: string,
  manifest: Manifest,
  tarball: string,
): Promise<Registry> {
  const known = new Map([[name, [{ manifest, tarball: readFileSync(tarball) } as Release]]])
  const server = createServer(({ url = '', headers }, response) => {
    const path = /^\/((?:@[^/]+\/)?[^/]+)(?:\/-\/(.+)\.tgz)?$/
    const [, name = '', version] = path.exec(decodeURIComponent(url)) ?? []
    const releases = known.get(name) ?? installedReleases(name)
    known.set(name, releases)
    const body =
      version === undefined
        ? describePackage(name, releases, `http://${headers.host}`)
        : releases.find(({ manifest }) => manifest.version === version)?.tarball
    response.writeHead(body ? 200 : 404).end(body ?? '{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** The versions of a package that are installed, the one that most is installed beside first. */
function installedReleases(name: string): Release[] {
  return Object.entries(locked)
    .filter(([path, manifest]) => (manifest.name ?? path.split('node_modules/').at(-1)) === name)
    .sort(([a], [b]) => a.length - b.length)
    .map(([path, manifest]) => ({ manifest, tarball: packFolder(join(root, path)) }))
}

/** A folder as a tarball, without the packages that are installed in it. */
function packFolder(folder: string): Buffer | undefined {
  if (!existsSync(folder)) return undefined
  const [parent, name] = [dirname(folder), basename(folder)]
  const args = ['-c', '-C', parent, `--exclude=${name}/node_modules`, name]
  const { status, stdout, stderr } = spawnSync('tar', args, { maxBuffer: 2 ** 30 })
  assert.equal(status, 0, `tar ${args.join(' ')}\n${stderr}`)
  return gzipSync(stdout, { level: 1 })
}

/** What a registry answers to the name of a package. */
function describePackage(
  name: string,
  releases: readonly Release[],
  origin: string,
): string | undefined {
  const [latest] = releases
  if (!latest) return undefined
  const versions = releases.map(({ manifest, tarball }) => {
    const integrity = tarball && `sha512-${createHash('sha512').update(tarball).digest('base64')}`
    const dist = { tarball: `${origin}/${name}/-/${manifest.version}.tgz`, integrity }
    return [manifest.version, { ...manifest, name, dist }] as const
  })
  return JSON.stringify({
    name,
    'dist-tags': { latest: latest.manifest.version },
    versions: Object.fromEntries(versions),
    // Long ago: package managers may pass over what was published a moment ago.
    time: Object.fromEntries(versions.map(([version]) => [version, '2020-01-01T00:00:00.000Z'])),
  })
}
