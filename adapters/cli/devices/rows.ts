/**
 * The devices of a file, read as it goes: CSV or JSON lines.
 *
 * @module
 */
import { createReadStream } from 'node:fs'
import { loadPackage } from '../../../src/base/load-package.ts'
import { CommandFailure, exitCode } from '../failure.ts'
import { MAX_LINE_BYTES, readLines } from './lines.ts'
import { type Row, rowOf, rowOfCells, unknownName } from './row.ts'

/** How a file is written. */
export type Format = 'csv' | 'jsonl'

/** A line of a file, and how far it has been read. */
export type ReadRow = Row & {
  /** Bytes up to its end. */
  readonly end: number
}

/** What `csv-parse` tells of a record. */
interface CsvRecord {
  readonly record: readonly string[]
  readonly info: { readonly bytes: number; readonly lines: number }
}

/** How a file is written, by its name. @throws {CommandFailure} If that does not say it. */
export function formatOf(file: string, asked: Format | undefined): Format {
  if (asked !== undefined) return asked
  if (/\.csv$/i.test(file)) return 'csv'
  if (/\.(jsonl|ndjson|json)$/i.test(file)) return 'jsonl'
  const problem = `${file}: say how it is written by --format csv or --format jsonl`
  throw new CommandFailure(exitCode.misused, problem)
}

/**
 * Reads the devices of a file. A line that is none says so, and those behind it are read.
 *
 * @param type The type of the devices that name none.
 * @throws {CommandFailure} If the first line shows that it is something else.
 */
export function readRows(
  file: string,
  format: Format,
  type: string | undefined,
): AsyncGenerator<ReadRow, void> {
  return format === 'csv' ? readCsv(file, type) : readJsonLines(file, type)
}

async function* readJsonLines(
  file: string,
  type: string | undefined,
): AsyncGenerator<ReadRow, void> {
  for await (const { number: line, text, end } of readLines(file)) {
    if (text === undefined) {
      yield { line, problem: `is longer than ${MAX_LINE_BYTES} bytes`, end }
      continue
    }
    if (text.trim() === '') continue
    if (line === 1 && text.startsWith('[')) {
      throw wrongFile(
        file,
        'is a JSON array: write an object for each device, on a line of its own',
      )
    }
    yield { ...readObject(line, text, type), end }
  }
}

/** What is wrong with a line does not repeat it: it may hold a hash. */
function readObject(line: number, text: string, type: string | undefined): Row {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { line, problem: 'is no JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { line, problem: 'must be a JSON object' }
  }
  return rowOf(line, value as Record<string, unknown>, type)
}

/**
 * A quote that is misplaced, or not closed, turns what follows inside out. So reading begins anew behind
 * the line that has it.
 */
async function* readCsv(file: string, type: string | undefined): AsyncGenerator<ReadRow, void> {
  let columns: readonly string[] | undefined
  let from = 0
  let before = 0
  for (;;) {
    let odd: number | undefined
    const at = { from, before }
    const onSkip = (line: number) => {
      odd ??= at.before + line
    }
    for await (const { record, info } of await parseCsv(file, from, onSkip)) {
      const line = at.before + info.lines
      if (odd !== undefined && line >= odd) break
      from = at.from + info.bytes
      before = line
      if (!columns) {
        columns = readHeader(file, record)
        continue
      }
      yield { ...rowOfCells(line, columns, record, type), end: from }
    }
    if (odd === undefined) return
    const skipped = await firstFilled(file, from, before)
    if (!skipped) return
    if (!columns) throw wrongFile(file, 'the first line has a quote that is misplaced')
    from = skipped.end
    before = skipped.number
    yield { line: before, problem: 'has a quote that is misplaced or not closed', end: from }
  }
}

async function firstFilled(file: string, from: number, before: number) {
  for await (const line of readLines(file, from, before)) {
    if (line.text?.trim() !== '') return line
  }
  return undefined
}

/** @param onSkip Told the line, from 1, of a record that cannot be read: after it nothing can. */
async function parseCsv(
  file: string,
  from: number,
  onSkip: (line: number) => void,
): Promise<AsyncIterable<CsvRecord>> {
  const { parse } = await loadPackage('csv-parse', () => import('csv-parse'))
  const input = createReadStream(file, { start: from })
  const parser = parse({
    bom: true,
    info: true,
    max_record_size: MAX_LINE_BYTES,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip(error) {
      onSkip((error as unknown as { readonly lines: number } | undefined)?.lines ?? 0)
      return undefined
    },
  })
  input.on('error', (error) => parser.destroy(error))
  parser.on('close', () => input.destroy())
  return input.pipe(parser) as unknown as AsyncIterable<CsvRecord>
}

function readHeader(file: string, names: readonly string[]): readonly string[] {
  const columns = names.map((name) => name.trim())
  const unknown = unknownName(columns, true)
  if (unknown !== undefined) {
    const known = 'type, id, username, passwordHash, revoked, attributes.NAME, clientIds and rules'
    throw wrongFile(file, `the first line names the columns: there is ${known}`)
  }
  const twice = columns.find((name, i) => columns.indexOf(name) !== i)
  if (twice !== undefined) throw wrongFile(file, `the column "${twice}" is there twice`)
  if (!columns.includes('id') && !columns.includes('device_id')) {
    throw wrongFile(file, 'has no column "id"')
  }
  return columns
}

function wrongFile(file: string, problem: string): CommandFailure {
  return new CommandFailure(exitCode.misused, `${file}: ${problem}`)
}
