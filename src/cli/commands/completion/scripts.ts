import type { Command, CommandOptions } from "../../command.ts";

/** What can stand behind some words: `/spool` is what is behind `mdc spool`. */
interface Place {
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly description: string }[];
  readonly options: CommandOptions;
}

/** Every place, from the root down. */
function placesOf(commands: readonly Command[], common: CommandOptions, path = ""): Place[] {
  const words = commands.map(({ name, summary }) => ({ word: name, description: summary }));
  const below = commands.flatMap((command): Place[] => {
    const at = `${path}/${command.name}`;
    const options = { ...command.options, ...common };
    return "subcommands" in command
      ? placesOf(command.subcommands, common, at).map((place) =>
          place.path === at ? { ...place, options } : place,
        )
      : [{ path: at, words: [], options }];
  });
  return [{ path, words, options: common }, ...below];
}

/** The options that take a value, as they are written. */
function valued(places: readonly Place[]): string[] {
  const found = places.flatMap(({ options }) =>
    Object.entries(options).flatMap(([name, { type }]) => (type === "string" ? [`--${name}`] : [])),
  );
  return [...new Set(found)];
}

function candidates({ words, options }: Place): string {
  return [...words.map(({ word }) => word), ...Object.keys(options).map((name) => `--${name}`)].join(" ");
}

function pathsOf(places: readonly Place[]): string {
  return places.flatMap(({ path }) => (path === "" ? [] : [path])).join("|");
}

/** For bash: what is no word or option of ours, such as the value of an option, is a file's name. */
export function bashScript(commands: readonly Command[], common: CommandOptions): string[] {
  const places = placesOf(commands, common);
  return [
    "_mdc() {",
    '  local at="" list="" i',
    "  COMPREPLY=()",
    "  for ((i = 1; i < COMP_CWORD; i++)); do",
    '    case "$at/${COMP_WORDS[i]}" in',
    `      ${pathsOf(places)}) at="$at/\${COMP_WORDS[i]}" ;;`,
    "    esac",
    "  done",
    '  case "${COMP_WORDS[COMP_CWORD - 1]}" in',
    `    ${valued(places).join("|")}) return ;;`,
    "  esac",
    '  case "$at" in',
    ...places.map((place) => `    "${place.path}") list="${candidates(place)}" ;;`),
    "  esac",
    '  COMPREPLY=($(compgen -W "$list" -- "${COMP_WORDS[COMP_CWORD]}"))',
    "}",
    "complete -o default -F _mdc mdc",
  ];
}

/** For zsh, with `compinit` loaded. */
export function zshScript(commands: readonly Command[], common: CommandOptions): string[] {
  const places = placesOf(commands, common);
  return [
    "#compdef mdc",
    "_mdc() {",
    '  local at="" i',
    "  for ((i = 2; i < CURRENT; i++)); do",
    '    case "$at/${words[i]}" in',
    `      (${pathsOf(places)}) at="$at/\${words[i]}" ;;`,
    "    esac",
    "  done",
    '  case "${words[CURRENT - 1]}" in',
    `    (${valued(places).join("|")}) _files; return ;;`,
    "  esac",
    '  case "$at" in',
    ...places.map((place) => `    ("${place.path}") compadd -- ${candidates(place)} ;;`),
    "  esac",
    "}",
    "compdef _mdc mdc",
  ];
}

/** For fish. */
export function fishScript(commands: readonly Command[], common: CommandOptions): string[] {
  return placesOf(commands, common).flatMap(({ path, words, options }) => {
    const seen = path.split("/").slice(1);
    const when =
      seen.length === 0
        ? "__fish_use_subcommand"
        : seen.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    const start = `complete -c mdc -n '${when}'`;
    return [
      ...words.map(({ word, description }) => `${start} -f -a ${word} -d ${fishText(description)}`),
      ...Object.entries(options).map(([name, { short, type, description }]) => {
        const letter = short === undefined ? "" : ` -s ${short}`;
        return `${start} -l ${name}${letter}${type === "string" ? " -r" : ""} -d ${fishText(description)}`;
      }),
    ];
  });
}

function fishText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
