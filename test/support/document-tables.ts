import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "./packed-project.ts";

/** The text of a file of the project. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/**
 * The rows of the one Markdown table whose head begins with `head`, by cell; asterisks of a docblock before
 * the lines do not count.
 */
export function tableRows(text: string, head: string): string[][] {
  const lines = text.split("\n").map((line) => line.replace(/^ \* ?/, ""));
  const heads = lines.flatMap((line, at) => (line.startsWith(head) ? [at] : []));
  if (heads.length !== 1) throw new Error(`${heads.length} tables begin with ${head}`);
  const rows = lines.slice((heads[0] as number) + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(0, end < 0 ? rows.length : end).map((line) =>
    line
      .slice(1, line.lastIndexOf("|"))
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
}

/** What stands between code marks. */
export function codesIn(text = ""): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

/** The types of the package's source files, as the compiler sees them. */
export class SourceTypes {
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;

  constructor() {
    this.#program = ts.createProgram([join(root, "src/index.ts")], {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2023,
      strict: true,
      noEmit: true,
      types: ["node"],
      allowImportingTsExtensions: true,
    });
    this.#checker = this.#program.getTypeChecker();
  }

  /** The texts that the type `name` of the file `path` can be; with `field`, that a field of it can be. */
  texts(path: string, name: string, field?: string): string[] {
    const type = this.#type(path, name);
    const union = field === undefined ? type : this.#field(type, field);
    return (union.isUnion() ? union.types : [union]).map((each) => (each as ts.StringLiteralType).value);
  }

  /** The fields of the type `name` of the file `path` by name, each with the names of its own fields. */
  fields(path: string, name: string): Map<string, string[]> {
    const type = this.#type(path, name);
    return new Map(
      type.getProperties().map(({ name: field }) => [
        field,
        this.#field(type, field)
          .getProperties()
          .map((inner) => inner.name),
      ]),
    );
  }

  #type(path: string, name: string): ts.Type {
    const source = this.#program.getSourceFile(join(root, path));
    const found = source?.statements.find(
      (statement): statement is ts.InterfaceDeclaration | ts.TypeAliasDeclaration =>
        (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) &&
        statement.name.text === name,
    );
    if (found === undefined) throw new Error(`no type ${name} in ${path}`);
    return this.#checker.getTypeAtLocation(found);
  }

  #field(type: ts.Type, field: string): ts.Type {
    const property = type.getProperty(field);
    if (property === undefined) throw new Error(`no field ${field}`);
    return this.#checker.getTypeOfSymbol(property);
  }
}
