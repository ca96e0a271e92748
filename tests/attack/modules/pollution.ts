import { attack } from "./kit.ts";

export default attack(
  () => {
    Object.prototype.polluted = "GOT";
  },
  () => {
    Array.prototype.push = () => {};
  },
  () => {
    Object.defineProperty(Object.prototype, "code", { value: "GOT" });
  },
  () => {
    ({}).__proto__.toJSON = () => "GOT";
  },
  () => {
    String.prototype.slice = () => "GOT";
  },
  () => {
    JSON.stringify = () => "GOT";
  },
  () => {
    Map.prototype.get = () => "GOT";
  },
  () => {
    Promise.prototype.then = () => "GOT";
  },
  () => {
    Symbol.prototype[Symbol.toPrimitive] = () => "GOT";
  },
  () => ({}).polluted,
);
