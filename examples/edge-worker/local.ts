/**
 * Runs workers in workerd, the runtime of Cloudflare Workers, as their wrangler.jsonc says: with a
 * database in memory, and secrets from the environment.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'

/** What is read of a wrangler.jsonc. */
interface Config {
  readonly name: string
  readonly main: string
  readonly compatibility_date: string
  readonly compatibility_flags?: readonly string[]
  readonly vars?: Readonly<Record<string, string>>
  readonly d1_databases?: readonly {
    readonly binding: string
    readonly database_id: string
    readonly migrations_dir: string
  }[]
  readonly durable_objects?: {
    readonly bindings: readonly { readonly name: string; readonly class_name: string }[]
  }
}

/**
 * Runs the workers of some folders until Ctrl-C, the first on `PORT` of the environment, or 8000, and each
 * on the port behind. Settles with where they listen. They share databases by their ids.
 *
 * @param names Names of secrets.
 */
export async function runWorkers(
  folders: readonly URL[],
  names: readonly string[],
): Promise<readonly URL[]> {
  const port = Number(process.env.PORT ?? 8000)
  const workers = await Promise.all(
    folders.map(async (folder, i) => {
      const config = read(folder)
      const directSockets = [{ host: '127.0.0.1', port: port + i }]
      return { ...(await optionsOf(folder, config, names)), unsafeDirectSockets: directSockets }
    }),
  )
  const workerd = new Miniflare({ host: '127.0.0.1', port: 0, workers })
  const stop = () => void workerd.dispose().then(() => process.exit(0))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  await workerd.ready
  await migrate(workerd, folders[0]!)
  return Promise.all(workers.map(({ name }) => workerd.unsafeGetDirectURL(name)))
}

const pathIn = (folder: URL, file: string) => fileURLToPath(new URL(file, folder))

function read(folder: URL): Config {
  return JSON.parse(readFileSync(pathIn(folder, 'wrangler.jsonc'), 'utf8'))
}

async function optionsOf(folder: URL, config: Config, names: readonly string[]) {
  const out = pathIn(folder, 'dist')
  await build({
    entryPoints: { worker: pathIn(folder, config.main) },
    outdir: out,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'warning',
  })
  const { name, vars = {}, d1_databases = [], durable_objects = { bindings: [] } } = config
  const given = [...Object.keys(vars), ...names].flatMap((one) => {
    const value = process.env[one]
    return value === undefined ? [] : [[one, value] as const]
  })
  return {
    name,
    modules: [{ type: 'ESModule' as const, path: `${out}/worker.js` }],
    modulesRoot: out,
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: [...(config.compatibility_flags ?? [])],
    bindings: { ...vars, ...Object.fromEntries(given) },
    d1Databases: Object.fromEntries(d1_databases.map((one) => [one.binding, one.database_id])),
    durableObjects: Object.fromEntries(
      durable_objects.bindings.map((one) => [
        one.name,
        { className: one.class_name, useSQLite: true },
      ]),
    ),
  }
}

/** As `wrangler d1 migrations apply` does it. */
async function migrate(workerd: Miniflare, folder: URL): Promise<void> {
  for (const { binding, migrations_dir } of read(folder).d1_databases ?? []) {
    const database = await workerd.getD1Database(binding)
    for (const file of readdirSync(pathIn(folder, migrations_dir)).sort()) {
      const path = pathIn(folder, `${migrations_dir}/${file}`)
      await database.prepare(readFileSync(path, 'utf8')).run()
    }
  }
}
