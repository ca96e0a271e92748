import { Field } from "./form.tsx";
import { Brand, Page, type Viewer } from "./page.tsx";

/** The sign-in page of customers and operators. */
export function SignInPage({ version, error, user = "", role = "customer" }: {
  version: string;
  error?: string;
  user?: string;
  role?: Viewer["role"];
}) {
  return (
    <Page title="Sign in" version={version} viewer={null}>
      <div class="sign">
        <Brand />
        <section class="card" aria-labelledby="sign-in">
          <header>
            <h1 id="sign-in">Sign in</h1>
          </header>
          <div class="body">
            {error && <p class="notice bad" role="alert">{error}</p>}
            <form class="stack" method="post" action="/sign-in">
              <fieldset class="segments">
                <legend class="visually-hidden">Sign in as</legend>
                <Role role="customer" chosen={role} name="Customer" />
                <Role role="operator" chosen={role} name="Operator" />
              </fieldset>
              <Field
                label="User name"
                name="user"
                autocomplete="username"
                required
                value={user}
                autofocus
              />
              <Field
                label="Password"
                name="password"
                type="password"
                autocomplete="current-password"
                required
              />
              <button class="primary" type="submit">Sign in</button>
            </form>
          </div>
        </section>
        <p class="muted small">
          Customers sign in with the user name and password that <code>mysimbdp fetch</code>{" "}
          uses. A session ends after one hour.
        </p>
      </div>
    </Page>
  );
}

function Role({ role, chosen, name }: {
  role: Viewer["role"];
  chosen: Viewer["role"];
  name: string;
}) {
  return (
    <label>
      <input type="radio" name="role" value={role} checked={role === chosen} />
      {name}
    </label>
  );
}
