import { wrongValue } from "../base/errors.ts";
import type { Destination } from "./destination.ts";
import { decodePath, joinPrefix, shownUrl } from "./url-text.ts";

const expected =
  "azureml://subscriptions/<id>/resourcegroups/<group>/workspaces/<workspace>/datastores/<datastore>/paths/<prefix>";

const shortForm = "azureml://datastores/<datastore>/paths/<prefix>";

/** An Azure Machine Learning workspace. */
export interface Workspace {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly workspace: string;
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
// Azure: "Naming rules and restrictions for Azure resources", Microsoft.Resources and
// MachineLearningServices.
const groupName = /^[\p{L}\p{N}_().-]{0,89}[\p{L}\p{N}_()-]$/u;
const workspaceName = /^[A-Za-z0-9][A-Za-z0-9_-]{1,254}$/;
const datastoreName = /^[A-Za-z0-9_-]{1,255}$/;

/** True if these can be the names of a workspace and what it is in. */
export function isWorkspace({ subscriptionId, resourceGroup, workspace }: Workspace): boolean {
  return guid.test(subscriptionId) && groupName.test(resourceGroup) && workspaceName.test(workspace);
}

/** True if a datastore of a workspace can have that name. */
export function isDatastoreName(name: string): boolean {
  return datastoreName.test(name);
}

/**
 * Reads the path of an Azure ML datastore: the long form, or, when `home` says of which workspace it is, the
 * short form (`azureml://datastores/…`). Every name is checked, because it becomes part of a request's path.
 */
export function parseDatastoreUri(
  text: string,
  where: string,
  home: Workspace | undefined,
): Extract<Destination, { kind: "azureml-datastore" }> {
  const refuse = (what: string) => wrongValue(where, what, shownUrl(text));
  const path = /^azureml:\/\/([^?#]*)$/i.exec(text)?.[1];
  if (path === undefined) throw refuse(expected);
  const parts = decodePath(path, text, where);
  const isShort = parts[0]?.toLowerCase() === "datastores";
  if (isShort && home === undefined) {
    throw refuse(
      `the long form, ${expected} (the short one needs AZUREML_ARM_SUBSCRIPTION, AZUREML_ARM_RESOURCEGROUP and ` +
        "AZUREML_ARM_WORKSPACE_NAME)",
    );
  }
  const { subscriptionId = "", resourceGroup = "", workspace = "" } = isShort ? (home ?? {}) : named(parts);
  const [label, datastore = "", paths, ...prefix] = parts.slice(isShort ? 0 : 6);
  const wellFormed =
    isWorkspace({ subscriptionId, resourceGroup, workspace }) &&
    label?.toLowerCase() === "datastores" &&
    isDatastoreName(datastore) &&
    (paths === undefined || paths.toLowerCase() === "paths");
  if (!wellFormed) throw refuse(isShort ? shortForm : expected);
  return {
    kind: "azureml-datastore",
    subscriptionId,
    resourceGroup,
    workspace,
    datastore,
    prefix: joinPrefix(prefix, refuse),
  };
}

/** The workspace that the first six parts of a long form name, as far as they do. */
function named(parts: readonly string[]): Partial<Workspace> {
  const after = (at: number, label: string): string | undefined =>
    parts[at]?.toLowerCase() === label ? parts[at + 1] : undefined;
  const [subscriptionId, resourceGroup, workspace] = [
    after(0, "subscriptions"),
    after(2, "resourcegroups"),
    after(4, "workspaces"),
  ];
  if (subscriptionId === undefined || resourceGroup === undefined || workspace === undefined) return {};
  return { subscriptionId, resourceGroup, workspace };
}
