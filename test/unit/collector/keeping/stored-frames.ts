import { expect } from "vitest";
import { decodeBatch } from "../../../../src/frame/wire/decode.ts";
import { CellCursor } from "../../../../src/frame/conform/cell-cursor.ts";
import { systemColumns } from "../../../../src/layout/system-columns.ts";
import { isLedgerLabel } from "../../../../src/pipeline/segment-label.ts";
import type { CoreWorld } from "../core-world.ts";

/** A frame that was handed over, of one row with one number. */
export interface StoredFrame {
  readonly collection: string;
  readonly id: string;
  readonly rate: number;
  readonly version: number;
  readonly value: number;
}

/** The frames handed over so far; further calls give what came since. */
export function takeStored({ core, batches }: CoreWorld): StoredFrame[] {
  core.batcher.flushNow();
  const ofFrames = batches.splice(0).filter(({ label }) => !isLedgerLabel(label));
  return ofFrames.flatMap(({ bytes }) => {
    const { header, frames, columns } = decodeBatch(new Uint8Array(bytes));
    const cells = (name: string): unknown[] => {
      const column = [...frames.columns, ...columns].find((one) => one.name === name);
      if (column === undefined) throw new Error(`expected a column ${name}`);
      const cursor = new CellCursor(column);
      return Array.from(frames.rows, () => (cursor.next() ? cursor.cell() : null));
    };
    const { correlationId, samplingRate, configVersion } = systemColumns;
    const [ids, rates] = [cells(correlationId.name), cells(samplingRate.name)];
    const [versions, values] = [cells(configVersion.name), cells("x")];
    return Array.from(frames.rows, (_, i) => ({
      collection: header.collection,
      id: String(ids[i]),
      rate: Number(rates[i]),
      version: Number(versions[i]),
      value: Number(values[i]),
    }));
  });
}

/** Every frame, row and byte is in exactly one account. */
export function expectBalanced({ core }: CoreWorld): void {
  const stats = core.ledger.snapshot();
  for (const unit of ["frames", "rows", "bytes"] as const) {
    const { offered, sampledOut, disabled, delivered, spooled, buffered, dropped } = stats[unit];
    const accounts = [sampledOut, disabled, delivered, spooled, buffered, ...Object.values(dropped)];
    expect(accounts.reduce<number>((sum, count) => sum + (count ?? 0), 0)).toBe(offered);
    expect(Math.min(...accounts.map((count) => count ?? 0))).toBeGreaterThanOrEqual(0);
  }
}
