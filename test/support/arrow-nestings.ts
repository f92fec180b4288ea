import * as flechette from "@uwdata/flechette";
import * as arrow from "apache-arrow";
import fc from "fast-check";
import { isNull, type Kind } from "./arrow-kind.ts";
import { integer } from "./arrow-scalars.ts";

/** A kind of which one member can not be had in apache-arrow can not, either. */
const typeIf = (kinds: readonly Kind[], make: (types: arrow.DataType[]) => arrow.DataType) =>
  kinds.some((kind) => kind.arrow === undefined)
    ? undefined
    : make(kinds.map((kind) => kind.arrow as arrow.DataType));

const field = (name: string, type: arrow.DataType): arrow.Field => new arrow.Field(name, type, true);

function listCell(of: Kind, value: unknown): readonly [string, unknown] | null {
  if (isNull(value)) return null;
  const items = value as unknown[];
  const text = `[${items.map((item) => of.json(item)).join(",")}]`;
  if (of.element === "json") return ["json", text];
  const cells = items.map((item) => of.cell(item));
  if (cells.some((cell) => cell?.[0] === "rejected")) {
    const texts = items.map((item) =>
      typeof item === "bigint" && of.element === "int64" ? `"${item}"` : of.json(item),
    );
    return ["rejected", `[${texts.join(",")}]`];
  }
  const stored = cells.map((cell) => (cell === null ? null : cell[1]));
  return [of.element === "null" ? "list<float64>" : `list<${of.element}>`, stored];
}

const jsonOfCell = (cell: readonly [string, unknown] | null, text: string): string => {
  if (cell === null) return "null";
  return cell[0] === "rejected" ? String(cell[1]) : text;
};

const flechetteLists = {
  list: (type: flechette.DataType): flechette.DataType => flechette.list(type),
  largeList: (type: flechette.DataType): flechette.DataType => flechette.largeList(type),
  fixedSizeList: (type: flechette.DataType): flechette.DataType => flechette.fixedSizeList(type, 2),
  listView: (type: flechette.DataType): flechette.DataType => flechette.listView(type),
  largeListView: (type: flechette.DataType): flechette.DataType => flechette.largeListView(type),
};

/**
 * Lists of a kind: by offsets of 32 or 64 bits, of a fixed length, or by views, which flechette alone has.
 */
export function listOf(of: Kind, form: keyof typeof flechetteLists): Kind {
  const size = 2;
  const fixed = form === "fixedSizeList";
  const item = fc.option(of.value, { freq: 4 });
  const big = form.startsWith("large");
  return {
    name: `${form}<${of.name}>`,
    arrow: typeIf(form.endsWith("View") ? [{ ...of, arrow: undefined }] : [of], ([type]) => {
      const child = field("item", type as arrow.DataType);
      if (fixed) return new arrow.FixedSizeList(size, child);
      return big ? new arrow.LargeList(child) : new arrow.List(child);
    }),
    flechette: flechetteLists[form](of.flechette),
    value: fixed ? fc.array(item, { minLength: size, maxLength: size }) : fc.array(item, { maxLength: 3 }),
    filler: [of.filler, null],
    cell: (value) => listCell(of, value),
    json: (value) =>
      jsonOfCell(
        listCell(of, value),
        `[${((value as unknown[]) ?? []).map((each) => of.json(each)).join(",")}]`,
      ),
    element: "json",
    lay(values) {
      const valid = values.map((value) => !isNull(value));
      const lists = values.map((value) =>
        isNull(value) ? (fixed ? [of.filler, of.filler] : []) : (value as unknown[]),
      );
      const laid = { length: values.length, valid };
      if (fixed) return { ...laid, children: [{ kind: of, values: lists.flat() }] };
      const numbers = (all: number[]) => (big ? BigInt64Array.from(all, BigInt) : Int32Array.from(all));
      if (form.endsWith("View")) {
        // Views may stand in any order: the last list first.
        const starts: number[] = [];
        const child: unknown[] = [of.filler];
        for (let i = lists.length - 1; i >= 0; i--) {
          starts[i] = child.length;
          child.push(...(lists[i] as unknown[]));
        }
        return {
          ...laid,
          offsets: numbers(starts),
          sizes: numbers(lists.map((list) => list.length)),
          children: [{ kind: of, values: child }],
        };
      }
      const ends = [1];
      for (const list of lists) ends.push((ends.at(-1) as number) + list.length);
      return {
        ...laid,
        offsets: numbers(ends),
        children: [{ kind: of, values: [of.filler, ...lists.flat()] }],
      };
    },
  };
}

/** Structs of these kinds, in fields `f0`, `a "quoted" name`, … */
export function structOf(kinds: readonly Kind[]): Kind {
  const names = kinds.map((_, i) => (i === 1 ? 'a "quoted" name' : `f${i}`));
  const json = (value: unknown): string =>
    isNull(value)
      ? "null"
      : `{${kinds.map((kind, i) => `${JSON.stringify(names[i])}:${kind.json((value as unknown[])[i])}`).join(",")}}`;
  return {
    name: `struct<${kinds.map(({ name }) => name).join()}>`,
    arrow: typeIf(
      kinds,
      (types) => new arrow.Struct(types.map((type, i) => field(names[i] as string, type))),
    ),
    flechette: flechette.struct(kinds.map((kind, i) => flechette.field(names[i] as string, kind.flechette))),
    value: fc.tuple(...kinds.map((kind) => fc.option(kind.value, { freq: 4 }))),
    filler: kinds.map((kind) => kind.filler),
    cell: (value) => (isNull(value) ? null : ["json", json(value)]),
    json,
    element: "json",
    lay: (values) => ({
      length: values.length,
      valid: values.map((value) => !isNull(value)),
      children: kinds.map((kind, i) => ({
        kind,
        // What is under a null is not null itself.
        values: values.map((value) => (isNull(value) ? kind.filler : (value as unknown[])[i])),
      })),
    }),
  };
}

/** Maps from one kind to another. */
export function mapOf(key: Kind, value: Kind): Kind {
  const entry = structOf([key, value]);
  const textKeys = key.element === "string";
  const json = (map: unknown): string => {
    if (isNull(map)) return "null";
    const pairs = (map as unknown[][]).map(([k, v]) => [key.json(k), value.json(v)] as const);
    const names = pairs.map(([name]) => name);
    return textKeys && new Set(names).size === names.length
      ? `{${pairs.map(([name, text]) => `${name}:${text}`).join(",")}}`
      : `[${pairs.map(([name, text]) => `[${name},${text}]`).join(",")}]`;
  };
  const entries = (types: arrow.DataType[]): arrow.Field =>
    new arrow.Field(
      "entries",
      new arrow.Struct(types.map((type, i) => new arrow.Field(i === 0 ? "key" : "value", type, i > 0))),
      false,
    );
  return {
    name: `map<${key.name},${value.name}>`,
    arrow: typeIf([key, value], (types) => new arrow.Map_(entries(types) as never)),
    flechette: flechette.map(key.flechette, value.flechette),
    value: fc.array(fc.tuple(key.value, fc.option(value.value, { freq: 4 })), { maxLength: 3 }),
    filler: [[key.filler, value.filler]],
    cell: (map) => (isNull(map) ? null : ["json", json(map)]),
    json,
    element: "json",
    lay(values) {
      const lists = values.map((map) => (isNull(map) ? [] : (map as unknown[])));
      const ends = [0];
      for (const list of lists) ends.push((ends.at(-1) as number) + list.length);
      return {
        length: values.length,
        valid: values.map((map) => !isNull(map)),
        offsets: Int32Array.from(ends),
        children: [{ kind: { ...entry, arrow: entry.arrow }, values: lists.flat() }],
      };
    },
  };
}

type Member = readonly [member: number, value: unknown];

/** Unions of these kinds, whose type ids are 5, 6, … A value is `[member, value]`. */
export function unionOf(kinds: readonly Kind[], dense: boolean): Kind {
  const ids = kinds.map((_, i) => i + 5);
  const json = (value: unknown): string =>
    isNull(value) ? "null" : (kinds[(value as Member)[0]] as Kind).json((value as Member)[1]);
  return {
    name: `${dense ? "dense" : "sparse"}Union<${kinds.map(({ name }) => name).join()}>`,
    arrow: typeIf(kinds, (types) => {
      const fields = types.map((type, i) => field(`m${i}`, type));
      return dense ? new arrow.DenseUnion(ids, fields) : new arrow.SparseUnion(ids, fields);
    }),
    flechette: {
      ...flechette.union(dense ? 1 : 0, kinds.map((kind) => kind.flechette) as never, ids, () => 5),
      offsets: Int32Array,
    } as never,
    value: fc.oneof(
      ...kinds.map((kind, i) => fc.option(kind.value, { freq: 4 }).map((value): Member => [i, value])),
    ),
    filler: [0, kinds[0]?.filler],
    cell: (value) => (json(value) === "null" ? null : ["json", json(value)]),
    json,
    element: "json",
    lay(values) {
      const all = values.map((value) => (isNull(value) ? ([0, null] as const) : (value as Member)));
      const members = kinds.map((_, i) => all.map(([member, value]) => (member === i ? value : null)));
      const offsets = all.map(([member], i) => all.slice(0, i).filter(([other]) => other === member).length);
      return {
        length: values.length,
        typeIds: Int8Array.from(all, ([member]) => ids[member] as number),
        ...(dense ? { offsets: Int32Array.from(offsets) } : {}),
        children: kinds.map((kind, i) => ({
          kind,
          values: dense
            ? all.flatMap(([member, value]) => (member === i ? [value] : []))
            : (members[i] as unknown[]),
        })),
      };
    },
  };
}

/** Dictionary-encoded values of a kind. The dictionary holds a null, too. */
export function dictionaryOf(of: Kind): Kind {
  return {
    ...of,
    name: `dictionary<${of.name}>`,
    arrow: typeIf([of], ([type]) => new arrow.Dictionary(type as arrow.DataType, new arrow.Int32())),
    flechette: flechette.dictionary(of.flechette, flechette.int32()),
    lay(values) {
      const entries = [null, of.filler, ...values.filter((value) => !isNull(value))];
      return {
        length: values.length,
        valid: values.map((value, i) => !isNull(value) || i % 2 === 0),
        values: Int32Array.from(values, (value) => entries.findIndex((entry) => Object.is(entry, value))),
        dictionary: { kind: of, values: entries },
      };
    },
  };
}

/** Runs of equal values of a kind; flechette alone has them. */
export function runsOf(of: Kind): Kind {
  return {
    ...of,
    name: `runs<${of.name}>`,
    arrow: undefined,
    flechette: flechette.runEndEncoded(flechette.int32(), of.flechette),
    lay(values) {
      const ends: number[] = [];
      const runs: unknown[] = [];
      values.forEach((value, i) => {
        if (i > 0 && Object.is(value, runs.at(-1))) ends[ends.length - 1] = i + 1;
        else {
          ends.push(i + 1);
          runs.push(value);
        }
      });
      return {
        length: values.length,
        children: [
          { kind: integer(32, true), values: ends.map(BigInt) },
          { kind: of, values: runs },
        ],
      };
    },
  };
}
