import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  type Container,
  example,
  type KubernetesObject,
  kustomize,
  type Pod,
  podOf,
  problemsOf,
  readManifests,
} from "../support/kubernetes.ts";
import { root } from "../support/packed-project.ts";
import { parquetFiles, scratch, storedRows } from "../support/scratch.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { type FeatureTypes, storeFile } from "../unit/reader/stored-data.ts";

/** `examples/kubernetes`: what Kustomize makes of it, held against Kubernetes' schemas, and its commands, run. */

const rendered = readdirSync(join(example, "rendered")).map((name) => {
  const text = readFileSync(join(example, "rendered", name), "utf8");
  return { name: name.replace(/\.yaml$/, ""), text, objects: readManifests(text) };
});
const canBuild = kustomize(join(example, "base")) !== undefined;

describe.each(rendered)("the manifests of overlays/$name", ({ name, text, objects }) => {
  test.runIf(canBuild)("are what Kustomize makes", () => {
    expect(kustomize(join(example, "overlays", name))).toBe(text);
  });

  test("are valid, and refer to nothing that is not there", () => {
    expect(objects.length).toBeGreaterThanOrEqual(4);
    expect(objects.flatMap(problemsOf)).toEqual([]);
    const there = (kind: string) =>
      objects.filter((one) => one.kind === kind).map((one) => one.metadata.name);
    for (const pod of objects.flatMap((object) => podOf(object) ?? [])) {
      for (const { configMap, persistentVolumeClaim } of pod.volumes) {
        if (configMap) expect(there("ConfigMap")).toContain(configMap.name);
        if (persistentVolumeClaim)
          expect(there("PersistentVolumeClaim")).toContain(persistentVolumeClaim.claimName);
      }
      expect(there("ServiceAccount")).toContain(pod.serviceAccountName);
      for (const { volumeMounts } of containersOf(pod)) {
        const volumes = pod.volumes.map((volume) => volume.name);
        expect(volumes).toEqual(expect.arrayContaining(volumeMounts.map((mount) => mount.name)));
      }
    }
  });

  test("ask for no more than they need, follow changes, and do not hang on storage", () => {
    for (const object of objects) {
      const pod = podOf(object);
      if (pod === undefined) continue;
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      const template = object.spec?.jobTemplate?.spec.template ?? object.spec?.template;
      expect(template?.metadata.labels).toMatchObject({ "azure.workload.identity/use": "true" });
      for (const container of containersOf(pod)) {
        expect(container.securityContext).toMatchObject({
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"] },
        });
        // A spool is its owner's: nobody in the pod may be somebody else.
        expect(container.securityContext).not.toHaveProperty("runAsUser");
        expect(container.volumeMounts.filter((mount) => mount.subPath !== undefined)).toEqual([]);
        const where = Object.fromEntries(container.env.map(({ name: variable, value }) => [variable, value]));
        const mounted = container.volumeMounts.map(({ mountPath }) => `${mountPath}/`);
        // A monitor reads, and has no spool.
        const spools = object.metadata.name === "mdc-monitor" ? [] : ["MDC_SPOOL_DIR"];
        for (const variable of ["MDC_CONFIG", ...spools]) {
          expect(mounted.filter((path) => where[variable]?.startsWith(path))).toHaveLength(1);
        }
      }
      const sidecars = pod.initContainers ?? [];
      if (object.kind === "Deployment") expect(sidecars.map(({ name: sidecar }) => sidecar)).toEqual(["mdc"]);
      for (const sidecar of sidecars) {
        expect(sidecar.restartPolicy).toBe("Always");
        expect(Object.keys(sidecar).filter((key) => key.endsWith("Probe"))).toEqual([]);
      }
    }
  });
});

test("the schema refuses what Kubernetes would", () => {
  const [{ objects } = { objects: [] }] = rendered;
  const deployment = objects.find(({ kind }) => kind === "Deployment")!;
  const pod = podOf(deployment)!;
  const withPod = (change: object): KubernetesObject => ({
    ...deployment,
    spec: { ...deployment.spec, template: { ...deployment.spec!.template!, spec: { ...pod, ...change } } },
  });
  expect(problemsOf(withPod({ terminationGracePeriodSeconds: "60" }))).not.toEqual([]);
  expect(problemsOf(withPod({ initContainer: [] }))).not.toEqual([]);
  expect(problemsOf(withPod({ containers: undefined }))).not.toEqual([]);
  expect(problemsOf({ ...deployment, apiVersion: "apps/v2" })).not.toEqual([]);
});

test.runIf(canBuild)(
  "the component keeps what a Deployment has, whatever its containers are called",
  async () => {
    const folder = await tempFolder();
    cpSync(join(example, "components"), join(folder, "components"), { recursive: true });
    const deployment = (name: string, more: object): object => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name },
      spec: {
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: {
            containers: [
              { name: `${name}-server`, image: "x", ...more },
              { name: "other", image: "y" },
            ],
          },
        },
      },
    });
    const own = { env: [{ name: "OWN", value: "1" }], volumeMounts: [{ name: "tmp", mountPath: "/tmp" }] };
    const files = {
      "bare.json": deployment("bare", {}),
      "full.json": deployment("full", own),
      "kustomization.json": {
        resources: ["bare.json", "full.json"],
        components: ["components/collection"],
        configMapGenerator: [{ name: "mdc", literals: ["collection.mdc.yml=destination: x"] }],
      },
    };
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(
        join(folder, name.replace("kustomization.json", "kustomization.yaml")),
        JSON.stringify(content),
      );
    }
    const objects = readManifests(kustomize(folder)!);
    expect(objects.flatMap(problemsOf)).toEqual([]);
    const pods = objects.filter(({ kind }) => kind === "Deployment").map((object) => podOf(object)!);
    expect(pods).toHaveLength(2);
    for (const [index, pod] of pods.entries()) {
      const [server, other] = pod.containers;
      expect(server?.env.map(({ name }) => name)).toEqual([
        ...(index === 1 ? ["OWN"] : []),
        ...["MDC_CONFIG", "MDC_SPOOL_DIR"],
      ]);
      expect(server?.volumeMounts.map(({ mountPath }) => mountPath)).toEqual([
        ...(index === 1 ? ["/tmp"] : []),
        ...["/etc/mdc", "/var/lib/mdc"],
      ]);
      expect(other).toEqual({ name: "other", image: "y" });
      expect(pod.initContainers?.map(({ name }) => name)).toEqual(["mdc"]);
    }
  },
);

test("the monitor's job ends with 1 where data is not whole, and keeps what it found", async () => {
  const { destination, folder } = await scratch();
  const objects = rendered.find(({ name }) => name === "monitored")!.objects;
  const { "monitor.yml": said = "" } = objects.find(({ metadata }) => metadata.name === "mdc-monitor")!.data!;
  writeFileSync(join(folder, "monitor.yml"), said);
  const now = Date.now();
  for (const day of [3, 2, 1]) {
    const requestTime = new Date(now - day * 86_400_000).toISOString();
    const rows = Array.from({ length: 300 }, (_, i) => (day === 3 ? { x: i, y: i } : { x: i }));
    const types: FeatureTypes = day === 3 ? { x: "DOUBLE", y: "DOUBLE" } : { x: "DOUBLE" };
    storeFile(destination, [{ collection: "model_inputs", id: `day-${day}`, requestTime, rows }], types);
  }
  const job = podOf(objects.find(({ kind }) => kind === "CronJob")!)!.containers[0]!;
  const args = job.args!.map((one) => one.replace("/etc/mdc-monitor", folder));
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "dist/cli/main.js"), ...args], {
    encoding: "utf8",
    env: { ...process.env, MDC_DESTINATION: destination, NODE_OPTIONS: "" },
  });
  expect([status, stderr]).toEqual([1, ""]);
  expect(stdout).toContain("freshness: breach");
  expect(readdirSync(join(destination, "flights/blue/_monitor"), { recursive: true })).toHaveLength(2);
});

describe.skipIf(process.platform === "win32")("a pod", () => {
  const all = rendered.flatMap(({ objects }) => objects);
  const [deployment, cronJob] = ["Deployment", "CronJob"].map(
    (kind) => all.find((one) => one.kind === kind)!,
  );
  const server = podOf(deployment!)!.containers[0]!;
  const sidecar = podOf(deployment!)!.initContainers![0]!;
  const drain = podOf(cronJob!)!.containers[0]!;
  const collectAndDie = `
    import { Collector } from "model-data-collector";
    // As a server that ends at once when it is told to.
    setInterval(() => {}, 1_000);
    process.on("SIGTERM", () => process.kill(process.pid, "SIGKILL"));
    const [inputs, outputs] = ["model_inputs", "model_outputs"].map((name) => new Collector({ name }));
    for (let i = 0; i < 50; i++) outputs.collect([{ i }], inputs.collect([{ i }]));
    const timer = setInterval(() => {
      if (inputs.stats().frames.spooled + outputs.stats().frames.spooled < 100) return;
      console.log("collected");
      clearInterval(timer);
    }, 20);`;

  /** Lays out a pod's volumes as a node does, in a folder, and starts its containers there, without walls. */
  async function layOut() {
    const { folder, destination } = await scratch();
    const config = join(folder, "etc/mdc");
    const name = "collection.mdc.yml";
    const { [name]: content = "" } = all.find(({ kind }) => kind === "ConfigMap")!.data!;
    const own = content.replace(/https:\S+/, destination);
    const project = (version: string, said: string): void => {
      mkdirSync(join(config, version), { recursive: true });
      writeFileSync(join(config, version, name), said);
      symlinkSync(version, join(config, "..next"));
      renameSync(join(config, "..next"), join(config, "..data"));
    };
    project("..v1", own.replace("sampling_rate: 0.5", "sampling_rate: 1"));
    symlinkSync(join("..data", name), join(config, name));
    mkdirSync(join(folder, "var/lib/mdc"), { recursive: true });
    chmodSync(join(folder, "var/lib/mdc"), 0o777);
    mkdirSync(join(folder, "bin"));
    const mdc = `#!/bin/sh\nexec "${process.execPath}" "${join(root, "dist/cli/main.js")}" "$@"\n`;
    writeFileSync(join(folder, "bin/mdc"), mdc, { mode: 0o755 });
    return {
      destination,
      /** Has the configuration say what it says in the manifests, as `kubectl apply` would. */
      apply: () => project("..v2", own),
      start({ command = ["mdc"], args = [], env }: Container, code?: string): ChildProcess {
        const line = code === undefined ? [...command, ...args] : [process.execPath, ...evaluate, code];
        // As long as it takes here: nothing else is changed.
        const [program = "", ...rest] = line.map((one) => one.replace("--deadline 25", "--deadline 4"));
        const given = env.map(({ name, value }) => [name, value.replace(/^\/(etc|var)\//, `${folder}/$1/`)]);
        const variables = { PATH: `${join(folder, "bin")}:${process.env["PATH"]}` };
        const child = spawn(program, rest, {
          cwd: root,
          stdio: ["ignore", "pipe", "ignore"],
          // Of its own, so that with its first process the others of a container end, too.
          detached: true,
          env: { ...process.env, ...variables, ...Object.fromEntries(given) },
        });
        onTestFinished(() => killGroup(child));
        return child;
      },
    };
  }

  test("delivers what its model's container left, once that has gone, and its sidecar ends with 0", async () => {
    const pod = await layOut();
    const beside = pod.start(sidecar);
    const main = pod.start(server, collectAndDie);
    await once(main.stdout!, "data");
    expect([beside.exitCode, parquetFiles(pod.destination)]).toEqual([null, []]);
    expect(await stop(main)).toBe("SIGKILL");
    expect(await stop(beside)).toBe(0);
    expect(await storedRows(pod.destination, "model_inputs")).toHaveLength(50);
    expect(await storedRows(pod.destination, "model_outputs")).toHaveLength(50);
  });

  test("follows its ConfigMap", async () => {
    const pod = await layOut();
    const main = pod.start(
      server,
      `
      import { openDeployment } from "model-data-collector";
      const deployment = await openDeployment();
      const print = () => console.log(deployment.config.version, deployment.config.samplingRate);
      print();
      const timer = setInterval(() => {
        if (deployment.config.version === 1) return;
        print();
        clearInterval(timer);
      }, 50);`,
    );
    main.stdout!.once("data", () => pod.apply());
    expect(await text(main.stdout!)).toBe("1 1\n2 0.5\n");
  });

  test("whose storage is away ends all the same, and a drain of its volume delivers later", async () => {
    const pod = await layOut();
    writeFileSync(pod.destination, "a file in the folder's place");
    const beside = pod.start(sidecar);
    const main = pod.start(server, collectAndDie);
    await once(main.stdout!, "data");
    expect([await stop(main), await stop(beside)]).toEqual(["SIGKILL", 0]);
    rmSync(pod.destination);
    const [code] = (await once(pod.start(drain), "exit")) as [number];
    expect(code).toBe(0);
    expect(await storedRows(pod.destination, "model_inputs")).toHaveLength(50);
  });
});

const evaluate = ["--input-type=module", "--eval"];

function containersOf({ initContainers = [], containers }: Pod): readonly Container[] {
  // Of a pod's containers, the first is the model's.
  return [...initContainers, ...containers.slice(0, 1)];
}

/** Has a container's first process, and no other, end as a node does: what it ends with. */
async function stop(child: ChildProcess): Promise<number | string> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const [code, signal] = (await ended) as [number | null, string];
  return code ?? signal;
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // None of it is left.
  }
}
