import { resolve } from "node:path";
import { quote, told, wrongKind, wrongValue } from "../../base/errors.ts";
import { parseFields, text, within } from "../../base/fields.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import type { ProfilesConfig } from "../deployment-config.ts";
import type { Kind, Origin, Parse } from "../setting-row.ts";
import { readBaseline } from "./read-baseline.ts";

const kindText = "true, false or { baseline }";
const path = { type: "string", pattern: "\\S" } as const;

/** Whether profiles are kept, and by which baselines: their files are read at once. */
export const profilesKind: Kind<ProfilesConfig | null> = {
  parse(value, where, origin) {
    if (value === false || value === null) return null;
    if (value === true) return { baselines: [] };
    if (typeof value !== "object") throw wrongKind(where, kindText, value);
    const { baseline = [] } = parseFields<{ baseline: ProfilesConfig["baselines"] }>(value, within(where), {
      baseline: (given, at) => baselinesOf(given, at, origin),
    });
    return { baselines: baseline };
  },
  schema: {
    anyOf: [
      { type: ["boolean", "null"] },
      {
        type: "object",
        properties: { baseline: { anyOf: [path, { type: "array", items: path }] } },
        additionalProperties: false,
      },
    ],
  },
  values: "true, false, or `{ baseline }`: the path of a baseline, or a list of them",
  show: (profiles) => (profiles === null ? "off" : "on"),
};

/** What `MDC_PROFILES` says: a switch, or the path of a baseline. */
export const parseProfilesText: Parse<ProfilesConfig | null> = (value, where, origin) => {
  const word = String(value);
  if (["1", "true", "yes", "on"].includes(word.toLowerCase())) return { baselines: [] };
  if (["0", "false", "no", "off"].includes(word.toLowerCase())) return null;
  return { baselines: baselinesOf(word, where, origin) };
};

function baselinesOf(value: unknown, where: string, { folder = "" }: Origin): ProfilesConfig["baselines"] {
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  const baselines = given.map((one) => {
    const file = text(4_096)(one, where);
    return readBaseline(resolve(folder, file), where);
  });
  const names = baselines.map(({ collection }) => collectionKey(collection));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw wrongValue(where, "one baseline for a collection", told(`two for ${quote(twice)}`));
  return baselines;
}
