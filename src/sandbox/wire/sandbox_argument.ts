/** The hidden command-line argument that starts the program as a sandbox. */
export const SANDBOX_ARGUMENT = "__sandbox";
