import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Flags } from './flags.js';
import type { FlagSettings } from './flags.config.js';

/** One set of flags for every room. */
@Global()
@Module({})
export class FlagsModule {
  static with({ LEXECON_FLAGS }: FlagSettings): DynamicModule {
    return {
      module: FlagsModule,
      providers: [{ provide: Flags, useFactory: (): Flags => new Flags(LEXECON_FLAGS) }],
      exports: [Flags],
    };
  }
}
