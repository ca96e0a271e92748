/**
 * The hidden command-line argument that makes the program set the kernel layers on itself and print
 * their names as JSON.
 */
export const LAYERS_ARGUMENT = "__layers";
