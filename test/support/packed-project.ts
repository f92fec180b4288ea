import { cp, mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runChild, runNpm } from "./child.ts";

/** The project's root. */
export const root: string = join(import.meta.dirname, "../..");

/** The parts of `package.json` that tests look at. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly engines: Readonly<Record<string, string>>;
  readonly type: string;
  readonly license: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly author: string;
  readonly repository?: unknown;
  readonly bugs?: unknown;
  readonly homepage?: unknown;
}

/** The project's `package.json`. */
export async function manifest(): Promise<Manifest> {
  return JSON.parse(await readFile(join(root, "package.json"), "utf8")) as Manifest;
}

/** A tarball as npm would publish it. */
export interface Tarball {
  readonly path: string;
  /** Bytes, compressed. */
  readonly size: number;
  /** Paths inside, without npm's `package/` in front. */
  readonly files: readonly string[];
}

/** Packs the project as it is built now into `folder`. */
export async function pack(folder: string): Promise<Tarball> {
  // Without scripts: packing would otherwise build anew, under the feet of whatever else is using `dist`.
  const { code, stdout, stderr } = await runNpm(
    ["pack", "--ignore-scripts", "--json", "--pack-destination", folder],
    { cwd: root },
  );
  if (code !== 0) throw new Error(`npm pack failed: ${stderr}`);
  const [packed] = JSON.parse(stdout) as [{ filename: string; size: number; files: { path: string }[] }];
  return {
    path: join(folder, packed.filename),
    size: packed.size,
    files: packed.files.map((file) => file.path).sort(),
  };
}

/**
 * A user's project in `folder` that has the packed package installed, and of everything else only what its
 * manifest lists: a dependency that is missing there is missing here. Needs no network: dependencies are
 * links to the ones installed for the project itself. `others` names further packages to link.
 */
export async function createProject(
  folder: string,
  tarball: Tarball,
  others: readonly string[] = [],
): Promise<void> {
  const { name, version, dependencies } = await manifest();
  const modules = join(folder, "node_modules");
  await mkdir(modules, { recursive: true });
  await extract(tarball.path, folder);
  await rename(join(folder, "package"), join(modules, name));
  for (const dependency of [...Object.keys(dependencies), ...others]) {
    await mkdir(dirname(join(modules, dependency)), { recursive: true });
    await symlink(join(root, "node_modules", dependency), join(modules, dependency), "junction");
  }
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ name: "a-project", private: true, type: "module", dependencies: { [name]: version } }),
  );
}

/**
 * `tar` comes with Linux, macOS and Windows alike; a relative name keeps `C:` from being taken for a host.
 */
async function extract(tarball: string, folder: string): Promise<void> {
  await cp(tarball, join(folder, "package.tgz"));
  const { code, stderr } = await runChild("tar", ["-xzf", "package.tgz"], { cwd: folder });
  if (code !== 0) throw new Error(`tar failed: ${stderr}`);
}
