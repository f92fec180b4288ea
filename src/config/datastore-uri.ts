import { wrongValue } from "../base/errors.ts";
import type { Destination } from "./deployment-config.ts";
import { decodePath, withoutSecrets } from "./url-text.ts";

const expected =
  "azureml://subscriptions/<id>/resourcegroups/<group>/workspaces/<workspace>/datastores/<datastore>/paths/<prefix>";

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
// Azure: "Naming rules and restrictions for Azure resources", Microsoft.Resources and MachineLearningServices.
const groupName = /^[\p{L}\p{N}_().-]{1,90}$/u;
const workspaceName = /^[A-Za-z0-9][A-Za-z0-9_-]{1,254}$/;
const datastoreName = /^[A-Za-z0-9_-]{1,255}$/;

/**
 * Reads the long form of an Azure ML datastore path. The short form (`azureml://datastores/…`) says nothing of the
 * workspace and is refused. Every name is checked, because it becomes part of a request's path.
 */
export function parseDatastoreUri(
  text: string,
  where: string,
): Extract<Destination, { kind: "azureml-datastore" }> {
  const refuse = (what: string) => wrongValue(where, what, withoutSecrets(text));
  const path = /^azureml:\/\/([^?#]*)$/i.exec(text)?.[1];
  if (path === undefined) throw refuse(expected);
  const parts = decodePath(path, text, where);
  if (parts[0]?.toLowerCase() === "datastores") throw refuse(`the long form, ${expected}`);

  const labels = ["subscriptions", "resourcegroups", "workspaces", "datastores"];
  const [subscriptionId = "", resourceGroup = "", workspace = "", datastore = ""] = labels.map((label, i) =>
    parts[2 * i]?.toLowerCase() === label ? parts[2 * i + 1] : undefined,
  );
  const wellFormed =
    guid.test(subscriptionId) &&
    groupName.test(resourceGroup) &&
    workspaceName.test(workspace) &&
    datastoreName.test(datastore) &&
    (parts.length === 8 || parts[8]?.toLowerCase() === "paths");
  if (!wellFormed) throw refuse(expected);
  return {
    kind: "azureml-datastore",
    subscriptionId,
    resourceGroup,
    workspace,
    datastore,
    prefix: parts.slice(9).join("/"),
  };
}
