/**
 * Makes mutants: copies of a source file with one small change each.
 *
 * A test suite that passes on a mutant does not notice that change. A general tool for this would
 * start the whole test command anew for each mutant; what is mutated here is a few files, and what
 * can notice it a few more, so a list of our own takes minutes and explains each mutant by a name
 * that stays when lines move.
 *
 * @module
 */
import ts from 'typescript'
import { type Edit, editsOf, isSilent } from './edits.ts'

const SHORT = 40
const LONG = 80

/** A source file with one small change. */
export interface Mutant {
  /** The file, relative to the root. */
  readonly file: string
  /** The line of the change, from 1. */
  readonly line: number
  /** The first and the last line within the function that it is in; `undefined` if it is in none. */
  readonly body: readonly [first: number, last: number] | undefined
  /** Where and what, in a form that does not change when other lines do. No two have the same. */
  readonly key: string
  /** The whole text of the changed file. */
  readonly text: string
}

/** Every mutant of a file, in the order of its text. */
export function mutantsOf(file: string, text: string): readonly Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const mutants: Mutant[] = []
  const texts = new Set([text])
  const uses = new Map<string, number>()

  function add(edit: Edit): void {
    const changed = text.slice(0, edit.start) + edit.text + text.slice(edit.end)
    // Two ways to the same text are one mutant.
    if (texts.has(changed)) return
    texts.add(changed)
    const key = `${file} ${placeOf(edit.shown)}: ${describe(edit, source)}`
    const use = (uses.get(key) ?? 0) + 1
    uses.set(key, use)
    mutants.push({
      file,
      line: lineAt(edit.start, source),
      body: bodyOf(edit.shown, source),
      key: use === 1 ? key : `${key} (${use})`,
      text: changed,
    })
  }

  function visit(node: ts.Node): void {
    if (isSilent(node)) return
    for (const edit of editsOf(node, source)) add(edit)
    ts.forEachChild(node, visit)
  }

  visit(source)
  return mutants
}

/** What is wrong with the syntax of texts, a line each. */
export function findSyntaxErrors(texts: readonly string[]): readonly string[] {
  const files = new Map(texts.map((text, i) => [`${i}.ts`, text]))
  const host: ts.CompilerHost = {
    ...ts.createCompilerHost({}),
    fileExists: (name) => files.has(name),
    getSourceFile: (name, target) => {
      const text = files.get(name)
      return text === undefined ? undefined : ts.createSourceFile(name, text, target)
    },
  }
  const options = { noLib: true, noResolve: true, types: [] }
  const program = ts.createProgram([...files.keys()], options, host)
  return program.getSyntacticDiagnostics().map(({ file, messageText }) => {
    return `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}

/** From 1. */
function lineAt(position: number, source: ts.SourceFile): number {
  return source.getLineAndCharacterOfPosition(position).line + 1
}

function bodyOf(node: ts.Node, source: ts.SourceFile): Mutant['body'] {
  const made = ts.findAncestor(node, ts.isFunctionLike)
  if (!made) return undefined
  const [start, end] = [lineAt(made.getStart(source), source), lineAt(made.end, source)]
  // Its first line runs where it is made, too.
  return [Math.min(start + 1, end), end]
}

function describe({ start, end, text, shown }: Edit, source: ts.SourceFile): string {
  const from = shown.getStart(source)
  const code = shown.getText(source)
  const before = onOneLine(code)
  const after = onOneLine(code.slice(0, start - from) + text + code.slice(end - from))
  // A change within is shown whole, for what differs may be at its end.
  const cut = after.length < SHORT && before.length > LONG ? `${before.slice(0, LONG)}…` : before
  return `${cut} -> ${after}`
}

function onOneLine(code: string): string {
  return code.replaceAll(/\/\/.*$/gm, '').replaceAll(/\s+/g, ' ')
}

/** The names of the functions, classes and constants that a node stands in, outermost first. */
function placeOf(node: ts.Node): string {
  const names: string[] = []
  for (let at = node; !ts.isSourceFile(at); at = at.parent) {
    const name = isScope(at) ? at.name : undefined
    if (name && ts.isMemberName(name)) names.unshift(name.text)
  }
  return names.join('.') || 'module'
}

function isScope(node: ts.Node): node is ts.NamedDeclaration {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isGetAccessor(node) ||
    ts.isClassDeclaration(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isVariableDeclaration(node)
  )
}
