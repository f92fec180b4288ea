import { verdict } from "./join-account.ts";
import type { KeyRows } from "./key-rows.ts";

/** What belongs together. Times are microseconds. */
export interface MatchRules {
  /** Collections of outputs: sides 1 to this one. A side beyond is that of labels. */
  readonly outputs: number;
  readonly by: "row" | "request";
  readonly lateness: number;
  /** Whether a request of that time is in the range. */
  readonly isInRange: (requestTime: number) => boolean;
}

/** An input, its output of each collection (-1 where it has none), its label (-1 too): numbers of rows. */
export type JoinedNumbers = readonly number[];

/** What one request's rows come to; what became of each stands in the rows' `verdicts`. */
export interface MatchedRequest {
  readonly joined: readonly JoinedNumbers[];
  /** Frames of outputs with another number of rows than their inputs. */
  readonly unequal: number;
}

/**
 * Puts together the rows of one request of one deployment, which are given by their numbers.
 *
 * A row is known by its event and index; again, it is a duplicate. Frames of a side that was collected as
 * often as the inputs go together in the order of their times. Otherwise a frame of outputs belongs to the
 * latest frame of inputs that was collected before it, or to the first one: a model that answers in parts, or
 * a request that was tried again. A label is of the row of its index, and of several the last one in time
 * counts.
 */
export function matchRequest(keys: KeyRows, group: readonly number[], rules: MatchRules): MatchedRequest {
  const pair = matchPair(keys, group, rules);
  if (pair !== undefined) return pair;
  const { verdicts, requestTimes } = keys;
  const isHere = (row: number): boolean => rules.isInRange(requestTimes[row] as number);
  for (const row of group) verdicts[row] = isHere(row) ? verdict.only : verdict.outside;
  const inputs = distinct(keys, ofSide(keys, group, 0), isHere);
  const found = inputs.map((): number[][] => Array.from({ length: rules.outputs }, () => []));
  let unequal = 0;
  for (let side = 1; side <= rules.outputs; side++) {
    const outputs = distinct(keys, ofSide(keys, group, side), isHere);
    if (inputs.length === 0 || outputs.length === 0) continue;
    unequal += matchOutputs(keys, inputs, outputs, rules, (input, output) =>
      found[input]?.[side - 1]?.push(output),
    );
  }
  const labels = distinct(keys, ofSide(keys, group, rules.outputs + 1), isHere);
  const joined: number[][] = [];
  for (const [i, input] of inputs.entries()) {
    const label = labels.length === 0 ? -1 : matchLabels(keys, input, labels, rules);
    const outputs = found[i] as number[][];
    if (outputs.every((of) => of.length === 0) || !isHere(input)) continue;
    verdicts[input] = verdict.matched;
    for (const row of combinations(outputs)) joined.push([input, ...row, label]);
  }
  return { joined, unequal };
}

/** What most requests are: one row of inputs and its output. Undefined for any other. */
function matchPair(
  keys: KeyRows,
  group: readonly number[],
  { outputs, lateness, isInRange }: MatchRules,
): MatchedRequest | undefined {
  const { sides, indexes, eventTimes, requestTimes, verdicts } = keys;
  if (group.length !== 2 || outputs !== 1) return undefined;
  const [first, second] = group as [number, number];
  if ((sides[first] as number) + (sides[second] as number) !== 1 || indexes[first] !== indexes[second])
    return undefined;
  const [input, output] = sides[first] === 0 ? [first, second] : [second, first];
  if ((eventTimes[output] as number) - awaitedSince(keys, input) > lateness) return undefined;
  const isHere = isInRange(requestTimes[input] as number);
  verdicts[input] = verdicts[output] = isHere ? verdict.matched : verdict.outside;
  return { joined: isHere ? [[input, output, -1]] : [], unequal: 0 };
}

/**
 * From when on what belongs to a row of inputs is awaited: its request, or when it was collected, if a
 * request of the past was replayed. Microseconds.
 */
export function awaitedSince({ requestTimes, eventTimes }: KeyRows, input: number): number {
  return Math.max(requestTimes[input] as number, eventTimes[input] as number);
}

function ofSide({ sides }: KeyRows, group: readonly number[], side: number): number[] {
  return group.filter((row) => sides[row] === side);
}

/**
 * The rows that are there once; the others are duplicates. Of a row with several times the earliest counts.
 */
function distinct(
  { events, indexes, eventTimes, verdicts }: KeyRows,
  rows: number[],
  isHere: (row: number) => boolean,
): number[] {
  if (rows.length < 2) return rows;
  const known = new Map<string, number>();
  for (const row of rows) {
    const key = `${indexes[row]} ${events[row]}`;
    const before = known.get(key);
    const [kept, other] =
      before === undefined || (eventTimes[before] as number) > (eventTimes[row] as number)
        ? [row, before]
        : [before, row];
    known.set(key, kept);
    if (other !== undefined && isHere(other)) verdicts[other] = verdict.duplicate;
  }
  return [...known.values()];
}

/** Rows that were collected together. */
interface JoinFrame {
  readonly time: number;
  readonly event: string;
  readonly rows: number[];
}

function framesOf({ events, eventTimes }: KeyRows, rows: readonly number[]): JoinFrame[] {
  const frames = new Map<string, JoinFrame>();
  for (const row of rows) {
    const event = events[row] as string;
    const frame = frames.get(event);
    if (frame === undefined) frames.set(event, { time: eventTimes[row] as number, event, rows: [row] });
    else frame.rows.push(row);
  }
  return [...frames.values()].sort((a, b) => a.time - b.time || (a.event < b.event ? -1 : 1));
}

/** Tells of each output its inputs, by their places among `inputs`; gives how many frames are unequal. */
function matchOutputs(
  keys: KeyRows,
  inputs: readonly number[],
  outputs: readonly number[],
  { by, lateness, isInRange }: MatchRules,
  tell: (input: number, output: number) => void,
): number {
  const { verdicts, requestTimes, indexes } = keys;
  const places = new Map(inputs.map((row, place) => [row, place]));
  const from = framesOf(keys, inputs);
  const to = framesOf(keys, outputs);
  let unequal = 0;
  for (const [i, frame] of to.entries()) {
    const partner = (
      from.length === to.length ? from[i] : (from.findLast(({ time }) => time <= frame.time) ?? from[0])
    ) as JoinFrame;
    const [input] = partner.rows as [number];
    const isHere = isInRange(requestTimes[input] as number);
    const isLate = frame.time - awaitedSince(keys, input) > lateness;
    if (by === "row" && isHere && partner.rows.length !== frame.rows.length) unequal++;
    for (const output of frame.rows) {
      const own = partner.rows.filter((row) => by === "request" || indexes[row] === indexes[output]);
      if (own.length === 0) continue;
      verdicts[output] = !isHere ? verdict.outside : isLate ? verdict.late : verdict.matched;
      if (!isLate) for (const row of own) tell(places.get(row) as number, output);
    }
  }
  return unequal;
}

/** The label of an input that counts, or -1; labels are told what became of them. */
function matchLabels(
  keys: KeyRows,
  input: number,
  labels: readonly number[],
  { lateness, isInRange }: MatchRules,
): number {
  const { verdicts, requestTimes, eventTimes, events, indexes } = keys;
  const since = awaitedSince(keys, input);
  const isHere = isInRange(requestTimes[input] as number);
  let last = -1;
  for (const label of labels) {
    if (indexes[label] !== indexes[input]) continue;
    const time = eventTimes[label] as number;
    const isLate = time - since > lateness;
    tellLabel(verdicts, label, !isHere ? verdict.outside : isLate ? verdict.late : verdict.superseded);
    if (isLate) continue;
    const before = last === -1 ? -Infinity : (eventTimes[last] as number);
    if (time > before || (time === before && (events[label] as string) > (events[last] as string)))
      last = label;
  }
  if (last !== -1 && isHere) verdicts[last] = verdict.matched;
  return last;
}

/** Of several inputs that a label could be of, the best counts. */
function tellLabel(verdicts: Uint8Array, label: number, found: number): void {
  const before = verdicts[label];
  if (before === verdict.matched) return;
  if (before === verdict.superseded && found !== verdict.superseded) return;
  if (before === verdict.late && found === verdict.outside) return;
  verdicts[label] = found;
}

/** Every one of each list with every one of the others; -1 for a list that is empty. */
function combinations(lists: readonly (readonly number[])[]): number[][] {
  return lists.reduce<number[][]>(
    (rows, list) => rows.flatMap((row) => (list.length === 0 ? [-1] : list).map((one) => [...row, one])),
    [[]],
  );
}
