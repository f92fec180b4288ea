import { globSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/**
 * Leaves of declaration files only what front doors show: their exports, and what those name. What modules
 * export for each other is no use to anybody else.
 */
export function pruneTypes(folder: string, frontDoors: readonly string[]): void {
  const doors = frontDoors.map((name) => join(folder, name));
  // Names lead from one to the next without what the language and Node declare.
  const options = { module: ts.ModuleKind.NodeNext, noLib: true, types: [] };
  const program = ts.createProgram(doors, options);
  const shown = shownOf(program, doors);
  for (const name of globSync("**/*.d.ts", { cwd: folder })) {
    const path = join(folder, name);
    const source = program.getSourceFile(path);
    const text = source === undefined ? "" : textOf(source, shown);
    if (text === "" && !doors.includes(path)) rmSync(path);
    else writeFileSync(path, text === "" ? "export {};\n" : text);
  }
}

/** Statements that are shown, and who knows which names mean them. */
interface Shown {
  readonly checker: ts.TypeChecker;
  readonly statements: ReadonlySet<ts.Node>;
}

/** The statements that declare what front doors export, and what is named in such a statement. */
function shownOf(program: ts.Program, doors: readonly string[]): Shown {
  const checker = program.getTypeChecker();
  const statements = new Set<ts.Node>();
  const add = (symbol: ts.Symbol | undefined): void => {
    if (symbol === undefined) return;
    const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
    const { declarations = [] } = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
    for (const declaration of declarations)
      if (!ts.isSourceFile(declaration)) statements.add(statementOf(declaration));
  };
  for (const door of doors) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(door) as ts.SourceFile);
    if (module !== undefined) for (const symbol of checker.getExportsOfModule(module)) add(symbol);
  }
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) add(checker.getSymbolAtLocation(node));
    ts.forEachChild(node, visit);
  };
  // What is added meanwhile is visited, too.
  for (const statement of statements) visit(statement);
  return { checker, statements };
}

/** The statement of a file that a declaration is, or is in. */
function statementOf(declaration: ts.Node): ts.Node {
  let node = declaration;
  while (!ts.isSourceFile(node.parent)) node = node.parent;
  return node;
}

/** What is shown of a file, with the imports that it needs; without any, an empty text. */
function textOf(source: ts.SourceFile, shown: Shown): string {
  const own = source.statements.flatMap((one) => {
    if (ts.isExportDeclaration(one)) return relayText(one, source, shown);
    return shown.statements.has(one) ? one.getFullText(source).trim() : [];
  });
  if (own.length === 0) return "";
  const used = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) used.add(node.text);
    ts.forEachChild(node, visit);
  };
  for (const one of source.statements) if (shown.statements.has(one)) visit(one);
  const imports = source.statements.filter((one) => ts.isImportDeclaration(one));
  // In front of the imports it is said what the whole file is.
  const about = imports[0] === source.statements[0] ? source.text.slice(0, imports[0]?.getStart(source)) : "";
  const texts = [...imports.flatMap((one) => importText(one, source, used)), ...own];
  return `${about}${texts.join("\n")}\n`;
}

/** An import of those names alone that are used; nothing if none is. */
function importText(one: ts.ImportDeclaration, source: ts.SourceFile, used: ReadonlySet<string>): string[] {
  const bindings = one.importClause?.namedBindings;
  if (bindings === undefined) return [];
  if (ts.isNamespaceImport(bindings)) return used.has(bindings.name.text) ? [one.getText(source)] : [];
  const names = bindings.elements.filter(({ name }) => used.has(name.text));
  return namesText("import", one.importClause?.phaseModifier, names, one.moduleSpecifier, source);
}

/** An export from elsewhere, of those names alone that are shown; nothing if none is. */
function relayText(
  one: ts.ExportDeclaration,
  source: ts.SourceFile,
  { checker, statements }: Shown,
): string[] {
  const names =
    one.exportClause !== undefined && ts.isNamedExports(one.exportClause) ? one.exportClause.elements : [];
  const isShown = ({ name }: ts.ExportSpecifier): boolean => {
    const symbol = checker.getSymbolAtLocation(name);
    const { declarations = [] } = symbol === undefined ? {} : checker.getAliasedSymbol(symbol);
    return declarations.some((declaration) => statements.has(statementOf(declaration)));
  };
  const phase = one.isTypeOnly ? ts.SyntaxKind.TypeKeyword : undefined;
  return namesText("export", phase, names.filter(isShown), one.moduleSpecifier, source);
}

function namesText(
  word: "import" | "export",
  phase: ts.SyntaxKind | undefined,
  names: readonly ts.Node[],
  from: ts.Node | undefined,
  source: ts.SourceFile,
): string[] {
  if (names.length === 0 || from === undefined) return [];
  const type = phase === ts.SyntaxKind.TypeKeyword ? " type" : "";
  const list = names.map((name) => name.getText(source)).join(", ");
  return [`${word}${type} { ${list} } from ${from.getText(source)};`];
}
