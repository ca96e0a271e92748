import { withRows } from "./kit.ts";

/** A type that keeps a type checker busy forever. */
type Grow<T extends unknown[], N> = T["length"] extends N ? T
  : Grow<[...T, ...T, 1] | [...T, 2], N>;
type Bomb = Grow<[], 999>;
const bomb: Bomb = [] as Bomb;
void bomb;

export default withRows((_, ctx) => ctx.reject("refused: it is only types"));
