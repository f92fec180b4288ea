import type { IncomingMessage } from "node:http";

/** What Express's routers write on a request while they look for its route. */
interface Routed {
  params?: Readonly<Record<string, unknown>> | undefined;
  readonly route?: { readonly path: unknown } | undefined;
  readonly baseUrl?: string;
}

/**
 * Listens to a router that looks for a request's route, and gives the function that tells its pattern.
 *
 * Routers set `params` before each handler that they call, of a route or not; `route` they set before that,
 * and leave it when the route calls `next()`. Where a router is mounted, only the path itself is known: the
 * values of its parameters are put back to their names.
 */
export function expressRoutes(request: IncomingMessage): (status: number | null) => string | null {
  const routed = request as Routed;
  let { params, route } = routed;
  let pattern: string | null = null;
  let inRoute = false;
  const names = new Map<string, string>();
  Object.defineProperty(request, "params", {
    configurable: true,
    enumerable: true,
    get: () => params,
    set: (value: Routed["params"]) => {
      params = value;
      inRoute = routed.route !== undefined && routed.route !== route;
      route = routed.route;
      if (inRoute) pattern = `${patternOf(routed.baseUrl ?? "", names)}${pathOf(route?.path)}`;
      else note(value, names);
    },
  });
  // A route that was left by `next()` is not the one that nobody found.
  return (status) => (status === 404 && !inRoute ? null : pattern);
}

function note(params: Routed["params"], names: Map<string, string>): void {
  for (const [name, value] of Object.entries(params ?? {}))
    if (typeof value === "string" && value !== "") names.set(value, name);
}

function patternOf(base: string, names: ReadonlyMap<string, string>): string {
  const part = (segment: string): string => {
    const name = names.get(unescaped(segment));
    return name === undefined ? segment : `:${name}`;
  };
  return base.split("/").map(part).join("/");
}

/** A route's own path: text, a regular expression, or a list of them. */
function pathOf(path: unknown): string {
  if (Array.isArray(path)) return path.map(String).join("|");
  return path === "/" ? "" : String(path);
}

function unescaped(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
