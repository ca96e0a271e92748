import { withRows } from "./kit.ts";

/** A careless host iterates a module's rows with methods that the module has overridden. */
class Mine extends Array {
  static get [Symbol.species]() {
    return () => {
      throw new Error("from species");
    };
  }
  *[Symbol.iterator]() {
    console.log("its own iterator was used");
    yield { id: "00000000-0000-0000-0000-000000000000", content: "its own row" };
  }
}

export default withRows((_, ctx) => ({
  items: new Mine({ id: ctx.rowId, content: 1n }, { nothing: 1 }),
}));
