/**
 * Walks the imports of a module, as far as they lead through the repository.
 *
 * @module
 */
import { dirname, join } from 'node:path/posix'
import ts from 'typescript'

/** One import of one file. */
export interface ModuleImport {
  /** The importing file, relative to the root of the repository. */
  readonly file: string
  /** The imported file, relative to the root too, or the package or built-in as it is written. */
  readonly target: string
  /** `static` runs on load, `dynamic` is `import()` while running, `type` is gone when built. */
  readonly kind: 'static' | 'dynamic' | 'type'
}

/**
 * Every import of a module and of all the files that it reaches, in any way.
 *
 * @param entry A file, relative to the root of the repository.
 * @param read Returns the source of such a file.
 */
export function walkImports(entry: string, read: (file: string) => string): ModuleImport[] {
  const imports: ModuleImport[] = []
  const files = new Set([entry]) // Grows while it is walked.
  for (const file of files) {
    for (const found of readImports(file, read(file))) {
      imports.push(found)
      if (isFile(found.target)) files.add(found.target)
    }
  }
  return imports
}

/** Whether an import's target is a file of the repository, rather than a package or a built-in. */
export function isFile(target: string): boolean {
  return target.endsWith('.ts')
}

/** The name of the package, or the built-in, that an import's target belongs to. */
export function packageOf(target: string): string {
  return target.match(/^(@[^/]+\/)?[^/]+/)![0]
}

/** Every import of one file, of whatever kind. */
export function readImports(file: string, source: string): ModuleImport[] {
  const found: ModuleImport[] = []
  const add = (specifier: ts.Node | undefined, kind: ModuleImport['kind']) => {
    if (!specifier) return
    // What is no plain text could be anything, and is reported as it stands.
    const text = ts.isStringLiteralLike(specifier) ? specifier.text : specifier.getText()
    const target = text.startsWith('.') ? join(dirname(file), text) : text
    found.push({ file, target, kind })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const isType = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      add(node.moduleSpecifier, isType ? 'type' : 'static')
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'static')
    } else if (ts.isImportTypeNode(node)) {
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument, 'type')
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], 'dynamic')
    } else if (ts.isIdentifier(node) && node.text === 'require') {
      add(node, 'static')
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.ESNext, true))
  return found
}
