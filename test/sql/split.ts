/**
 * A file of SQL as its statements, cut where wrangler cuts it before it hands them to D1 one by one
 * (workers-sdk, `packages/wrangler/src/d1/splitter.ts`): behind each semicolon that stands neither in a
 * text, a comment or a dollar quotation, nor between a `BEGIN` in capitals and the next such `END`.
 *
 * @module
 */

/** What is taken whole, in this order; anything else is one character. */
const TOKEN =
  /'(?:[^']|'')*'|"[^"]*"|`[^`]*`|--[^\n]*\n?|\/\*[\s\S]*?\*\/|(\$\w*\$)[\s\S]*?\1|(?<=\s)(?:BEGIN(?=\s)|END(?=[;\s]))|[\s\S]/g

/** The statements, without their semicolons. */
export function splitStatements(text: string): readonly string[] {
  const statements: string[] = []
  let statement = ''
  let depth = 0
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === 'BEGIN') depth++
    if (token === 'END' && depth > 0) depth--
    if (token === ';' && depth === 0) {
      statements.push(statement.trim())
      statement = ''
    } else statement += token
  }
  return [...statements, statement.trim()].filter((one) => one !== '')
}
