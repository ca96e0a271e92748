// ses reads `process.env` while it loads; the Worker has no permission to read the real one.
Object.assign(globalThis, { process: { env: {} } });
