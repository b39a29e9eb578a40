/**
 * The small changes that are tried at one node of a source file, such as `<` in place of `<=` or a
 * guard that is gone. Types and imports are left alone, and so are the sentences of errors.
 *
 * @module
 */
import ts from 'typescript'

/** One change of a file's text. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
  /** What is replaced as a whole, for whoever reads it: the expression around an operator. */
  readonly shown: ts.Node
}

const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '+=': ['-='],
  '-=': ['+='],
  '??=': ['='],
}

const JOINTS: readonly string[] = ['&&', '||', '??']

const METHODS: Readonly<Record<string, string>> = {
  some: 'every',
  every: 'some',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  indexOf: 'lastIndexOf',
  lastIndexOf: 'indexOf',
  min: 'max',
  max: 'min',
}

/** Calls that give a boolean, so that their opposite can be tried. */
const QUESTIONS: readonly string[] = ['includes', 'has', 'isNaN', 'isArray', 'hasOwn', 'test']

/** Every change tried at a node itself, not at what is within it. */
export function editsOf(node: ts.Node, source: ts.SourceFile): readonly Edit[] {
  const replace = (part: ts.Node, text: string, shown: ts.Node = part): Edit => ({
    start: part.getStart(source),
    end: part.end,
    text,
    shown,
  })
  const textOf = (part: ts.Node) => part.getText(source)

  if (ts.isBinaryExpression(node)) {
    const operator = textOf(node.operatorToken)
    // What notices that one side is gone notices "||" in place of "&&", too, and the reverse.
    if (JOINTS.includes(operator)) {
      return [node.left, node.right].map((side) => replace(node, textOf(side)))
    }
    return (OPERATORS[operator] ?? []).map((text) => replace(node.operatorToken, text, node))
  }
  if (ts.isPrefixUnaryExpression(node)) {
    if (node.operator === ts.SyntaxKind.ExclamationToken) {
      return [replace(node, textOf(node.operand))]
    }
    if (node.operator === ts.SyntaxKind.PlusPlusToken) {
      return [replace(node, `--${textOf(node.operand)}`)]
    }
  }
  if (ts.isPostfixUnaryExpression(node)) {
    const opposite = node.operator === ts.SyntaxKind.PlusPlusToken ? '--' : '++'
    return [replace(node, textOf(node.operand) + opposite)]
  }
  if (node.kind === ts.SyntaxKind.TrueKeyword) {
    return isName(node) ? [] : [replace(node, 'false')]
  }
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [replace(node, 'true')]
  if (ts.isNumericLiteral(node)) {
    const value = Number(node.text)
    return [value + 1, value - 1].map((other) => replace(node, String(other)))
  }
  if (ts.isStringLiteral(node)) {
    // What holds a space is a sentence for a reader.
    return node.text.includes(' ') ? [] : [replace(node, wordInPlaceOf(node.text))]
  }
  if (ts.isIfStatement(node) || ts.isConditionalExpression(node)) {
    const condition = ts.isIfStatement(node) ? node.expression : node.condition
    if (isBoolean(condition)) return []
    const shown = ts.isIfStatement(node) ? condition : node
    return ['true', 'false'].map((text) => replace(condition, text, shown))
  }
  if (ts.isForStatement(node) && node.condition) return [replace(node.condition, 'false')]
  if (ts.isForOfStatement(node)) return [replace(node.expression, '[]')]
  if (ts.isCallExpression(node)) return callEdits(node)
  if (ts.isReturnStatement(node) && node.expression) {
    const { expression } = node
    const early = returnsInPlaceOf(node, source).filter((text) => text !== textOf(expression))
    return [...early.map((text) => replace(expression, text, node)), ...removal(node)]
  }
  return removal(node)

  function callEdits(call: ts.CallExpression): Edit[] {
    if (!ts.isPropertyAccessExpression(call.expression)) return []
    const { name, expression } = call.expression
    // `toString` is a name like any other, which the prototype of a record has, too.
    if (Object.hasOwn(METHODS, name.text)) return [replace(name, METHODS[name.text]!, call)]
    if (QUESTIONS.includes(name.text) && !isNegated(call))
      return [replace(call, `!${textOf(call)}`)]
    if (name.text === 'freeze') return [replace(call, textOf(call.arguments[0]!))]
    const isCopy = name.text === 'slice' && call.arguments.length === 0
    return isCopy ? [replace(call, textOf(expression))] : []
  }

  function removal(statement: ts.Node): Edit[] {
    return isRemovable(statement) ? [replace(statement, ';')] : []
  }
}

/** Whether a node says nothing at run time, so that nothing in it is changed. */
export function isSilent(node: ts.Node): boolean {
  return (
    (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node)
  )
}

/** Another word for one that means something. */
function wordInPlaceOf(word: string): string {
  if (word === '+') return "'#'"
  if (word === '#') return "'+'"
  return word === '' ? "'x'" : "''"
}

/** What a function may say before its time: both answers of a question, or nothing. */
function returnsInPlaceOf(node: ts.ReturnStatement, source: ts.SourceFile): readonly string[] {
  const made = ts.findAncestor(node, ts.isFunctionLike)
  const type = made?.type?.getText(source) ?? ''
  return type === 'boolean' ? ['true', 'false'] : ['undefined']
}

function isBoolean({ kind }: ts.Node): boolean {
  return kind === ts.SyntaxKind.TrueKeyword || kind === ts.SyntaxKind.FalseKeyword
}

/** Whether a `true` says only that a name is there: it is one of a record of them, as its type says. */
function isName(node: ts.Node): boolean {
  const declared = node.parent.parent?.parent
  return (
    ts.isPropertyAssignment(node.parent) &&
    declared !== undefined &&
    ts.isVariableDeclaration(declared) &&
    /\btrue\b|^OptionNames\b/.test(declared.type?.getText() ?? '')
  )
}

function isNegated({ parent }: ts.Node): boolean {
  return ts.isPrefixUnaryExpression(parent) && parent.operator === ts.SyntaxKind.ExclamationToken
}

/** Whether nothing of a function comes after a statement of a block. */
function isLast(node: ts.Node): boolean {
  const { parent } = node
  if (!ts.isBlock(parent) || parent.statements.at(-1) !== node) return false
  if (ts.isCatchClause(parent.parent)) return isLast(parent.parent.parent)
  return ts.isFunctionLike(parent.parent)
}

function isRemovable(node: ts.Node): boolean {
  const isStep =
    ts.isExpressionStatement(node) ||
    ts.isThrowStatement(node) ||
    ts.isContinueStatement(node) ||
    ts.isBreakStatement(node) ||
    ts.isReturnStatement(node)
  if (!isStep) return false
  const { parent } = node
  // All that an `if` does is gone when its condition is false.
  if (ts.isIfStatement(parent)) return parent.elseStatement !== undefined
  if (!ts.isBlock(parent)) return true
  if (parent.statements.length === 1 && ts.isIfStatement(parent.parent)) {
    return parent.parent.elseStatement !== undefined
  }
  // At the end of a function, to return nothing is the same.
  return !(ts.isReturnStatement(node) && isLast(node))
}
