const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/**
 * When an id was made, milliseconds since 1970 UTC, if it is a UUIDv7: its first 48 bits are that time (RFC 9562,
 * section 5.7). Undefined for every other text.
 */
export function uuidTime(id: string): number | undefined {
  if (!pattern.test(id)) return undefined;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
