import { allCommands, type CommandNode, type Flag, type Place } from "../command_tree.ts";

/** Returns the completion script for zsh. */
export function zshCompletions(program: CommandNode): string {
  const functions = [...allCommands(program)].map(functionOf).join("\n");
  return `#compdef mysimbdp
# zsh completion of mysimbdp: mysimbdp completions zsh
${functions}
if [ "$funcstack[1]" = "_mysimbdp" ]; then _mysimbdp "$@"; else compdef _mysimbdp mysimbdp; fi
`;
}

function nameOf(path: readonly string[]): string {
  return ["_mysimbdp", ...path].join("_").replaceAll("-", "_");
}

function functionOf(node: CommandNode): string {
  const flags = node.flags.map(flagSpec);
  if (node.children.length === 0) {
    const specs = [...flags, ...node.arguments.map(argumentSpec)];
    return `${nameOf(node.path)}() {\n  _arguments ${specs.join(" \\\n    ")}\n}`;
  }
  const specs = [...flags, quote("1: :->command"), quote("*:: :->rest")];
  const commands = node.children.map(({ path, what }) =>
    quote(`${path.at(-1)}:${what.replaceAll(":", "\\:")}`)
  );
  const cases = node.children.map(({ path }) => `      ${path.at(-1)}) ${nameOf(path)} ;;`);
  return `${nameOf(node.path)}() {
  local context state line
  local -a commands=(${commands.join(" ")})
  _arguments -C ${specs.join(" \\\n    ")}
  case $state in
    command) _describe command commands ;;
    rest) case $words[1] in
${cases.join("\n")}
    esac ;;
  esac
}`;
}

function flagSpec({ short, long, what, placeholder, value }: Flag): string {
  const text = `[${what.replace(/[[\]\\:]/g, "\\$&")}]`;
  const rest = placeholder === null ? text : `${text}:${placeholder.slice(1, -1)}:${action(value)}`;
  if (short === null || long === null) return quote(`${long ?? short}${rest}`);
  return `${quote(`(${short} ${long})`)}{${short},${long}}${quote(rest)}`;
}

function argumentSpec({ name, optional, many, value }: CommandNode["arguments"][number]): string {
  return quote(`${many ? "*" : ""}:${optional ? ":" : ""}${name}:${action(value)}`);
}

function action(place: Place): string {
  if (place.kind === "choice") return `(${place.words.join(" ")})`;
  if (place.kind === "text") return " ";
  return place.kind === "folder" ? "_files -/" : "_files";
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
