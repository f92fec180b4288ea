import { reading, wrongKind, wrongValue } from "../../base/errors.ts";
import { oneOf, type Parser, plainObject } from "../../base/fields.ts";
import { type CollectionPolicy, policies, strictestPolicy } from "../protection/policy.ts";
import type { PolicyByRoute } from "./payload-config.ts";

/** What of a request a pattern looks at. */
export interface Route {
  /** Upper case. */
  readonly method: string;
  /** As it came, without the query. */
  readonly path: string;
}

/** Patterns of one setting. */
export const maxRoutes = 256;

/** A pattern as JSON Schema has it: `*`, `/score`, `/v1/*`, `POST /score`. */
export const routePattern = "^([A-Z]{1,32} )?[/*][^\\s?#\\p{Cc}]{0,1023}$";
const pattern = new RegExp(routePattern, "u");
const expectedPattern = 'a route such as "/score", "/v1/*" or "POST /score"';

/** A pattern of routes. */
const routeText: Parser<string> = (value, where) => {
  if (typeof value !== "string") throw wrongKind(where, expectedPattern, value);
  if (!pattern.test(value)) throw wrongValue(where, expectedPattern, value);
  return value;
};

/** Patterns of routes. */
export const parseRoutes: Parser<readonly string[]> = (value, where) => {
  if (!Array.isArray(value)) throw wrongKind(where, "a list of routes", value);
  if (value.length > maxRoutes) throw wrongValue(where, `at most ${maxRoutes} routes`, value.length);
  return value.map((route: unknown, i) => routeText(route, `${where}[${i}]`));
};

const parseWord = oneOf(...policies);

/** A policy for all routes, or one for each pattern of them. */
export const parsePolicyByRoute: Parser<PolicyByRoute> = (value, where) => {
  if (typeof value === "string") return { "*": parseWord(value, where) };
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrongKind(where, "a policy, or an object of policies by route", value);
  const entries = reading(where, () => Object.entries(plainObject(value, where)));
  if (entries.length > maxRoutes) throw wrongValue(where, `at most ${maxRoutes} routes`, entries.length);
  return Object.fromEntries(
    entries.map(([route, policy], i) => [
      routeText(route, `${where}, route ${i + 1}`),
      parseWord(policy, `${where}, route ${i + 1}`),
    ]),
  );
};

/** Tells whether one of the patterns is of a route. */
export function routesMatcher(patterns: readonly string[]): (route: Route) => boolean {
  const matchers = patterns.map(matcherOf);
  return (route) => {
    const seen = seenRoute(route);
    return matchers.some((matches) => matches(seen));
  };
}

/** Tells what is stored of a route's exchanges: the strictest of what each source says. */
export function policyOfRoutes(said: readonly PolicyByRoute[]): (route: Route) => CollectionPolicy {
  const sources = said.map((policyByRoute) =>
    Object.entries(policyByRoute)
      .toSorted(([a], [b]) => b.length - a.length)
      .map(([text, policy]) => ({ length: text.length, policy, matches: matcherOf(text) })),
  );
  return (route) => {
    if (sources.length === 0) return "full";
    const seen = seenRoute(route);
    return strictestPolicy(
      sources.flatMap((rules) => {
        const first = rules.find(({ matches }) => matches(seen));
        // Of several patterns of the same length nobody can say which was meant.
        const alike = rules.filter(({ length, matches }) => length === first?.length && matches(seen));
        return alike.map(({ policy }) => policy);
      }),
    );
  };
}

/** A path as servers read it: `/%53core` and `/Score` are `/score` to most, so to what protects, too. */
function seenRoute({ method, path }: Route): Route {
  return { method: method === "HEAD" ? "GET" : method, path: decoded(path).toLowerCase() };
}

function decoded(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function matcherOf(text: string): (seen: Route) => boolean {
  const space = text.indexOf(" ");
  const method = space === -1 ? undefined : seenRoute({ method: text.slice(0, space), path: "" }).method;
  const parts = decoded(text.slice(space + 1))
    .toLowerCase()
    .split("*");
  return (seen) => (method === undefined || method === seen.method) && hasParts(seen.path, parts);
}

/** Whether a path is made of these parts, in their order, with anything between them. */
function hasParts(path: string, parts: readonly string[]): boolean {
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return path === first;
  if (!path.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = path.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return path.length - last.length >= at && path.endsWith(last);
}
