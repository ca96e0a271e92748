import { attack } from "./kit.ts";

/** All prototypes of a record: its class, the proxy that notices names, and the language's. */
function chain(record: object): object[] {
  const prototypes: object[] = [];
  for (let o = Object.getPrototypeOf(record); o !== null; o = Object.getPrototypeOf(o)) {
    prototypes.push(o);
  }
  return prototypes;
}

const spy = new Proxy({}, {
  getOwnPropertyDescriptor() {
    throw new Error("seen");
  },
});

export default attack(
  (record) => {
    for (const each of chain(record)) Object.assign(each, { marker: "GOT" });
  },
  (record) => {
    for (const each of chain(record)) Object.setPrototypeOf(each, { marker: "GOT" });
  },
  (record) => {
    for (const each of chain(record)) Object.defineProperty(each, "x", { value: "GOT" });
  },
  (record) => chain(record).at(-1) === Object.prototype ? undefined : "a foreign prototype",
  (record) => chain(record).length <= 3 ? undefined : "more prototypes",
  (record) => chain(record).slice(0, -1).flatMap((each) => Reflect.ownKeys(each)).at(0),
  (record) => record.constructor === Object ? undefined : record.constructor,
  (record) => chain(record)[1]?.constructor.constructor("return globalThis")(),
  (record) => Reflect.get(chain(record)[1]!, "toString", spy) === spy.toString ? undefined : "a get",
  (record) => Object.entries(Object.getOwnPropertyDescriptors(chain(record)[1])).at(0),
);
