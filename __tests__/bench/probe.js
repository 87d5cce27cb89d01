// Required by way of NODE_OPTIONS: when a process ends, it writes the most
// memory that it has had, in bytes, to the file PID.ended in the folder $PROBE.
// Until then, PID.running is there.
'use strict';

const fs = require('fs');
const path = require('path');
const { isMainThread } = require('worker_threads');

if (isMainThread) {
  const file = path.join(process.env.PROBE, String(process.pid));
  fs.writeFileSync(`${file}.running`, '');
  process.on('exit', () => {
    fs.writeFileSync(`${file}.ended`, String(process.resourceUsage().maxRSS * 1024));
    fs.rmSync(`${file}.running`);
  });
}
