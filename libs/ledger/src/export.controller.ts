import { Readable } from 'node:stream';
import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';
import { ReadsPersonalData, Requires } from '@lexecon/auth';
import { Limited } from '@lexecon/resilience';
import { ExportService } from './export.service.js';
import { ShardQuery } from './ledger.dto.js';

/** A place in the log, or a moment. */
const BOUND =
  /^(?:0|[1-9]\d{0,14}|\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d))$/;
const EXPORT = 'application/x-ndjson';

export class ExportQuery extends ShardQuery {
  @ApiPropertyOptional({
    example: '0',
    description: 'First entry: its place in the log, or an RFC 3339 moment. The first one when left out.',
  })
  @IsOptional()
  @Matches(BOUND, { message: 'from must be a place in the log or an RFC 3339 moment' })
  readonly from?: string;

  @ApiPropertyOptional({
    description:
      'End, itself not included: a place in the log, or an RFC 3339 moment. The newest published size when left out.',
  })
  @IsOptional()
  @Matches(BOUND, { message: 'to must be a place in the log or an RFC 3339 moment' })
  readonly to?: string;
}

@ApiTags('ledger')
@Controller('api/v1/ledger')
export class ExportController {
  constructor(private readonly exports: ExportService) {}

  @Get('export')
  @Limited('expensive')
  @Requires('ledger:export', { fresh: true })
  @ReadsPersonalData('export')
  @ApiOperation({ summary: 'A range of the log with everything that `apps/verify` needs to recompute it, as one file' })
  @ApiProduces(EXPORT)
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async export(@Query() { shard, from, to }: ExportQuery): Promise<StreamableFile> {
    const range = await this.exports.range(shard, from, to);
    const name = `${range.head.shard}-${String(range.from)}-${String(range.to)}.lexecon-export`;
    return new StreamableFile(Readable.from(this.exports.lines(range), { objectMode: false }), {
      type: EXPORT,
      disposition: `attachment; filename="${name}"`,
    });
  }
}
