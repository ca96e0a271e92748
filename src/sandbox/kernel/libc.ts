/** Linux's system calls, through the C library, as far as the kernel layers need them. */
export type Libc = ReturnType<typeof openLibc>;

/** @throws {Error} if the C library is not glibc, or FFI is not permitted */
export function openLibc() {
  return Deno.dlopen(
    "libc.so.6",
    {
      prctl: { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" },
      setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
      /** number, attributes, their size, flags */
      createRuleset: {
        name: "syscall",
        parameters: ["i64", "buffer", "usize", "u32"],
        result: "i64",
      },
      /** number, ruleset's descriptor, flags */
      restrictSelf: { name: "syscall", parameters: ["i64", "i32", "u32"], result: "i64" },
      /** number, operation, flags, arguments */
      seccomp: { name: "syscall", parameters: ["i64", "u32", "u32", "buffer"], result: "i64" },
    } as const,
  );
}
