// The API reference, made from the docstrings into reference/: npm run reference. An export, or a
// method of one, without a docstring is an error there, and so is a link in one that leads nowhere.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('.', import.meta.url))
/** The one list of entry points: what each is imported as, and its file. */
const entries = Object.entries(JSON.parse(readFileSync(`${root}deno.json`, 'utf8')).exports)

/** Calls each module what it is imported as, in the place of its folder. */
function nameModules({ converter }) {
  const names = new Map(
    entries.map(([key, file]) => [file.slice(2, -'/index.ts'.length), `devicehub${key.slice(1)}`]),
  )
  converter.on('resolveBegin', ({ project }) => {
    for (const module of project.children) module.name = names.get(module.name)
  })
}

/** @type {import('typedoc').TypeDocOptions} */
export default {
  name: 'devicehub',
  entryPoints: entries.map(([, file]) => root + file.slice(2)),
  tsconfig: `${root}tsconfig.json`,
  out: `${root}reference`,
  readme: 'none',
  // Without what a reader does not need, and what changes with each commit.
  disableSources: true,
  plugin: [nameModules],
  validation: { notExported: true, invalidLink: true, notDocumented: true },
  requiredToBeDocumented: [
    'Module',
    'Function',
    'Method',
    'Class',
    'Interface',
    'TypeAlias',
    'Variable',
    'Enum',
  ],
  // Types of what is public that nobody has to name.
  intentionallyNotExported: ['MaybePromise', 'ValueOf'],
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
}
