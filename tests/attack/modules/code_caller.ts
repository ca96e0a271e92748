import { attack } from "./kit.ts";

function callerOf() {
  return arguments.callee.caller;
}

export default attack(
  () => callerOf(),
  () => Function.prototype.caller,
  () => attack.caller.caller,
  () => Object.getOwnPropertyDescriptor(Function.prototype, "arguments")?.get?.call(attack),
);
