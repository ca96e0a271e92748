import { withRows } from "./kit.ts";

const NASTY = [
  null,
  undefined,
  {
    get message() {
      throw new Error("from the getter");
    },
  },
  new Proxy({}, {
    get: () => {
      throw new Error("from the trap");
    },
    getPrototypeOf: () => {
      throw new Error("from the trap");
    },
  }),
  {
    toString: () => {
      throw new Error("from toString");
    },
  },
  Symbol("thrown"),
  new Error("x".repeat(50_000_000)),
];

export default withRows((record) => {
  throw NASTY[Number(record.x) % NASTY.length];
});
