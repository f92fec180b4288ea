import { wrongKind, wrongValue } from "../../base/errors.ts";
import { codeName, fileName, plainObject } from "../../base/fields.ts";
import type { YamlText } from "./yaml-text.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * A deployment as Azure's REST interface and ARM templates have it, as the deployment YAML that says the
 * same; its places stay those of what was written. Anything else comes back as it is. The whole resource is
 * taken, its `properties`, or their `dataCollector` alone (`@azure/arm-machinelearning`: `OnlineDeployment`,
 * `DataCollector`, `Collection`):
 *
 *     {"id": "/subscriptions/…/onlineEndpoints/flights/deployments/blue",
 *      "properties": {"model": "azureml://…", "dataCollector": {"rollingRate": "Hour", "collections":
 *        {"model_inputs": {"dataCollectionMode": "Enabled", "samplingRate": 0.5, "clientId": "…"}}}}}
 *
 * What is null there is as if it were absent; a collection that is not said to be enabled is off.
 */
export function asDeploymentYaml(yaml: YamlText): YamlText {
  const { data } = yaml;
  if (!isFields(data) || "data_collector" in data) return yaml;
  const above = collectorOf(data);
  if (above === undefined) return yaml;
  const [endpoint, deployment] = namesOf(data);
  const properties = isFields(data["properties"]) ? data["properties"] : data;
  const collector = above.reduce<unknown>((part, key) => (part as Fields)[key], data);
  const where = (...path: readonly string[]): string => yaml.where(...placeOf(path, above));
  return {
    data: {
      ...given({ endpoint_name: endpoint, name: deployment, model: properties["model"] }),
      ...given({ data_collector: collector && renamedCollector(collector, where) }),
    },
    where,
    place: (...path) => ({ whole: where(...path), field: (key) => where(...path, key) }),
  };
}

/** The path of the part that is the data collector; undefined if this is no such document. */
function collectorOf(file: Fields): readonly string[] | undefined {
  const isResource = [file["id"], file["type"]].some((text) =>
    /\/onlineEndpoints\/([^/]+\/)?deployments(\/|$)/i.test(String(text)),
  );
  if (isResource || (isFields(file["properties"]) && "dataCollector" in file["properties"])) {
    return isFields(file["properties"]) ? ["properties", "dataCollector"] : undefined;
  }
  if ("dataCollector" in file) return ["dataCollector"];
  return "collections" in file ? [] : undefined;
}

/** Endpoint and deployment, from the id, else from what an ARM template calls it: `flights/blue`. */
function namesOf({ id, name }: Fields): readonly (string | undefined)[] {
  const found = /\/onlineEndpoints\/([^/]+)\/deployments\/([^/]+)$/i.exec(String(id));
  if (found !== null) return found.slice(1);
  // An expression of a template (`[parameters('name')]`) tells no name.
  if (typeof name !== "string" || !/^[\w.-]+(\/[\w.-]+)*$/.test(name)) return [];
  const parts = name.split("/");
  return [parts.at(-2), parts.at(-1)];
}

function renamedCollector(value: unknown, where: (...path: readonly string[]) => string): Fields {
  const path = ["data_collector"];
  const { collections, ...rest } = plainObject(value, where(...path));
  const logging = rest["requestLogging"];
  return {
    ...renamed(rest),
    ...given({ request_logging: isFields(logging) ? renamed(logging) : logging }),
    collections: Object.fromEntries(
      Object.entries(plainObject(collections ?? {}, where(...path, "collections"))).map(([name, one]) => {
        const at = [...path, "collections", name];
        const { dataCollectionMode: mode, dataId, ...own } = plainObject(one ?? {}, where(...at));
        const enabled = isEnabled(mode, where(...at, "enabled"));
        return [name, { ...renamed(own), ...given({ data: dataId }), enabled }];
      }),
    ),
  };
}

function isEnabled(mode: unknown, where: string): boolean {
  if (mode === undefined || mode === null) return false;
  const expected = '"Enabled" or "Disabled"';
  if (typeof mode !== "string") throw wrongKind(where, expected, mode);
  const word = mode.toLowerCase();
  if (word !== "enabled" && word !== "disabled") throw wrongValue(where, expected, mode);
  return word === "enabled";
}

function renamed(fields: Fields): Fields {
  return given(Object.fromEntries(Object.entries(fields).map(([key, value]) => [fileName(key), value])));
}

/** Without what is not said. */
function given(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  );
}

/** Where such a document has what stands at a path of the YAML. */
function placeOf([first = "", ...path]: readonly string[], above: readonly string[]): readonly string[] {
  if (first === "endpoint_name" || first === "name") return ["id"];
  if (first !== "data_collector") return [...above.slice(0, -1), first];
  const own = path.map((key, i) => {
    // The names of collections are their own.
    if (i === 1 && path[0] === "collections") return key;
    return i === 2 && key === "enabled"
      ? "dataCollectionMode"
      : i === 2 && key === "data"
        ? "dataId"
        : codeName(key);
  });
  return [...above, ...own];
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
