import type * as library from "@duckdb/node-api";
import type { DuckDBConnection, DuckDBInstance, DuckDBResult } from "@duckdb/node-api";
import { asError } from "../../base/errors.ts";
import { missingPeer } from "../../store/missing-peer.ts";
import { sqlText, sqlTexts } from "./sql-text.ts";

/** What is loaded when the first query runs. */
export type DuckdbLibrary = typeof library;

/**
 * Memory that a query may take; what it needs more goes to its spill folder. A join of ten million rows with
 * as many fits; with 1 GiB it does not, which takes longer and more memory in all.
 */
const memoryLimit = "1300MiB";

/** The library; a `StoreError` that says what to do where it is not installed. */
export async function loadDuckdb(): Promise<DuckdbLibrary> {
  try {
    return await import("@duckdb/node-api");
  } catch (thrown) {
    throw missingPeer(thrown, "@duckdb/node-api", "SQL");
  }
}

/** What a database may touch. */
export interface Reach {
  /** Files that it may read. */
  readonly files: readonly string[];
  /** Whether it may read and write all else that this process may. */
  readonly anyFile: boolean;
  readonly spillFolder: string;
}

/**
 * A database in memory that reaches no further than it is told, and whose statements cannot change that. It
 * never loads an extension.
 */
export class Database implements Disposable {
  readonly #library: DuckdbLibrary;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(library: DuckdbLibrary, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#library = library;
    this.#instance = instance;
    this.#connection = connection;
  }

  /** Opens one. */
  static async open(library: DuckdbLibrary, { files, anyFile, spillFolder }: Reach): Promise<Database> {
    const instance = await library.DuckDBInstance.create(":memory:", {
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
      allow_community_extensions: "false",
      memory_limit: memoryLimit,
      temp_directory: spillFolder,
    });
    const database = new Database(library, instance, await instance.connect());
    const walls = anyFile
      ? []
      : [`SET allowed_paths = ${sqlTexts(files)}`, "SET enable_external_access = false"];
    for (const setting of [`SET TimeZone = ${sqlText("UTC")}`, ...walls, "SET lock_configuration = true"])
      await database.#connection.run(setting);
    return database;
  }

  /** Runs a statement of ours. */
  async run(statement: string): Promise<void> {
    await this.#connection.run(statement);
  }

  /**
   * Runs statements that somebody gave, in their order; the result of the last one, undefined if there is
   * none. Throws a {@link RefusedStatement} for one that `isAllowed` does not take, before it has run.
   */
  async query(text: string, isAllowed: (kind: string) => boolean): Promise<DuckDBResult | undefined> {
    const statements = await this.#connection.extractStatements(text).catch((thrown: unknown) => {
      // It says nothing of a text without a statement.
      throw asError(thrown).message.startsWith("Error in native")
        ? new Error("there is no statement")
        : thrown;
    });
    let result: DuckDBResult | undefined;
    for (let i = 0; i < statements.count; i++) {
      const prepared = await statements.prepare(i);
      const kind = this.#library.StatementType[prepared.statementType];
      if (!isAllowed(kind)) throw new RefusedStatement(kind);
      result = i < statements.count - 1 ? await prepared.run() : await prepared.stream();
    }
    return result;
  }

  [Symbol.dispose](): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

/** A statement of a kind that is not run; its message is what DuckDB calls the kind: `COPY`. */
export class RefusedStatement extends Error {
  override readonly name: string = "RefusedStatement";
}

/** What DuckDB says is wrong, in a line. */
export function faultOf(thrown: unknown): string {
  const message = asError(thrown).message.replace(/^Failed to extract statements: /, "");
  const [fault = ""] = message.split(/\n+LINE \d+:/, 1);
  return fault.trim().replaceAll(/\s*\n\s*/g, "; ");
}
