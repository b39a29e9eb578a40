/**
 * What a page of Markdown holds besides prose: blocks of code, and tables.
 *
 * @module
 */

/** A block of code. */
export interface CodeBlock {
  readonly source: string
  /** The `text` block right after it, if there is one: what it prints. */
  readonly printed: string | undefined
  /** Where its first line stands, counted from 1. */
  readonly line: number
}

/** The blocks that begin with a language, such as `ts`, and nothing behind it, in their order. */
export function codeBlocks(markdown: string, language: string): readonly CodeBlock[] {
  const fenced = '([\\s\\S]*?)^```$'
  const block = new RegExp(`^\`\`\`${language}\\n${fenced}(?:\\n\\n\`\`\`text\\n${fenced})?`, 'gm')
  return [...markdown.matchAll(block)].map((match) => {
    const [, source = '', printed] = match
    return { source, printed, line: markdown.slice(0, match.index).split('\n').length + 1 }
  })
}

/** What the first line calls the file: `// fleet.ts`, or `# mosquitto.conf`. */
export function fileName(source: string): string | undefined {
  return /^(?:\/\/|#) (\S+\.\w+)\n/.exec(source)?.[1]
}

/** Any block of a page. */
export interface Block {
  /** Empty where the block names none. */
  readonly language: string
  readonly source: string
  /** Whether it stands right below another block, with no prose between. */
  readonly follows: boolean
}

/** All blocks, in their order. */
export function allBlocks(markdown: string): readonly Block[] {
  const blocks: Block[] = []
  let last = -1
  for (const match of markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)) {
    const [all, language = '', source = ''] = match
    const follows = last >= 0 && markdown.slice(last, match.index).trim() === ''
    blocks.push({ language, source, follows })
    last = match.index + all.length
  }
  return blocks
}

/** The rows of a table, each its cells by the titles of their columns. */
export type Table = readonly Readonly<Record<string, string>>[]

/** The table that begins with some titles. */
export function readTable(markdown: string, ...titles: readonly string[]): Table {
  const lines = markdown.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${titles.join(' | ')} |`))
  if (start < 0) throw new Error(`No table begins with ${titles.join(', ')}`)
  const [head = [], , ...rows] = lines
    .slice(start, lines.indexOf('', start))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()))
  return rows.map((row) => Object.fromEntries(head.map((title, i) => [title, row[i] ?? ''])))
}

/** What stands in a line as code. */
export function codeSpans(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}
