import { Brand, Page } from "../dashboard/page.tsx";
import type { ProblemCode } from "../http/problems.ts";
import { PROBLEMS } from "../http/problems.ts";
import { problemsOf } from "./document.ts";
import type { Body, Operation, Parameter } from "./operation.ts";
import { queryParameters } from "./query.ts";

const CODES = Object.keys(PROBLEMS) as ProblemCode[];

/** `/docs`: the API for people, made of the same list as the document for programs. */
export function ReferencePage({ operations, version }: {
  operations: readonly Operation[];
  version: string;
}) {
  const tags = [...new Set(operations.map(({ tag }) => tag))];
  return (
    <Page title="API" version={version} viewer={null}>
      <div class="head">
        <div>
          <Brand />
          <h1>HTTP API</h1>
          <p class="lead">
            All that <code>mysimbdp fetch</code> and the dashboard use. For programs:{" "}
            <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).
          </p>
        </div>
      </div>
      <div class="docs">
        <nav aria-label="Routes">
          {tags.map((tag) => (
            <div>
              <strong>{tag}</strong>
              <ul>
                {operations.filter((each) => each.tag === tag).map(({ id, summary }) => (
                  <li>
                    <a href={`#${id}`}>{summary}</a>
                  </li>
                ))}
              </ul>
            </div>
          ))}
          <div>
            <strong>Problems</strong>
            <ul>
              <li>
                <a href="#problems">All types</a>
              </li>
            </ul>
          </div>
        </nav>
        <div class="list">
          {tags.map((tag) => (
            <section aria-label={tag}>
              {operations.filter((each) => each.tag === tag).map((operation) => (
                <Route operation={operation} />
              ))}
            </section>
          ))}
          <Problems />
        </div>
      </div>
    </Page>
  );
}

const AUDIENCES: Record<Operation["audience"], string> = {
  anyone: "no sign-in",
  customer: "customer",
  operator: "operator",
};

function Route({ operation }: { operation: Operation }) {
  const { id, method, path, summary, description, audience, body, answer } = operation;
  const parameters = [...(operation.parameters ?? []), ...queryParameters(operation)];
  return (
    <article class="card" id={id} aria-labelledby={`${id}-title`}>
      <header>
        <div>
          <h2 id={`${id}-title`}>{summary}</h2>
          <div class="route">
            <span class={`verb ${method}`}>{method.toUpperCase()}</span>
            <code>{path}</code>
          </div>
        </div>
        <span class="state">{AUDIENCES[audience]}</span>
      </header>
      <div class="body">
        {description && (
          <p>
            <Words text={description} />
          </p>
        )}
        {parameters.length > 0 && <Parameters parameters={parameters} />}
        <h3>Request</h3>
        <pre tabindex={0}>{curlOf(operation)}</pre>
        <h3>
          {answer.status}: <Words text={answer.description} />
        </h3>
        {answer.headers && (
          <dl class="facts">
            {Object.entries(answer.headers).map(([name, text]) => [
              <dt>
                <code>{name}</code>
              </dt>,
              <dd>
                <Words text={text} />
              </dd>,
            ])}
          </dl>
        )}
        {answer.body && <pre tabindex={0}>{shown(answer.body)}</pre>}
        {body?.schema && <p class="muted small">The schema of the body is in openapi.json.</p>}
        <details>
          <summary>Problems</summary>
          <p>
            {problemsOf(operation).map((code) => [
              <a href={`#problem-${code}`}>
                <code>{code}</code>
              </a>,
              " ",
            ])}
          </p>
        </details>
      </div>
    </article>
  );
}

function Parameters({ parameters }: { parameters: ShownParameter[] }) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Parameters">
      <table>
        <thead>
          <tr>
            <th scope="col">Parameter</th>
            <th scope="col">In</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {parameters.map(({ name, in: place, description, required }) => (
            <tr>
              <td>
                <code>{name}</code>
              </td>
              <td>{place}{required === false ? ", optional" : ""}</td>
              <td>
                <Words text={description} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

type ShownParameter = Omit<Parameter, "in" | "example"> & { in: string };

function Problems() {
  return (
    <section class="card" id="problems" aria-labelledby="problems-title">
      <header>
        <h2 id="problems-title">Problems</h2>
      </header>
      <div class="body">
        <p>
          <code>application/problem+json</code> (RFC 9457). <code>type</code> is{" "}
          <code>urn:mysimbdp:problem:</code> and one of these words; <code>hint</code>{" "}
          says what can be done, <code>details</code> has facts for programs.
        </p>
      </div>
      <div class="scroll" tabindex={0} role="region" aria-label="Problem types">
        <table>
          <thead>
            <tr>
              <th scope="col">Type</th>
              <th scope="col">Status</th>
              <th scope="col">When</th>
            </tr>
          </thead>
          <tbody>
            {CODES.map((code) => (
              <tr id={`problem-${code}`}>
                <td>
                  <code>{code}</code>
                </td>
                <td>{PROBLEMS[code].status}</td>
                <td>
                  <Words text={PROBLEMS[code].when} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Text in which what stands between backticks is code. */
function Words({ text }: { text: string }) {
  return <>{text.split("`").map((part, at) => at % 2 === 1 ? <code>{part}</code> : part)}</>;
}

/** The example as a command line. */
function curlOf(
  { method, path, audience, parameters = [], queryExample, body }: Operation,
): string {
  const inPath = parameters.filter((each) => each.in === "path");
  const filled = inPath.reduce((text, p) => text.replace(`{${p.name}}`, p.example), path);
  const query = new URLSearchParams(queryExample).toString();
  const url = `$SERVER${filled}${query && `?${query}`}`;
  const headers = parameters.filter((each) => each.in === "header" && each.required !== false)
    .map(({ name, example }) => [name, example] as const);
  const type = body && [["Content-Type", body.mediaType ?? "application/json"] as const];
  return [
    `curl "${url}"`,
    method === "get" ? "" : method === "head" ? "--head" : `-X ${method.toUpperCase()}`,
    audience === "anyone" ? "" : `-u ${audience === "operator" ? "admin" : "customer-1"}`,
    ...[...headers, ...(type ?? [])].map(([name, value]) => `-H "${name}: ${value}"`),
    body ? `--data-binary ${quoted(shown(body))}` : "",
  ].filter((part) => part !== "").join(" \\\n  ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function shown({ example }: Body): string {
  return typeof example === "string" ? example : JSON.stringify(example, null, 2);
}
