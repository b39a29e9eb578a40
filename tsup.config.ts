// deno.json is the one list of entry points: npm's build reads the same map that Deno does, and
// test/package/exports.node.test.ts checks that package.json says the same.
import { readFileSync } from 'node:fs'
import { defineConfig, type Options } from 'tsup'

const sources: Record<string, string> = JSON.parse(readFileSync('deno.json', 'utf8')).exports

const options: Options = {
  entry: {
    ...Object.fromEntries(
      Object.entries(sources).map(([key, file]) => [key === '.' ? 'index' : key.slice(2), file]),
    ),
    // The command: a program, not an entry point to import.
    bin: 'adapters/cli/main.ts',
  },
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  splitting: true, // entries share chunks, so there is one copy of each error class
  sourcemap: false, // the built code is not minified, so it is read as it is
  // `node:net` is no package on any runtime, and `net` may be one.
  removeNodeProtocol: false,
  external: [/^node:/],
  clean: true,
  // tsup sets `baseUrl` for its declaration build, which TypeScript 6 reports as deprecated.
  dts: {
    compilerOptions: { ignoreDeprecations: '6.0' },
    // For programs that are compiled for a version of the language without \`await using\`.
    banner: '/// <reference lib="esnext.disposable" />',
  },
}

export default defineConfig(options) as Options
