import { attack } from "./kit.ts";

export default attack(
  (_, ctx) => {
    ctx.reject = () => {};
  },
  (_, ctx) => {
    ctx.rowId = "00000000-0000-0000-0000-000000000000";
  },
  (_, ctx) => {
    ctx.__proto__ = null;
  },
  (_, ctx) => {
    ctx.reject.call = () => {};
  },
  (_, ctx) => ctx.reject.constructor("return this")().Deno,
  (_, ctx) => {
    console.log = () => {};
  },
  () => {
    console.log.__proto__.apply = () => {};
  },
  () => {
    __mysimbdp.csv = () => {};
  },
  () => __mysimbdp.csv.constructor("return this")().process,
  () => {
    globalThis.Object = null;
  },
);
