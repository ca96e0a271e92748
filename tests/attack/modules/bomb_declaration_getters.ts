import { csv } from "mysimbdp";

let looks = 0;
export default {
  get files() {
    return ++looks > 1 ? "/etc/*" : { toJSON: () => ["a*".repeat(10)] };
  },
  format: csv(),
  tables: new Proxy({}, {
    ownKeys: () => {
      for (;;);
    },
  }),
  row: () => null,
};
