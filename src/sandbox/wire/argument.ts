/** The hidden argument with which the program starts itself as a sandbox. */
export const SANDBOX_ARGUMENT = "__sandbox";
