import {
  allCommands,
  type CommandNode,
  type Flag,
  keyOf,
  namesOf,
  type Place,
  valueFlags,
} from "../command_tree.ts";

/** Returns the completion script for fish. */
export function fishCompletions(program: CommandNode): string {
  const nodes = [...allCommands(program)];
  const known = nodes.slice(1).map(keyOf).join(" ");
  const valued = nodes.flatMap((node) =>
    valueFlags(node).flatMap(namesOf).map((name) => `${keyOf(node)}:${name}`)
  ).map(quote);
  return `# fish completion of mysimbdp: mysimbdp completions fish
function __mysimbdp_at
    set -l path ""
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- "$path:$word" ${valued.join(" ")}
            set skip 1
        else if contains -- "$path/$word" ${known}
            set path "$path/$word"
        end
    end
    test "$path" = "$argv[1]"
end
complete -c mysimbdp -f
${nodes.flatMap(linesOf).join("\n")}
`;
}

function linesOf(node: CommandNode): string[] {
  const at = `complete -c mysimbdp -n ${quote(`__mysimbdp_at "${keyOf(node)}"`)}`;
  const children = node.children.map(({ path, what }) =>
    `${at} -a ${path.at(-1)} -d ${quote(what)}`
  );
  const places = node.arguments.map(({ value }) => value).filter(({ kind }) => kind !== "text");
  const flags = node.flags.map((flag) => `${at}${flagPart(flag)} -d ${quote(flag.what)}`);
  return [...children, ...places.map((place) => `${at}${offer(place)}`), ...flags];
}

function flagPart({ short, long, placeholder, value }: Flag): string {
  const names = (short ? ` -s ${short.slice(1)}` : "") + (long ? ` -l ${long.slice(2)}` : "");
  return placeholder === null ? names : `${names} -r${offer(value)}`;
}

function offer(place: Place): string {
  if (place.kind === "choice") return ` -a ${quote(place.words.join(" "))}`;
  if (place.kind === "text") return "";
  return place.kind === "folder" ? " -a '(__fish_complete_directories)'" : " -F";
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
