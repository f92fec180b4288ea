import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { parseAllDocuments } from "yaml";
import { root } from "./packed-project.ts";

/** The folder of the example. */
export const example: string = join(root, "examples/kubernetes");

/** The part of Kubernetes' objects that is looked at. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template?: PodTemplate;
    readonly jobTemplate?: { readonly spec: { readonly template: PodTemplate } };
  };
}

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: Pod;
}

interface SecurityContext {
  readonly [name: string]: unknown;
}

export interface Pod {
  readonly serviceAccountName?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: SecurityContext;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes: readonly {
    readonly name: string;
    readonly configMap?: { readonly name: string };
    readonly persistentVolumeClaim?: { readonly claimName: string };
    readonly emptyDir?: object;
  }[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly restartPolicy?: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly subPath?: string;
  }[];
  readonly securityContext: SecurityContext;
  readonly [probe: `${string}Probe`]: unknown;
}

/** The objects of a text of manifests. */
export function readManifests(text: string): KubernetesObject[] {
  return parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject);
}

/** The pod that an object makes, if it makes any. */
export function podOf({ spec }: KubernetesObject): Pod | undefined {
  return (spec?.jobTemplate?.spec.template ?? spec?.template)?.spec;
}

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, "golden/kubernetes-schema.json"), "utf8"),
) as { readonly definitions: Readonly<Record<string, object>> };
// Formats that Kubernetes names (int32, byte) are not known to it.
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema(schema, "kubernetes");

/** What Kubernetes' published schema has against an object, unknown fields included. */
export function problemsOf(object: KubernetesObject): readonly string[] {
  const group = { v1: "core.v1", "apps/v1": "apps.v1", "batch/v1": "batch.v1" }[object.apiVersion];
  const name = `io.k8s.api.${group}.${object.kind}`;
  if (!(name in schema.definitions)) return [`there is no schema for ${object.apiVersion} ${object.kind}`];
  if (ajv.validate(`kubernetes#/definitions/${name}`, object)) return [];
  return (ajv.errors ?? []).map(({ instancePath, message }) => `${object.kind}${instancePath} ${message}`);
}

/** What Kustomize makes of a folder; undefined where neither `kustomize` nor `kubectl` is installed. */
export function kustomize(folder: string): string | undefined {
  for (const [program, ...args] of [
    ["kustomize", "build", folder],
    ["kubectl", "kustomize", folder],
  ] as const) {
    const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
    if (error !== undefined) continue;
    if (status !== 0) throw new Error(`${program} refuses ${folder}: ${stderr}`);
    return stdout;
  }
  return undefined;
}
