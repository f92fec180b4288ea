import type { IncomingMessage } from "node:http";

/** What Express's routers write on a request while they look for its route. */
interface Routed {
  params?: Readonly<Record<string, unknown>> | undefined;
  readonly route?: { readonly path: unknown } | undefined;
  readonly baseUrl?: string;
}

/** Where a request keeps what is known of its route. */
const key = Symbol("route");

/**
 * The same for all requests, which keep what is theirs under {@link key}: accessors that close over one
 * request make a hidden class of it, which is old from the start and keeps the request alive (see
 * `stand-in.ts`).
 */
const params: PropertyDescriptor & ThisType<{ readonly [key]: Route }> = {
  configurable: true,
  enumerable: true,
  get() {
    return this[key].params;
  },
  set(value: Routed["params"]) {
    this[key].heard(value);
  },
};

/**
 * Listens to a router that looks for a request's route, and gives the function that tells its pattern.
 *
 * Routers set `params` before each handler that they call, of a route or not; `route` they set before that,
 * and leave it when the route calls `next()`. Where a router is mounted, only the path itself is known: the
 * values of its parameters are put back to their names.
 */
export function expressRoutes(request: IncomingMessage): (status: number | null) => string | null {
  const route = new Route(request as Routed);
  Object.defineProperty(request, key, { value: route });
  Object.defineProperty(request, "params", params);
  // A route that was left by `next()` is not the one that nobody found.
  return (status) => (status === 404 && !route.isIn ? null : route.pattern);
}

class Route {
  readonly #request: Routed;
  readonly #names = new Map<string, string>();
  #route: Routed["route"];
  params: Routed["params"];
  pattern: string | null = null;
  /** Whether a route's own handler was called last. */
  isIn = false;

  constructor(request: Routed) {
    this.#request = request;
    this.#route = request.route;
    this.params = request.params;
  }

  heard(params: Routed["params"]): void {
    const { route, baseUrl = "" } = this.#request;
    this.params = params;
    this.isIn = route !== undefined && route !== this.#route;
    this.#route = route;
    if (this.isIn) this.pattern = `${patternOf(baseUrl, this.#names)}${pathOf(route?.path)}`;
    else note(params, this.#names);
  }
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
