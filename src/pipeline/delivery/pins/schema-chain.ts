import { ObjectNotFoundError, type Store } from "../../../store/store.ts";
import { schemaPath } from "../../../layout/dataset-path.ts";
import { maxFileBytes, parsePins, type Pins, UnusableSchemaError } from "../../../layout/pinned-schema.ts";

/** Options of a look at the store. */
export type Aborting = { readonly signal?: AbortSignal };

/** No chain is longer: every version has a column more. */
const maxVersion = 2 ** 20;

/**
 * The newest version of the chain `schema-000001.json`, `-000002.json`, … in a folder; undefined if there is
 * none that is newer than `known`.
 *
 * It asks for single versions and never lists, so an identity that may only create and read is enough: from
 * `known` on in growing steps until one is missing, then between the two. Throws an {@link
 * UnusableSchemaError} for a file that cannot be used, and what the store throws when it cannot be read.
 *
 * @param known a version that is there; 0 for none.
 */
export async function newestPins(
  store: Store,
  folder: string,
  known: number,
  options: Aborting,
): Promise<Pins | undefined> {
  const missing = new Set<number>();
  let newest: { readonly version: number; readonly bytes: Uint8Array } | undefined;
  async function exists(version: number): Promise<boolean> {
    if (missing.has(version)) return false;
    const bytes = await readVersion(store, folder, version, options);
    if (bytes === undefined) missing.add(version);
    else if (newest === undefined || version > newest.version) newest = { version, bytes };
    return bytes !== undefined;
  }

  let low = known;
  for (;;) {
    let high = low + 1;
    for (let step = 1; await exists(high); high = low + (step *= 2)) {
      low = high;
      if (low > maxVersion) throw new UnusableSchemaError(folder, "has versions without end");
    }
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (await exists(middle)) low = middle;
      else high = middle;
    }
    // A version that was deleted must not be made anew, with other types: so look behind the end, too.
    if (!(await exists(low + 2))) break;
    missing.clear();
    if (await exists(low + 1)) low += 2;
    else {
      const path = schemaPath(folder, low + 1);
      throw new UnusableSchemaError(path, "is missing, and the version after it is there");
    }
  }
  return newest === undefined
    ? undefined
    : parsePins(schemaPath(folder, newest.version), newest.version, newest.bytes);
}

/** The file of one version, or a little more than one may have; undefined if there is none. */
export async function readVersion(
  store: Store,
  folder: string,
  version: number,
  options: Aborting,
): Promise<Uint8Array | undefined> {
  try {
    return await store.get(schemaPath(folder, version), {
      ...options,
      range: { start: 0, end: maxFileBytes + 1 },
    });
  } catch (thrown) {
    if (thrown instanceof ObjectNotFoundError) return undefined;
    throw thrown;
  }
}
