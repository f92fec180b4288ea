import type { FileFormat } from "../format.ts";

/** A segment, as far as the name of its file tells of it. */
export interface NamedSegment {
  /** 32 hex digits. */
  readonly id: string;
  /** When it was begun, milliseconds since 1970 UTC. */
  readonly createdAt: number;
}

/** The name of a segment's file without its ending. */
export function segmentStem(format: FileFormat, { id, createdAt }: NamedSegment): string {
  // Azure ML names are 32 hex digits and a six-digit count; ids are unique, so the count stays 0.
  if (format === "jsonl") return `${id}000000`;
  return `${new Date(createdAt).toISOString().replaceAll(/[-:.]/g, "")}-${id}`;
}

/**
 * The segment that a file of this name was made of; undefined if the name is not one of {@link segmentStem}.
 * JSON lines say only the id.
 */
export function parseStem(format: FileFormat, stem: string): Partial<NamedSegment> | undefined {
  if (format === "jsonl") {
    const [, id] = /^([0-9a-f]{32})000000$/.exec(stem) ?? [];
    return id === undefined ? undefined : { id };
  }
  const [, date, time, millis, id] = /^(\d{8})T(\d{6})(\d{3})Z-([0-9a-f]{32})$/.exec(stem) ?? [];
  if (date === undefined || time === undefined || id === undefined) return undefined;
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;
  const clock = `${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}.${millis}`;
  const segment = { id, createdAt: Date.parse(`${day}T${clock}Z`) };
  return Number.isNaN(segment.createdAt) || segmentStem(format, segment) !== stem ? undefined : segment;
}
