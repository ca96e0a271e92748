import { Brand, Page } from "../dashboard/page.tsx";
import { Facts } from "../dashboard/parts.tsx";
import { type Column, Table } from "../dashboard/table.tsx";
import { type ProblemCode, PROBLEMS } from "../http/problems.ts";
import type { Audience, Body, Route } from "../http/route.ts";
import { documentedPath, problemsOf } from "./document.ts";
import { type DocumentedParameter, parametersOf } from "./parameters.ts";

const CODES = Object.keys(PROBLEMS) as ProblemCode[];

/** `/docs`: the API for people, generated from the same routes as the document for programs. */
export function ReferencePage({ routes, version, server }: {
  routes: readonly Route[];
  version: string;
  /** The URL of the server, for the examples. */
  server: string;
}) {
  const tags = [...new Set(routes.map(({ tag }) => tag))];
  return (
    <Page title="API" version={version} viewer={null}>
      <div class="head">
        <div>
          <Brand />
          <h1>HTTP API</h1>
          <p class="lead">
            <code>mysimbdp fetch</code> and the dashboard use only these routes. For programs:{" "}
            <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1). The examples need{" "}
            <code>{`SERVER=${server}`}</code>.
          </p>
        </div>
      </div>
      <div class="docs">
        <nav aria-label="Routes">
          {tags.map((tag) => (
            <div>
              <strong>{tag}</strong>
              <ul>
                {routes.filter((each) => each.tag === tag).map(({ id, summary }) => (
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
              {routes.filter((each) => each.tag === tag)
                .map((route) => <RouteCard route={route} />)}
            </section>
          ))}
          <Problems />
        </div>
      </div>
    </Page>
  );
}

const AUDIENCES: Record<Audience, string> = {
  anyone: "no authentication",
  customer: "customer",
  operator: "operator",
};

function RouteCard({ route }: { route: Route }) {
  const { id, method, path, summary, description, audience, body, answer } = route;
  const parameters = parametersOf(route);
  return (
    <article class="card" id={id} aria-labelledby={`${id}-title`}>
      <header>
        <div>
          <h2 id={`${id}-title`}>{summary}</h2>
          <div class="route">
            <span class={`verb ${method}`}>{method.toUpperCase()}</span>
            <code>{documentedPath(path)}</code>
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
        <Table
          columns={PARAMETER_COLUMNS}
          items={parameters}
          label="Parameters"
          look="plain"
          empty={null}
        />
        <h3>Request</h3>
        <pre tabindex={0}>{curlOf(route)}</pre>
        <h3>
          {answer.status}: <Words text={answer.description} />
        </h3>
        {answer.headers && (
          <Facts
            facts={Object.entries(answer.headers).map(([name, text]) => [
              <code>{name}</code>,
              <Words text={text} />,
            ])}
          />
        )}
        {answer.body && <pre tabindex={0}>{shown(answer.body)}</pre>}
        {body?.schema && <p class="muted small">The schema of the body is in openapi.json.</p>}
        <details>
          <summary>Problems</summary>
          <p>
            {problemsOf(route).map((code) => [
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

const PARAMETER_COLUMNS: Column<DocumentedParameter>[] = [
  { name: "Parameter", cell: ({ name }) => <code>{name}</code> },
  { name: "In", cell: (parameter) => `${parameter.in}${parameter.required ? "" : ", optional"}` },
  { name: "Description", cell: ({ description }) => <Words text={description} /> },
];

const PROBLEM_COLUMNS: Column<ProblemCode>[] = [
  { name: "Type", cell: (code) => <code>{code}</code> },
  { name: "Status", cell: (code) => PROBLEMS[code].status },
  { name: "When", cell: (code) => <Words text={PROBLEMS[code].when} /> },
];

function Problems() {
  return (
    <section class="card" id="problems" aria-labelledby="problems-title">
      <header>
        <h2 id="problems-title">Problems</h2>
      </header>
      <div class="body">
        <p>
          <code>application/problem+json</code> (RFC 9457). <code>type</code> is{" "}
          <code>urn:mysimbdp:problem:</code> followed by one of these types; <code>hint</code>{" "}
          suggests what to do; <code>details</code> has limits and numbers for programs.
        </p>
      </div>
      <Table
        columns={PROBLEM_COLUMNS}
        items={CODES}
        label="Problem types"
        look="plain"
        row={(code) => ({ id: `problem-${code}` })}
      />
    </section>
  );
}

/** Text with code between backticks. */
function Words({ text }: { text: string }) {
  return <>{text.split("`").map((part, at) => at % 2 === 1 ? <code>{part}</code> : part)}</>;
}

/** The example request as a command. */
function curlOf(route: Route): string {
  const { method, path, audience, query, body } = route;
  const parameters = parametersOf(route);
  const filled = parameters.reduce(
    (text, { name, example = "" }) => text.replace(`{${name}}`, example),
    documentedPath(path),
  );
  const search = new URLSearchParams(query?.example).toString();
  const headers = parameters.filter((each) => each.in === "header" && each.required)
    .map(({ name, example }) => [name, example] as const);
  const type = body && [["Content-Type", body.mediaType ?? "application/json"] as const];
  return [
    `curl "$SERVER${filled}${search && `?${search}`}"`,
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
