/**
 * `devicehub devices labels RESULT`: a sheet of labels to be printed, with the logins of a bulk run.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { loadPackage } from '../../../src/base/load-package.ts'
import { CommandFailure, exitCode } from '../failure.ts'
import { print, printError } from '../output.ts'
import { writePrivate } from './private-file.ts'
import { grouped } from './progress.ts'
import { resultsOf } from './result-file.ts'

/** The options of the verb. */
export interface LabelsOptions {
  readonly output: string
  readonly force?: boolean
}

/** A browser shows no more of them in a while that somebody waits. */
const MAX_LABELS = 10_000

const HEAD = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Labels</title>
<style>
  @page { margin: 10mm }
  body { margin: 0; font: 9pt/1.3 sans-serif }
  main { display: grid; grid-template-columns: repeat(auto-fill, 62mm); gap: 2mm }
  section { display: grid; grid-template-columns: 26mm 1fr; gap: 2mm; padding: 2mm;
    border: 0.2mm solid #999; break-inside: avoid; overflow-wrap: anywhere; align-items: center }
  svg { width: 26mm; height: 26mm; display: block }
  b { display: block; font-size: 11pt }
</style>
<main>
`

/**
 * Runs the verb: writes one label for each device that the run has put on record.
 *
 * @throws {CommandFailure} If the file is no result, or has too many, or the sheet cannot be written.
 */
export async function printLabels(
  file: string,
  { output, force = false }: LabelsOptions,
): Promise<void> {
  if (!existsSync(file))
    throw new CommandFailure(exitCode.misused, `${file}: there is no such file`)
  const { renderSVG } = await loadPackage('uqr', () => import('uqr'))
  let count = 0
  let without = 0
  await writePrivate(output, force, async (add) => {
    add(HEAD)
    for await (const { result, type, id, username, password } of resultsOf(file)) {
      if (result !== 'added') continue
      count += 1
      if (count > MAX_LABELS) {
        const problem = `${file} has more than ${grouped(MAX_LABELS)} devices: split it`
        throw new CommandFailure(exitCode.failed, problem)
      }
      if (password === undefined) without += 1
      const login = JSON.stringify({ type, id, username, password })
      const code = renderSVG(login, { ecc: 'M', border: 4 })
      add(
        `<section>${code}<div><b>${escaped(id)}</b>${escaped(type)}<br>${escaped(username)}</div></section>\n`,
      )
    }
    add('</main>\n</html>\n')
  })
  await print(`${output}: ${grouped(count)} labels`)
  if (without > 0)
    await printError(
      `devicehub: ${grouped(without)} of them without a password: they have their own`,
    )
}

function escaped(text = ''): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
