// Shows the result of a form, and answers of the API.

export const NO_RESPONSE = "The server does not respond.";

/** Shows a text in a form's output, with a link if there is more to see; an empty text hides it. */
export function report(form, text, tone = "", link = null) {
  const output = form.querySelector("output");
  output.className = text === "" ? "" : `notice ${tone}`;
  output.textContent = text;
  if (!link) return;
  const anchor = document.createElement("a");
  anchor.href = link.href;
  anchor.textContent = link.text;
  output.append(" ", anchor);
}

/** Returns the problem in an answer of the API as a text. */
export function problemText(problem) {
  return [problem.detail, problem.hint].filter(Boolean).join(". ");
}

/** Runs `work` when the form is submitted, with its button disabled; reports a failure. */
export function onSubmit(form, work) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    try {
      await work();
    } catch {
      report(form, NO_RESPONSE, "bad");
    } finally {
      button.disabled = false;
    }
  });
}
