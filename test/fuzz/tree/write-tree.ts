import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Collector, CorrelationContext, key, list, openDeployment } from "model-data-collector";

/** What a file of a tree is. */
export type FileKind = "parquet" | "labels" | "json lines" | "beside" | "pins" | "ledger";

/** A file of a tree, whole. */
export interface TreeFile {
  readonly path: string;
  readonly kind: FileKind;
  readonly bytes: Uint8Array;
}

/** A request that is in every collection. */
export const storedId = "0192f3a1-0000-7abc-8def-000000000000";

const schema = {
  order: key("string"),
  distance: "float64",
  seats: "int64",
  late: "boolean",
  at: "timestamp",
  raw: "binary",
  note: "json",
  tags: list("string"),
} as const;

const requestTime = new Date("2024-11-15T06:10:00Z");

/**
 * Writes what real deployments write: Parquet with its pins, ledger and labels, JSON lines with an object
 * beside them. All of it is complete, and nobody is awaited.
 */
export async function writeTree(root: string, spool: string): Promise<TreeFile[]> {
  for (const format of ["parquet", "jsonl"] as const) {
    await using deployment = await openDeployment({
      ...{ destination: root, endpoint: "e", deployment: format, format, modelVersion: "3" },
      spool: { directory: join(spool, format) },
      onError: () => {},
    });
    const inputs = new Collector({ name: "x", deployment, schema });
    const outputs = new Collector({ name: "model_outputs", deployment });
    for (let i = 0; i < 12; i++) {
      const id = i === 3 ? storedId : `id-${i}`;
      const context = CorrelationContext.create({ id, requestTime });
      inputs.collect(rowsOf(i) as never, context);
      outputs.collect([{ p: i / 7, class: i % 2 === 0 ? "late" : "in time" }], context);
    }
    if (format === "parquet") {
      await deployment.label(storedId, [{ late: true }]);
      await deployment.label({ order: "A-17" }, [{ late: false }]);
    }
  }
  writeBeside(root);
  const paths = globSync("**/*", { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
  return paths.map((path) => ({
    path,
    kind: kindOf(path),
    bytes: new Uint8Array(readFileSync(join(root, path))),
  }));
}

function rowsOf(i: number): Record<string, unknown>[] {
  const row = {
    order: `A-${i + 14}`,
    distance: i / 3,
    seats: BigInt(i) ** 9n,
    late: i % 2 === 0,
    at: new Date(requestTime.getTime() - i),
    raw: Uint8Array.of(i, 255 - i),
    note: { a: [i, null] },
    tags: ["a", null, `é${i}`].slice(i % 3),
  };
  const empty = Object.fromEntries(Object.keys(row).map((name) => [name, null]));
  return [row, empty, { ...row, seats: "many" }].slice(0, 1 + (i % 3));
}

/** A record whose rows stand in an object beside the file, as those have that are too large for a line. */
function writeBeside(root: string): void {
  const folder = join(root, "e/jsonl/x/2024/11/15/06");
  mkdirSync(folder, { recursive: true });
  const record = {
    ...{ specversion: "1.0", id: "one", source: "/e/jsonl", type: "azureml.inference.x" },
    ...{ datacontenttype: "application/json", time: "2024-11-15T06:10:00Z" },
    ...{ dataref: "other_body.json", contentrange: "bytes 0-20/21", correlationid: storedId },
    ...{
      xrequestid: storedId,
      modelversion: "3",
      collectdatatype: "pandas.core.frame.DataFrame",
      agent: "x",
    },
  };
  const inline = { ...record, id: "two", dataref: undefined, data: [{ distance: 2.5, order: "B-1" }] };
  writeFileSync(join(folder, "other.jsonl"), `${JSON.stringify(record)}\n${JSON.stringify(inline)}\n`);
  writeFileSync(join(folder, "other_body.json"), '[{"distance":1.5,"order":"A-17"}]');
}

function kindOf(path: string): FileKind {
  if (path.includes("/_schema/")) return "pins";
  if (path.includes("/_ledger/")) return "ledger";
  if (path.endsWith(".parquet")) return path.includes("/labels/") ? "labels" : "parquet";
  return path.endsWith(".jsonl") ? "json lines" : "beside";
}
