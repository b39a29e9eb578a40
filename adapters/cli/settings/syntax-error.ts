/**
 * Syntax errors in the user's modules, as the runtimes and whatever transpiles for them report
 * them.
 *
 * @module
 */
import { basename } from 'node:path'

/** What is in front of the words of a parser, where the error is none of the language's own. */
const PARSER = /^(SyntaxError|ParseError|Transform failed)\b/

/** One finding of Bun's bundler. */
interface Finding {
  readonly position?: { readonly file: string; readonly line: number } | null
}

/**
 * That and where there is a syntax error, or `undefined` if the error is another one. The words of
 * the parser are not repeated: they quote the source, which may hold a password.
 */
export function describeSyntaxError(error: unknown): string | undefined {
  if (!(error instanceof Error || isFinding(error))) return undefined
  const [first] = error instanceof AggregateError ? error.errors : [error]
  if (isFinding(first)) {
    return describe(first.position ? `${first.position.file}:${first.position.line}` : undefined)
  }
  if (!(error instanceof SyntaxError) && !PARSER.test(error.message)) return undefined
  return describe(/\/[^\s:]+:\d+/.exec(error.message)?.[0])
}

function isFinding(error: unknown): error is Finding & { readonly message: string } {
  return typeof error === 'object' && error !== null && 'position' in error
}

function describe(place: string | undefined): string {
  return place === undefined ? 'has a syntax error' : `has a syntax error at ${basename(place)}`
}
