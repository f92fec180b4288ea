import { describe, expect, test } from "vitest";
import { BatchBuilder } from "../../../src/frame/batch-builder.ts";
import { decodeBatch } from "../../../src/frame/wire/decode.ts";
import { batchOf, cellsOf, columnValues, finishFacts, frameFacts, snapshotOf } from "./frame-support.ts";

const all = Number.POSITIVE_INFINITY;

describe("frames of one batch", () => {
  test("may have different columns: a row without a value is null", () => {
    const batch = batchOf([{ a: [1, 2] }, { b: ["x"] }, {}, { a: [3], b: ["y"] }]);
    expect(batch.header).toMatchObject({ frames: 4, rows: 4 });
    expect([...batch.frames.rows]).toEqual([2, 1, 0, 1]);
    expect(
      cellsOf(batch).map((row) => Object.fromEntries([...row].map(([name, { value }]) => [name, value]))),
    ).toEqual([{ a: 1 }, { a: 2 }, { b: "x" }, { a: 3, b: "y" }]);
  });

  test("carry their facts, one value per frame", () => {
    const builder = new BatchBuilder({ maxStringBytes: 100 });
    const facts = [
      frameFacts({
        correlationId: "é",
        requestId: "r",
        clientRequestId: "c",
        tags: '{"a":1}',
        samplingRate: 0.5,
        configVersion: 7,
      }),
      frameFacts({ requestId: "bad\ud83d", eventTimeMs: -1 }),
    ];
    for (const fact of facts) {
      builder.begin(snapshotOf([{ a: 1 }]), fact);
      builder.advance(all);
    }
    const { frames, header } = decodeBatch(builder.finish(finishFacts));
    expect(header).toEqual({ ...finishFacts, frames: 2, rows: 2, untyped: [], declared: {} });
    const table = Object.fromEntries(frames.columns.map((column) => [column.name, columnValues(column, 2)]));
    expect(table).toEqual({
      mdc_correlation_id: ["é", frameFacts().correlationId],
      mdc_event_id: [frameFacts().eventId, frameFacts().eventId],
      mdc_event_time: [1_700_000_000_123_000n, -1000n],
      mdc_request_time: [1_700_000_000_001_000n, 1_700_000_000_001_000n],
      mdc_request_id: ["r", "bad\ufffd"],
      mdc_client_request_id: ["c", undefined],
      mdc_sampling_rate: [0.5, 1],
      mdc_config_version: [7, 1],
      mdc_tags: ['{"a":1}', undefined],
    });
  });
});

describe("texts that differ from one another", () => {
  test.each([
    ["of one length", (i: number) => String(100_000 + i)],
    ["of one length, some beyond ASCII", (i: number) => (i % 7 === 3 ? "é" : "e") + String(100_000 + i)],
    ["of one length, all beyond ASCII", (i: number) => `é\u{1f680}${100_000 + i}`],
    ["at the longest length whose bytes are ASCII", (i: number) => String(i).padStart(127, "x")],
    ["beyond it", (i: number) => String(i).padStart(128, "x")],
    ["of many lengths, with runs of one", (i: number) => "x".repeat(i % 31 > 20 ? 9 : i % 31) + String(i)],
  ])("are kept whole: %s", (_, text) => {
    // More than a dictionary is tried with, so that the later ones are stored one after another.
    const cells = Array.from({ length: 5000 }, (__, i) => (i % 100 === 99 ? null : text(i)));
    const frames = [
      cells.slice(0, 3000),
      cells.slice(3000, 3010),
      cells.slice(3010, 3011),
      cells.slice(3011),
    ];
    const batch = batchOf(frames.map((a) => ({ a })));
    expect(batch.columns[0]?.values.kind).toBe("bytes");
    expect(cellsOf(batch).map((row) => row.get("a")?.value ?? null)).toEqual(cells);
  });

  test("a lone surrogate among texts of one length is rejected alone", () => {
    const cells = Array.from({ length: 3000 }, (_, i) => String(100_000 + i));
    cells[2500] = "\ud80010000";
    const types = cellsOf(batchOf([{ a: cells }])).map((row) => row.get("a")?.type);
    expect(types.indexOf("rejected")).toBe(2500);
    expect(types.filter((type) => type === "string")).toHaveLength(2999);
  });
});

describe("texts that repeat", () => {
  test("are told apart, also those that share length and last characters, or are empty", () => {
    const texts = [
      "",
      "a",
      "b",
      "",
      "left-end",
      "Left-end",
      "lift-end",
      "left-end",
      "\0",
      "",
      "ab",
      "abc",
      "xabc",
    ];
    const cells = Array.from({ length: 500 }, (_, i) => texts[(i * i + i) % texts.length] as string);
    const batch = batchOf([{ a: cells }, { a: cells.slice(3) }]);
    expect(batch.columns[0]?.values.kind).toBe("dictionary");
    expect(cellsOf(batch).map((row) => row.get("a")?.value)).toEqual([...cells, ...cells.slice(3)]);
  });

  test("are numbered afresh in the next batch and after a frame that was abandoned", () => {
    const builder = new BatchBuilder({ maxStringBytes: 100 });
    const add = (a: readonly string[]): void => {
      builder.begin(snapshotOf({ a }), frameFacts());
      while (!builder.advance(all));
    };
    add(["x", "y"]);
    builder.finish(finishFacts);
    add(["y"]);
    builder.begin(snapshotOf({ a: ["z", "x"] }), frameFacts());
    builder.advance(1);
    builder.abandon();
    add(["x", "z", "y"]);
    const batch = decodeBatch(builder.finish(finishFacts));
    expect(cellsOf(batch).map((row) => row.get("a")?.value)).toEqual(["y", "x", "z", "y"]);
  });
});

describe("advance", () => {
  test("does about as many cells as it is told, and gives the same batch however it is cut", () => {
    const frame = {
      a: Array.from({ length: 50 }, (_, i) => (i % 3 ? i : null)),
      b: Array.from({ length: 50 }, (_, i) => `s${i % 4}`),
    };
    const batches = [1, 7, 50, 1000].map((step) => {
      const builder = new BatchBuilder({ maxStringBytes: 1000 });
      builder.begin(snapshotOf(frame), frameFacts());
      let steps = 1;
      while (!builder.advance(step)) steps++;
      expect(steps).toBe(Math.max(1, Math.ceil(100 / step)));
      return Buffer.from(builder.finish(finishFacts));
    });
    for (const batch of batches) expect(batch.equals(batches[0] as Buffer)).toBe(true);
  });

  test("counts a frame and its rows when it is complete", () => {
    const builder = new BatchBuilder({ maxStringBytes: 1000 });
    builder.begin(snapshotOf({ a: [1, 2, 3] }), frameFacts());
    expect(builder.advance(2)).toBe(false);
    expect([builder.frames, builder.rows]).toEqual([0, 0]);
    expect(builder.advance(2)).toBe(true);
    expect([builder.frames, builder.rows]).toEqual([1, 3]);
  });

  test("and its neighbours refuse to be called out of turn", () => {
    const builder = new BatchBuilder({ maxStringBytes: 1000 });
    expect(() => builder.advance(1)).toThrow(/no frame is begun/);
    builder.begin(snapshotOf({ a: [1, 2] }), frameFacts());
    expect(() => builder.begin(snapshotOf({ a: [1] }), frameFacts())).toThrow(/begun already/);
    expect(() => builder.finish(finishFacts)).toThrow(/not complete/);
  });
});

describe("abandon", () => {
  const everything = {
    n: [1, null, 3],
    i: [1n, 2n ** 64n, 3n],
    s: ["a", "b", "\ud83d"],
    b: [true, null, false],
    d: [new Date(1), null, new Date(2)],
    o: [{ a: 1 }, [1, 2], ["x"]],
  };
  const other = {
    n: ["x", -100, 1e9],
    s: ["new", "b", "z"],
    o: [[9], { z: 1 }, null],
    d: [new Date(-9), 1, 2],
    fresh: [1, 2, 3],
    b: [1, 2, 3],
    i: [-7n, 9n, "q"],
  };

  test.each([0, 1, 4, 10, 20])("after %i cells leaves earlier frames as they were", (cells) => {
    const build = (abandoned: boolean): Buffer => {
      const builder = new BatchBuilder({ maxStringBytes: 1000 });
      builder.begin(snapshotOf(everything), frameFacts());
      builder.advance(all);
      if (abandoned) {
        builder.begin(snapshotOf(other), frameFacts());
        builder.advance(cells);
        builder.abandon();
      }
      builder.begin(snapshotOf({ n: [5], s: ["b"], later: [1] }), frameFacts());
      builder.advance(all);
      return Buffer.from(builder.finish(finishFacts));
    };
    expect(build(true).equals(build(false))).toBe(true);
  });

  test("after a dictionary was given up within the abandoned frame", () => {
    const builder = new BatchBuilder({ maxStringBytes: 1000 });
    builder.begin(snapshotOf({ s: ["a", "b", "a"] }), frameFacts());
    builder.advance(all);
    builder.begin(snapshotOf({ s: Array.from({ length: 5000 }, (_, i) => `u${i}`) }), frameFacts());
    builder.advance(4999);
    builder.abandon();
    expect(cellsOf(decodeBatch(builder.finish(finishFacts))).map((row) => row.get("s")?.value)).toEqual([
      "a",
      "b",
      "a",
    ]);
  });

  test("without a frame does nothing", () => {
    const builder = new BatchBuilder({ maxStringBytes: 1000 });
    builder.abandon();
    expect(builder.frames).toBe(0);
  });
});

describe("finish", () => {
  test("empties the builder, and a second batch is as if it were the first", () => {
    const builder = new BatchBuilder({ maxStringBytes: 1000 });
    const build = (frame: unknown): Buffer => {
      builder.begin(snapshotOf(frame), frameFacts());
      builder.advance(all);
      const bytes = Buffer.from(builder.finish(finishFacts));
      expect([builder.frames, builder.rows]).toEqual([0, 0]);
      return bytes;
    };
    const frame = { a: [1, null], s: ["x", "y"], o: [{ a: 1 }, null] };
    const first = build(frame);
    build({ a: ["other", 1], t: [true, false], s: [null, null], gone: [1, 2] });
    const batch = decodeBatch(build(frame));
    expect(batch).toEqual(decodeBatch(first));
    expect(batch.header.untyped).toEqual([]);
  });

  test("puts the batch into a SharedArrayBuffer, or, when told, an ordinary one", () => {
    expect(new BatchBuilder({ maxStringBytes: 9 }).finish(finishFacts).buffer).toBeInstanceOf(
      SharedArrayBuffer,
    );
    expect(
      new BatchBuilder({ maxStringBytes: 9, allocate: (size) => new Uint8Array(size) }).finish(finishFacts)
        .buffer,
    ).toBeInstanceOf(ArrayBuffer);
  });

  test("says beforehand about how large the batch is", () => {
    const builder = new BatchBuilder({ maxStringBytes: 1 << 20 });
    builder.begin(
      snapshotOf({
        n: new Float64Array(20_000),
        s: Array.from({ length: 20_000 }, (_, i) => `text ${i}`),
        l: Array.from({ length: 20_000 }, () => [1, 2]),
      }),
      frameFacts(),
    );
    builder.advance(all);
    const said = builder.byteLength;
    const size = builder.finish(finishFacts).length;
    expect(Math.abs(said - size) / size).toBeLessThan(0.02);
  });
});

describe("strings", () => {
  const kindOf = (texts: string[]): string => batchOf([{ s: texts }]).columns[0]?.values.kind as string;

  test("that repeat become a dictionary, that do not stay plain", () => {
    expect(kindOf(Array.from({ length: 5000 }, (_, i) => `s${i % 100}`))).toBe("dictionary");
    expect(kindOf(Array.from({ length: 5000 }, (_, i) => `s${i}`))).toBe("bytes");
  });

  test("a column that stopped repeating is plain, with all its values", () => {
    const texts = Array.from({ length: 9000 }, (_, i) => (i < 1000 ? "same" : `é${i}`));
    expect(cellsOf(batchOf([{ s: texts }])).map((row) => row.get("s")?.value)).toEqual(texts);
  });

  test("a column of few texts a batch that all differ is plain from the next batch on, for a while", () => {
    const builder = new BatchBuilder({ maxStringBytes: 1000 });
    const kinds: (string | undefined)[] = [];
    for (let batch = 0; batch < 30; batch++) {
      const differ = Array.from({ length: 200 }, (_, i) => `${batch} ${i}`);
      const repeat = differ.map((_, i) => `category ${i % 100}`);
      builder.begin(snapshotOf({ differ, repeat }), frameFacts());
      builder.advance(10_000);
      const { columns } = decodeBatch(builder.finish(finishFacts));
      kinds.push(columns[0]?.values.kind);
      expect(columns[1]?.values.kind).toBe("dictionary");
      expect(columnValues(columns[0] as (typeof columns)[number], 200)).toEqual(differ);
    }
    expect(kinds[0]).toBe("dictionary");
    expect(kinds[1]).toBe("bytes");
    expect(kinds.filter((kind) => kind === "dictionary")).toHaveLength(2);
  });
});

test("least and greatest values leave NaN out, and are reversed when there are none", () => {
  const [a, b, c] = batchOf([
    { a: [Number.NaN, 3, -1], b: [Number.NaN, null, Number.NaN], c: [5n, -(2n ** 60n), null] },
  ]).columns;
  expect(a?.values).toMatchObject({ min: -1, max: 3 });
  expect(b?.values).toMatchObject({ min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY });
  expect(c?.values).toMatchObject({ min: -(2n ** 60n), max: 5n });
});
