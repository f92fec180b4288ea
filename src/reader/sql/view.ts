import { partitionKeys, type RollingRate, type TimeRange } from "../../layout/partition.ts";
import { systemColumns } from "../../layout/system-columns.ts";
import type { StoreEntry } from "../../store/store.ts";
import type { CollectionFiles, DeploymentFiles, FileSet } from "./inventory.ts";
import { linesQuery } from "./lines-source.ts";
import { sqlName, sqlText, sqlTexts } from "./sql-text.ts";
import {
  featureColumns,
  partitionColumns,
  sqlTypeOf,
  systemViewColumns,
  type ViewColumn,
} from "./view-columns.ts";

/** Where a stored file is on this machine. */
export type Locate = (entry: StoreEntry) => string;

/**
 * The columns that a view certainly has: system columns, pinned features, partition keys. Files that no types
 * are pinned for can have more.
 */
export function viewColumns(collection: CollectionFiles): ViewColumn[] {
  const depth = Math.max(0, ...collection.deployments.map(depthOf));
  return [...systemViewColumns, ...featureColumns(collection), ...partitionColumns.slice(0, depth)];
}

/**
 * The view of a collection, as a statement: every row in the range, of all deployments, with the pinned
 * types, whatever files there are, also none.
 */
export function viewStatement(collection: CollectionFiles, range: TimeRange, locate: Locate): string {
  const columns = viewColumns(collection);
  const parts = collection.deployments.flatMap((files) =>
    files.sets.map((set) => partQuery(files, set, { columns, range, locate })),
  );
  return `CREATE VIEW ${sqlName(collection.name)} AS ${[emptyQuery(columns), ...parts].join(" UNION ALL BY NAME ")}`;
}

interface Shape {
  readonly columns: readonly ViewColumn[];
  readonly range: TimeRange;
  readonly locate: Locate;
}

function partQuery(deployment: DeploymentFiles, set: FileSet, { columns, range, locate }: Shape): string {
  const own = ownColumns(deployment, columns);
  const rows = `${emptyQuery(own)} UNION ALL BY NAME ${filesQuery(deployment, set, own, locate)}`;
  // Nobody knows which columns files of others have.
  const list =
    deployment.pins === undefined
      ? "*"
      : columns
          .map(({ name, sqlType }) => `CAST(${sqlName(name)} AS ${sqlType}) AS ${sqlName(name)}`)
          .join(", ");
  return `SELECT ${list} FROM (${rows})${set.isWithin ? "" : timeCondition(range)}`;
}

/** The view's columns with the types of this deployment. */
function ownColumns({ pins }: DeploymentFiles, columns: readonly ViewColumn[]): ViewColumn[] {
  return columns.map((column) => {
    const type = pins?.columns.get(column.name);
    return type === undefined ? column : { name: column.name, type, sqlType: sqlTypeOf(type) };
  });
}

/** No row, with these columns. */
function emptyQuery(columns: readonly ViewColumn[]): string {
  const nulls = columns.map(({ name, sqlType }) => `CAST(NULL AS ${sqlType}) AS ${sqlName(name)}`);
  return `(SELECT ${nulls.join(", ")} WHERE false)`;
}

function filesQuery(
  { endpoint, deployment, pins }: DeploymentFiles,
  { format, rollingRate, files, beside, isAlike = false }: FileSet,
  columns: readonly ViewColumn[],
  locate: Locate,
): string {
  const paths = files.map(locate);
  if (format === "jsonl") {
    const features = columns.filter(({ name }) => pins?.columns.has(name) === true);
    const source = { endpoint, deployment, files: paths, beside: beside.map(locate) };
    return `(${linesQuery(source, features)})`;
  }
  const keys = partitionColumns.slice(0, depths[rollingRate]);
  const types = keys.map(({ name, sqlType }) => `${name}: ${sqlType}`).join(", ");
  return (
    `(SELECT * FROM read_parquet(${sqlTexts(paths)}, union_by_name = ${!isAlike}, hive_partitioning = true, ` +
    `hive_types = {${types}}))`
  );
}

/** Only rows of the range: for files whose partition is partly outside. */
function timeCondition({ from, to }: TimeRange): string {
  const time = sqlName(systemColumns.requestTime.name);
  const bound = (sign: string, at: number): string =>
    `${time} ${sign} CAST(${sqlText(new Date(at).toISOString())} AS TIMESTAMPTZ)`;
  const bounds = [
    ...(Number.isFinite(from) ? [bound(">=", from)] : []),
    ...(Number.isFinite(to) ? [bound("<", to)] : []),
  ];
  return bounds.length === 0 ? "" : ` WHERE ${bounds.join(" AND ")}`;
}

const depths: Readonly<Record<RollingRate, number>> = { day: 1, hour: 2, minute: partitionKeys.length };

function depthOf({ sets, pins }: DeploymentFiles): number {
  return Math.max(
    ...sets.map(({ rollingRate }) => depths[rollingRate]),
    pins === undefined ? 0 : depths[pins.rollingRate],
  );
}
