import type { JSX } from "hono/jsx";

/**
 * A form with one button and room for the result; with `data-api`, `actions.js` sends it. Without the
 * script the browser sends it to the page itself, in the body, where nothing of it reaches a URL.
 */
export function Form({ submit, tone, children, ...form }: JSX.IntrinsicElements["form"] & {
  /** The text of the button. */
  submit: string;
  tone?: "primary" | "danger";
}) {
  return (
    <form class="body" method="post" {...form}>
      {children}
      <div class="actions">
        <button class={tone} type="submit">{submit}</button>
      </div>
      <output aria-live="polite"></output>
    </form>
  );
}

/** An input with its label, and a hint below it. */
export function Field({ label, hint, ...input }: JSX.IntrinsicElements["input"] & {
  label: string;
  hint?: string;
}) {
  return (
    <label>
      {label}
      <input {...input} />
      {hint && <span class="hint">{hint}</span>}
    </label>
  );
}
