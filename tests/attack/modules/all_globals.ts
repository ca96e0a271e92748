import { attack } from "./kit.ts";

const HARMLESS =
  /^(Array|ArrayBuffer|BigInt|BigInt64Array|BigUint64Array|Boolean|DataView|Date|Error|EvalError|Float16Array|Float32Array|Float64Array|Function|Infinity|Int16Array|Int32Array|Int8Array|Iterator|JSON|Map|Math|NaN|Number|Object|Promise|Proxy|RangeError|ReferenceError|Reflect|RegExp|Set|String|Symbol|TextDecoder|TextEncoder|SyntaxError|TypeError|URIError|Uint16Array|Uint32Array|Uint8Array|Uint8ClampedArray|WeakMap|WeakSet|AggregateError|AsyncDisposableStack|DisposableStack|SuppressedError|Compartment|ModuleSource|assert|harden|lockdown|console|decodeURI|decodeURIComponent|encodeURI|encodeURIComponent|escape|unescape|eval|globalThis|isFinite|isNaN|parseFloat|parseInt|undefined|__mysimbdp|__module)$/;

/** Everything else in the global object belongs to the host. */
export default attack(() => {
  const found = [];
  for (let at = globalThis; at !== null; at = Object.getPrototypeOf(at)) {
    if (at !== Object.prototype) found.push(...Reflect.ownKeys(at).map(String));
  }
  const more = found.filter((name) => !HARMLESS.test(name) && !name.startsWith("Symbol("));
  return more.length > 0 ? more : undefined;
});
