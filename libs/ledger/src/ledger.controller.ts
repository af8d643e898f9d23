import { Controller, Get, Header, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiProduces, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { notFound, Public, Requires } from '@lexecon/auth';
import { EntryReader } from './entry.reader.js';
import { HeadReader } from './head.reader.js';
import { KeyRegistry } from './key.registry.js';
import { EntryView, KeysView, ShardQuery } from './ledger.dto.js';
import { prefersText, type Reply, TEXT } from './reply.js';

@ApiTags('ledger')
@ApiExtraModels(KeysView)
@Controller('api/v1/ledger')
export class LedgerController {
  constructor(
    private readonly heads: HeadReader,
    private readonly keyRegistry: KeyRegistry,
    private readonly entries: EntryReader,
  ) {}

  @Get('checkpoint')
  @Public()
  @Header('Content-Type', TEXT)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'The newest published checkpoint of the log: a signed note (C2SP tlog-checkpoint)' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string' } })
  async checkpoint(@Query() { shard }: ShardQuery): Promise<string> {
    return (await this.heads.newest(shard)).checkpoint;
  }

  @Get('keys')
  @Public()
  @ApiOperation({
    summary: 'Every key that ever signed checkpoints or receipts here; as text/plain one verifier key a line',
  })
  @ApiProduces('application/json', 'text/plain')
  @ApiOkResponse({
    content: {
      'application/json': { schema: { $ref: getSchemaPath(KeysView) } },
      'text/plain': { schema: { type: 'string' } },
    },
  })
  async keys(@Res({ passthrough: true }) reply: Reply, @Headers('accept') accept?: string): Promise<KeysView | string> {
    const keys = await this.keyRegistry.keys();
    if (!prefersText(accept)) return { keys };
    reply.header('Content-Type', TEXT);
    return keys.map(({ vkey }) => `${vkey}\n`).join('');
  }

  @Get('entries/:index')
  @Requires('ledger:read')
  @ApiOperation({ summary: 'One entry by its place in the log, with what is public of it' })
  @ApiOkResponse({ type: EntryView })
  async entry(@Param('index') index: string, @Query() { shard }: ShardQuery): Promise<EntryView> {
    const entry = await this.entries.at(await this.heads.newest(shard), placeOf(index));
    if (!entry) throw notFound('entry');
    return entry;
  }
}

/** What is not a plain whole number is no place in the log. */
function placeOf(text: string): number {
  const index = Number(text);
  if (!/^(0|[1-9]\d{0,15})$/.test(text) || !Number.isSafeInteger(index)) throw notFound('entry');
  return index;
}
