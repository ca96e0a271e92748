import { attack } from "./kit.ts";

class Mine extends Array {
  static get [Symbol.species]() {
    return function (length) {
      return new Proxy(new Array(length), {
        set: () => {
          throw new Error("from species");
        },
      });
    };
  }
}

export default attack(
  () => {
    Array[Symbol.species] = Mine;
  },
  () => {
    Object.defineProperty(Promise, Symbol.species, { value: Mine });
  },
  () => {
    Uint8Array[Symbol.species] = Mine;
  },
  () => new Mine(1, 2, 3).map((n) => n).Deno,
);
