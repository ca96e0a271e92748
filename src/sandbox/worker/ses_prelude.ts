// ses looks for `process.env` while it loads; the Worker may not read the real one.
Object.assign(globalThis, { process: { env: {} } });
