/** What an intervention did. */
export interface Done {
  what: string;
  /** Repairs it, as the operator would. */
  undo?: () => Promise<void>;
}

/** Numbers from 0 to below 1, drawn before: the same seed makes the same choices. */
export interface Draws {
  which: number;
  how: number;
}
