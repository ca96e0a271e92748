import {
  allCommands,
  type CommandNode,
  type Flag,
  keyOf,
  namesOf,
  type Place,
  valueFlags,
} from "../command_tree.ts";

/** Returns the completion script for bash. */
export function bashCompletions(program: CommandNode): string {
  const nodes = [...allCommands(program)];
  const commands = nodes.slice(1).map(keyOf).join("|");
  return `# bash completion of mysimbdp: mysimbdp completions bash
_mysimbdp() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path="" flag="" word i
  # "--dir=x" is passed as three words.
  if [[ $cur == "=" ]]; then cur=""; elif [[ $prev == "=" ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == "=" ]]; then continue; fi
    if [[ -n $flag ]]; then flag=""; continue; fi
    case "$path $word" in
${nodes.flatMap(skipCases).join("\n")}
    esac
    case "$path/$word" in
      ${commands}) path="$path/$word" ;;
    esac
  done
  COMPREPLY=()
  case "$path $prev" in
${nodes.flatMap(valueCases).join("\n")}
  esac
  case "$path" in
${nodes.map(nodeCase).join("\n")}
  esac
}
complete -F _mysimbdp mysimbdp
`;
}

function patternOf(node: CommandNode, flag: Flag): string {
  return namesOf(flag).map((name) => `"${keyOf(node)} ${name}"`).join("|");
}

function skipCases(node: CommandNode): string[] {
  return valueFlags(node).map((flag) => `      ${patternOf(node, flag)}) flag=$word; continue ;;`);
}

function valueCases(node: CommandNode): string[] {
  return valueFlags(node)
    .map((flag) => `    ${patternOf(node, flag)}) ${offer(flag.value)}return ;;`);
}

function nodeCase(node: CommandNode): string {
  const flags = node.flags.flatMap(({ short, long }) => long ?? short ?? []).join(" ");
  const children = node.children.map(({ path }) => path.at(-1)).join(" ");
  const path = node.arguments.map(({ value }) => value).find(({ kind }) => kind !== "text");
  const words = children !== ""
    ? `COMPREPLY=($(compgen -W "${children}" -- "$cur"))`
    : path
    ? offer(path).trimEnd().replace(/;$/, "")
    : ":";
  return `    "${keyOf(node)}")
      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "${flags}" -- "$cur"))
      else ${words}; fi ;;`;
}

function offer(place: Place): string {
  if (place.kind === "choice") {
    return `COMPREPLY=($(compgen -W "${place.words.join(" ")}" -- "$cur")); `;
  }
  if (place.kind === "text") return "";
  const how = place.kind === "folder" ? "-d" : "-f";
  return `compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen ${how} -- "$cur"); `;
}
