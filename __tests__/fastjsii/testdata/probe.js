// Required by way of NODE_OPTIONS: leaves PID.running in the folder $PROBE
// while a process runs, and what it did as PID.json in the end.
'use strict';

const fs = require('fs');
const path = require('path');
const v8 = require('v8');
const { isMainThread } = require('worker_threads');

if (isMainThread) {
  const file = path.join(process.env.PROBE, String(process.pid));
  fs.writeFileSync(`${file}.running`, '');

  const packages = [];
  const openSync = fs.openSync;
  fs.openSync = (name, ...rest) => {
    const descriptor = openSync(name, ...rest);
    if (/\.tgz$/.test(name)) packages.push(fs.fstatSync(descriptor).size);
    return descriptor;
  };

  // Later, for this to come after whatever else is done at the exit.
  setImmediate(() => process.on('exit', () => {
    const seen = {
      script: process.argv[1],
      modules: Object.keys(require.cache),
      packages,
      heapLimit: v8.getHeapStatistics().heap_size_limit,
      nodeOptions: process.env.NODE_OPTIONS,
      certificates: process.env.NODE_EXTRA_CA_CERTS,
    };
    fs.writeFileSync(`${file}.json`, JSON.stringify(seen));
    fs.rmSync(`${file}.running`);
  }));
}
