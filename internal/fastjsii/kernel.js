// Runs the jsii kernel in place of jsii's own launcher, bin/jsii-runtime.js:
//
//   node --preserve-symlinks kernel.js STUB [temporary]
//
// It lies beside the unpacked kernel, in a folder that folder.go fills, and that
// is removed at the end if it is temporary. Each
// function below saves something, or keeps a saving from doing harm. A kernel
// or a Node.js that is not as expected is left to jsii's launcher.
'use strict';

const childProcess = require('child_process');
const { createHash } = require('crypto');
const fs = require('fs');
const Module = require('module');
const path = require('path');
const { Writable } = require('stream');
const vm = require('vm');
const { crc32 } = require('zlib');

// jsii's launcher runs the kernel in a second Node.js process, and passes on
// all that comes and goes between its own stdin and stdout and the kernel's
// file descriptor 3. Without a launcher, stdin and stdout are the kernel's.
const LAUNCHED = 'readFD:3,writeFD:3';
const DIRECT = 'readFD:0,writeFD:1';

// How the kernel unpacks a package: with the package cache on, there or not at
// all. Instead, a package that the cache cannot take (it belongs to another
// user, the disk is full, its lock stays) is unpacked into a temporary folder, as
// with the cache off.
const EXTRACT = /\((\w+)\?extractViaCache:extractToOutDir\)\(([\w,.]+)\)/;
const EXTRACT_ANYWAY = '(()=>{if($1)try{return extractViaCache($2)}catch{}return extractToOutDir($2)})()';

// What the kernel writes into the package cache, and writeIndex looks for.
const INDEX = '.jsii.runtime.v1.json';
const INDEX_VERSION = 'RUNTIME_INDEX_VERSION=1;';

// See readCache.
const CHECKSUM = 8; // bytes
const checksum = (bytes) => crc32(bytes).toString(16).padStart(CHECKSUM, '0');

// The parts of Node.js, none of them documented, that are used below.
const parts = [Module.wrap, Module._load, Module._resolveFilename, Module.prototype._compile];

const temporary = process.argv[3] === 'temporary';
if (temporary) {
  process.on('exit', () => fs.rmSync(__dirname, { recursive: true, force: true }));
}

const program = path.join(__dirname, 'lib', 'program.js');
const source = fs.readFileSync(program, 'utf8');
if (source.includes(LAUNCHED) && source.includes(INDEX_VERSION) && parts.every((part) => typeof part === 'function')) {
  frameConsole();
  outliveSignals();
  makeFolders();
  loadLazily();
  readTypesInPlace();
  preparePackages(process.argv[2]);
  askVersionsOnce();
  // Before Node.js 20.15 there is no crc32.
  if (!temporary && crc32) keepCompiledCode(path.join(__dirname, `code-${process.version}`));
  const kernel = new Module(program, module);
  kernel.filename = program;
  kernel._compile(source.replace(LAUNCHED, DIRECT).replace(EXTRACT, EXTRACT_ANYWAY), program);
} else {
  require('./bin/jsii-runtime.js');
}

// What the launcher does with the kernel's console: jsii-runtime-go reads
// lines of JSON from stderr and prints what is in them.
function frameConsole() {
  for (const name of ['stdout', 'stderr']) {
    const stream = new Writable({
      write(chunk, encoding, done) {
        fs.writeSync(2, JSON.stringify({ [name]: chunk.toString('base64') }) + '\n');
        done();
      },
    });
    Object.defineProperty(process, name, { configurable: true, enumerable: true, value: stream });
  }
}

// Ctrl-C reaches the kernel as well as the app. The kernel ends when the app
// does, for then its stdin ends, and not before, so that it can clean up.
function outliveSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {});
  }
}

// Where mkdir says that the parent is missing although it is there (below /proc,
// say), Node.js 20 tries for ever to make a folder and its parents, and never
// learns that the app has ended. Make the first missing one without the parents.
function makeFolders() {
  const mkdirSync = fs.mkdirSync;
  fs.mkdirSync = function (folder, options) {
    if (!options?.recursive || typeof folder !== 'string' || fs.existsSync(folder)) return mkdirSync.call(this, folder, options);
    let missing = path.resolve(folder);
    for (let up = path.dirname(missing); !fs.existsSync(up); up = path.dirname(up)) missing = up;
    try {
      mkdirSync.call(this, missing, { ...options, recursive: false });
    } catch (failure) {
      if (failure.code !== 'EEXIST') throw failure; // made by another process
    }
    mkdirSync.call(this, folder, options);
    return missing;
  };
}

// The kernel links to every package that it loads, once that is in the package
// cache.
function preparePackages(stub) {
  const symlinkSync = fs.symlinkSync;
  fs.symlinkSync = function (target, file, type) {
    symlinkSync.call(this, target, file, type);
    writeIndex(target);
    // Load in provider.go names the provider's package by a stub. The cache
    // goes by the digests of packages: let the stub's lead to the package.
    if (!stub || !/node_modules.@cdktf.provider-aws$/.test(file)) return;
    try {
      symlinkSync.call(this, path.basename(target), path.join(path.dirname(target), stub));
    } catch {
      // It leads there already, or the cache cannot be written.
    }
  };
}

// Where the cache has no index of a package's types, the kernel parses all of
// them (120 MB for the AWS provider) while a worker writes the index for the
// next time. An app as fast as this one ends before the worker does, which ends
// the worker, and there would never be an index. Have a process of its own
// write it first; then there is nothing to parse.
function writeIndex(folder) {
  if (fs.existsSync(path.join(folder, INDEX))) return;
  try {
    fs.accessSync(folder, fs.constants.W_OK);
  } catch {
    return;
  }
  const worker = path.join(__dirname, 'lib', 'runtime-index-worker.js');
  const start = 'new (require("worker_threads").Worker)(process.argv[1], { workerData: { packageDir: process.argv[2] } })';
  childProcess.spawnSync(process.execPath, ['-e', start, worker, folder], { stdio: 'ignore' });
}

// The index.js of a CDKTF provider loads every resource there is; the
// lazy-index.js beside it loads those that are used. Of what cdktf itself
// loads, two large packages are for things that hardly any app does, checking
// the version of a command and packing assets, and a fifth of the time goes
// into stack traces, for error messages, of JavaScript that is not the user's.
function loadLazily() {
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (...args) {
    const file = resolve.apply(this, args);
    const lazy = file.replace(/(@cdktf.provider-[^\\/]+.lib.)index\.js$/, '$1lazy-index.js');
    return lazy !== file && fs.existsSync(lazy) ? lazy : file;
  };

  const load = Module._load;
  Module._load = function (request, parent, isMain) {
    if (/node_modules.cdktf.lib/.test(parent?.filename)) {
      if (request.endsWith('/stack-trace')) return { captureStackTrace: () => [] };
      if (['archiver', 'semver'].includes(request)) return lazily(() => load.call(this, request, parent, isMain));
    }
    return load.call(this, request, parent, isMain);
  };
}

function lazily(load) {
  return new Proxy(function () {}, {
    get: (_, name) => load()[name],
    apply: (_, self, args) => Reflect.apply(load(), self, args),
  });
}

// The kernel reads the file of all type definitions (32 MB for the AWS
// provider) into a buffer, to take a few of them from it by their positions.
// Take them from the file.
function readTypesInPlace() {
  const readFileSync = fs.readFileSync;
  fs.readFileSync = function (file, options) {
    if (options !== undefined || !/\.jsii\.runtime-defs\.v1\.jsonl$/.test(file)) {
      return readFileSync.call(this, file, options);
    }
    const descriptor = fs.openSync(file);
    return {
      toString(encoding, start, end) {
        const bytes = Buffer.alloc(end - start);
        fs.readSync(descriptor, bytes, 0, bytes.length, start);
        return bytes.toString(encoding);
      },
    };
  };
}

// A resource of type terraform_data makes cdktf run `terraform version`, for
// some 50 ms, in every stack that has one.
function askVersionsOnce() {
  const answers = new Map();
  const execSync = childProcess.execSync;
  childProcess.execSync = function (command, options) {
    if (!/^\S+ version$/.test(command)) return execSync.call(this, command, options);
    if (!answers.has(command)) answers.set(command, execSync.call(this, command, options));
    return answers.get(command);
  };
}

// Compiling takes most of the time that loading a module takes. V8 can hand
// out compiled code and take it back the next time; it checks itself that the
// code was made by the same V8 with the same flags, and this function that it
// was made from the same source. (Node.js 22 has such a cache built in. It
// goes by the paths of the files, which jsii makes anew at every start.)
function keepCompiledCode(file) {
  const limit = 64 << 20; // bytes; then the cache starts anew with what is in use
  const known = readCache(file);
  const scripts = new Map();
  let complete = true;

  const compile = Module.prototype._compile;
  Module.prototype._compile = function (content, filename, ...rest) {
    const key = createHash('sha256').update(content).digest('hex');
    const cachedData = known.get(key);
    let script;
    try {
      script = new vm.Script(Module.wrap(content), { filename, cachedData });
    } catch {
      // It is not CommonJS. Node.js knows what to do, or how to say so.
    }
    // import() needs more than vm.Script offers in Node.js 20.
    if (!script || (!cachedData && content.includes('import('))) {
      return compile.call(this, content, filename, ...rest);
    }
    scripts.set(key, script);
    complete &&= cachedData !== undefined && !script.cachedDataRejected;

    const require = (id) => this.require(id);
    require.resolve = (request, options) => Module._resolveFilename(request, this, false, options);
    require.main = process.mainModule;
    require.cache = Module._cache;
    require.extensions = Module._extensions;
    const wrapper = script.runInThisContext();
    return wrapper.call(this.exports, this.exports, require, this, filename, path.dirname(filename));
  };

  process.on('exit', () => {
    if (complete) return;
    // Not before the end: now the code has every function that was called.
    const used = new Map([...scripts].map(([key, script]) => [key, script.createCachedData()]));
    const all = new Map([...known, ...used]);
    const size = [...all.values()].reduce((sum, code) => sum + code.length, 0);
    try {
      writeCache(file, size > limit ? used : all);
    } catch {
      // A cache that cannot be written costs time, nothing else.
    }
  });
}

// The cache's file is a checksum of the rest, a line of JSON, [[key, length],
// ...], and the code of each key, in that order. V8 does not look whether code is
// damaged: it crashes.
function readCache(file) {
  const codes = new Map();
  try {
    const bytes = fs.readFileSync(file);
    const rest = bytes.subarray(CHECKSUM);
    if (bytes.toString('latin1', 0, CHECKSUM) !== checksum(rest)) return codes;
    let position = rest.indexOf('\n') + 1;
    for (const [key, length] of JSON.parse(rest.toString('utf8', 0, position))) {
      codes.set(key, rest.subarray(position, (position += length)));
    }
  } catch {
    // The first start.
  }
  return codes;
}

function writeCache(file, codes) {
  const lengths = [...codes].map(([key, code]) => [key, code.length]);
  const rest = Buffer.concat([Buffer.from(JSON.stringify(lengths) + '\n'), ...codes.values()]);
  const staging = `${file}.${process.pid}`;
  try {
    fs.writeFileSync(staging, Buffer.concat([Buffer.from(checksum(rest)), rest]));
    fs.renameSync(staging, file);
  } finally {
    fs.rmSync(staging, { force: true }); // where the disk is full
  }
}
