import { withRows } from "./kit.ts";

/** Each read returns something else. */
export default withRows((_, ctx) => {
  let looks = 0;
  return {
    get items() {
      looks++;
      return {
        id: ctx.rowId,
        get content() {
          if (++looks > 3) throw new Error("GOT looked at too often");
          const got = () => "GOT";
          return new class {
            toString = got;
            toJSON = got;
            [Symbol.toPrimitive] = got;
          }();
        },
      };
    },
  };
});
