import { withHiddenShown } from "../../modules/visible.ts";
import type { ModuleView, VersionWithFiles } from "../../protocol/module_view.ts";
import { counted } from "./format.ts";
import { State, Time } from "./parts.tsx";

/** A module's versions, newest first, each with a link to its page. */
export function Versions({ module, base }: { module: ModuleView; base: string }) {
  if (module.versions.length === 0) {
    return (
      <div class="empty">
        <strong>No versions yet</strong>
        <span>Files wait until a version is approved.</span>
      </div>
    );
  }
  return (
    <div class="scroll">
      <table class="stacks">
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">State</th>
            <th scope="col">Submitted</th>
            <th scope="col">Decided by</th>
            <th scope="col">Note</th>
          </tr>
        </thead>
        <tbody>
          {module.versions.map(({ version, state, submittedAt, decidedBy, note, faults }) => (
            <tr>
              <td class="wide">
                <a class="name" href={`${base}/${version}`}>{version}</a>
                {version === module.current && <div class="sub">current version</div>}
              </td>
              <td data-label="State">
                <State state={state} />
              </td>
              <td data-label="Submitted">
                <Time at={submittedAt} />
              </td>
              <td data-label="Decided by">{decidedBy ?? "–"}</td>
              <td data-label="Note">
                {note ?? (faults.length > 0 ? counted(faults.length, "fault") : "–")}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The faults because of which a version cannot be used. */
export function Faults({ version: { faults } }: { version: VersionWithFiles }) {
  if (faults.length === 0) return null;
  return (
    <div class="notice bad">
      <strong>This version cannot be used:</strong>
      {faults.map(({ file, line, column, message }) => (
        <div>
          <code>{`${file}:${line}:${column}`}</code> {message}
        </div>
      ))}
    </div>
  );
}

/** The files of a version as submitted, with hidden characters made visible. */
export function Sources({ files }: { files: VersionWithFiles["files"] }) {
  const entries = Object.entries(files).sort(([a], [b]) => a < b ? -1 : 1);
  return (
    <section class="card" aria-labelledby="sources">
      <header>
        <h2 id="sources">Files</h2>
      </header>
      <div class="body">
        {entries.length === 0 && <p class="muted">The files of this version were not kept.</p>}
        {entries.map(([path, text]) => (
          <details>
            <summary>
              <code>{path}</code>
            </summary>
            <pre
              tabindex={0}
            >{path.endsWith(".wasm") ? "WebAssembly (binary)" : withHiddenShown(text)}</pre>
          </details>
        ))}
      </div>
    </section>
  );
}

/** A unified diff in colour; the signs at the start of the lines give the same information. */
export function Diff({ text }: { text: string }) {
  const lines = text.replace(/\n$/, "").split("\n");
  return (
    <div class="diff" tabindex={0} role="region" aria-label="Differences">
      {lines.map((line) => <span class={toneOf(line)}>{line === "" ? " " : line}</span>)}
    </div>
  );
}

function toneOf(line: string): string | undefined {
  if (/^(\+\+\+|---|@@)/.test(line)) return "at";
  if (line.startsWith("+")) return "add";
  return line.startsWith("-") ? "del" : undefined;
}
