#!/usr/bin/env node
import { run } from './cli.js';

const { code, text } = await run(process.argv.slice(2), Date.now());
(code === 2 ? process.stderr : process.stdout).write(text);
process.exitCode = code;
