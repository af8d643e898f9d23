// Jest evaluates CommonJS packages while it links the ES module graph; one that require()s an ES module still being
// linked (@nestjs/throttler -> @nestjs/common, nestjs-pino, ...) fails as 'a cycle'. Evaluating the ES packages first avoids it.
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
