/** Where files go. Holds no secret. */
export type Destination =
  /** Absolute. */
  | { readonly kind: "folder"; readonly path: string }
  | {
      readonly kind: "azure-blob";
      /**
       * `https://<account>.blob.core.windows.net` or an emulator's `http://127.0.0.1:10000/<account>`,
       * without query.
       */
      readonly accountUrl: string;
      readonly container: string;
      /** Without leading or trailing `/`, percent-decoded; may be empty. */
      readonly prefix: string;
    }
  | {
      /** A bucket of Amazon S3, or of a server that speaks its protocol. */
      readonly kind: "s3";
      readonly bucket: string;
      /** Without leading or trailing `/`, percent-decoded; may be empty. */
      readonly prefix: string;
      /** The origin of a server that is not AWS's own: `http://minio:9000`; null for that. */
      readonly endpoint: string | null;
      /** Null leaves it to AWS's configuration files. */
      readonly region: string | null;
    }
  | {
      /** A datastore of an Azure Machine Learning workspace; the store asks the workspace where it is. */
      readonly kind: "azureml-datastore";
      readonly subscriptionId: string;
      readonly resourceGroup: string;
      readonly workspace: string;
      readonly datastore: string;
      /** Without leading or trailing `/`, percent-decoded; may be empty. */
      readonly prefix: string;
    };
