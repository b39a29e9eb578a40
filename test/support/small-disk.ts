/**
 * A disk of a PostgreSQL that is soon full: a file system in memory, which root alone can mount.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import pg from 'pg'
import type { Postgres } from './postgres.ts'

/** Why there is none, or `false`. */
export const smallDiskMissing: string | false = findMissing()

function findMissing(): string | false {
  if (process.getuid?.() !== 0) return 'only root mounts a small disk'
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-disk-'))
  const mounted = mount(folder)
  if (mounted) spawnSync('umount', [folder])
  rmSync(folder, { recursive: true })
  return mounted ? false : 'no small disk can be mounted here'
}

function mount(folder: string): boolean {
  const options = 'size=4m,mode=700,uid=postgres'
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status === 0
}

/** See {@link smallDisk}. */
export interface SmallDisk extends AsyncDisposable {
  /** Of connections whose new tables are on it. */
  readonly url: string
  /** Leaves no room on it. */
  fill(): Promise<void>
  /** Makes room again. */
  empty(): Promise<void>
}

/** A disk of 4 MiB, with a schema of its own. */
export async function smallDisk({ url }: Postgres): Promise<SmallDisk> {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-disk-'))
  if (!mount(folder)) throw new Error('It cannot be mounted')
  const client = new pg.Client(url)
  await client.connect()
  await client.query(`CREATE TABLESPACE small LOCATION '${folder}'`)
  await client.query('CREATE SCHEMA small')
  const options = encodeURIComponent('-c default_tablespace=small -c search_path=small')
  return {
    url: `${url}?options=${options}`,
    async fill() {
      await client.query('CREATE TABLE small.filler (text TEXT) TABLESPACE small')
      const text = 'INSERT INTO small.filler SELECT repeat($1, 1000) FROM generate_series(1, $2)'
      for (const count of [1_000, 100, 10, 1]) {
        for (;;) {
          try {
            await client.query(text, [count, count])
          } catch (error) {
            if ((error as { code?: unknown }).code === '53100') break // disk_full
            throw error
          }
        }
      }
    },
    async empty() {
      await client.query('DROP TABLE small.filler')
    },
    async [Symbol.asyncDispose]() {
      await client.query('DROP SCHEMA small CASCADE')
      await client.query('DROP TABLESPACE small')
      await client.end()
      spawnSync('umount', ['-l', folder])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
