/** A kept result of a monitor, as its path tells. */
export interface MonitorPath {
  readonly endpoint: string;
  readonly deployment: string;
  /** The time that it is of, milliseconds since 1970 UTC, whole seconds. */
  readonly at: number;
  /** Which monitor: 16 hex digits of a hash of what it was asked. */
  readonly id: string;
}

const monitorName = "_monitor";

/**
 * Where a result of a monitor is kept, relative to the destination:
 *
 *     <endpoint>/<deployment>/_monitor/2026-11-29/20261129T130000Z-<id>.json
 *
 * A pure function of the time and of what was asked, so that several monitors that are asked the same keep
 * one. Engines pass by what begins with `_`.
 */
export function monitorPath({ endpoint, deployment, at, id }: MonitorPath): string {
  const time = new Date(at).toISOString();
  const stem = `${time.slice(0, 19).replaceAll(/[-:]/g, "")}Z-${id}`;
  return `${monitorFolder(endpoint, deployment)}${time.slice(0, 10)}/${stem}.json`;
}

/** The folder of all results of a deployment. */
export function monitorFolder(endpoint: string, deployment: string): string {
  return `${endpoint}/${deployment}/${monitorName}/`;
}

/** Reads a path that {@link monitorPath} can have written; undefined for any other text. */
export function parseMonitorPath(path: string): MonitorPath | undefined {
  const [endpoint, deployment, name, , file] = path.split("/", 6);
  const [, date, time, id] = /^(\d{8})T(\d{6})Z-([0-9a-f]{16})\.json$/.exec(file ?? "") ?? [];
  if (name !== monitorName || date === undefined || time === undefined || id === undefined) return undefined;
  const day = date.replace(/(....)(..)(..)/, "$1-$2-$3");
  const at = Date.parse(`${day}T${time.replace(/(..)(..)(..)/, "$1:$2:$3")}Z`);
  if (Number.isNaN(at)) return undefined;
  const parsed = { endpoint: endpoint ?? "", deployment: deployment ?? "", at, id };
  return monitorPath(parsed) === path ? parsed : undefined;
}
