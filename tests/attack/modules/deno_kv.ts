import { attack } from "./kit.ts";

export default attack(
  () => Deno.openKv("__DATA__/db/ledger.sqlite"),
  () => localStorage.setItem("a", "b"),
  () => sessionStorage.length,
  () => caches.open("a"),
  () => indexedDB.open("a"),
);
