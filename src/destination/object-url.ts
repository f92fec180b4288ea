import type { Destination } from "./destination.ts";

/**
 * How a file at a destination refers to the object with that path below it; both are in one folder. In Azure
 * it is a URL that Azure ML's own reader resolves, in S3 one that every engine does; neither holds a
 * signature: whoever reads brings a credential. In a folder it is relative to the file, so that it stays true
 * when the folder is mounted elsewhere, copied or moved.
 */
export function objectReference(destination: Destination, path: string): string {
  switch (destination.kind) {
    case "folder":
      return path.slice(path.lastIndexOf("/") + 1);
    case "azure-blob": {
      const { accountUrl, container, prefix } = destination;
      return `${accountUrl}/${encoded([container, prefix, path])}`;
    }
    case "s3":
      return `s3://${destination.bucket}/${encoded([destination.prefix, path])}`;
    case "azureml-datastore": {
      const { subscriptionId, resourceGroup, workspace, datastore, prefix } = destination;
      const home = `subscriptions/${subscriptionId}/resourcegroups/${encodeURIComponent(resourceGroup)}/workspaces/${workspace}`;
      return `azureml://${home}/datastores/${datastore}/paths/${encoded([prefix, path])}`;
    }
  }
}

function encoded(parts: readonly string[]): string {
  return parts
    .filter((part) => part !== "")
    .flatMap((part) => part.split("/"))
    .map(encodeURIComponent)
    .join("/");
}
